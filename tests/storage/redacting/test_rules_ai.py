"""Formats of AI providers: fresh instances of every row are found, near misses are not."""

from storage.redacting import rules_ai
from tests.storage.redacting.formats import check_table


def test_every_row_finds_fresh_instances_of_its_shape():
    check_table(rules_ai.RULES)
