"""Reading one text."""

import itertools

from storage.redacting.compiled import scanner
from storage.redacting.rule import Rule
from storage.redacting.scan import RULES, holds


def test_spans_are_disjoint_and_in_order():
    token = "ghp_" + "aB3dE5gH7jK9" * 3
    spans = scanner().spans(f"TOKEN={token} password='{token}' https://a:{token}@h")
    assert len(spans) == 3
    assert all(a.end <= b.start for a, b in itertools.pairwise(spans))


def test_a_value_that_needs_company_is_left_alone_without_it():
    value = "9f3ab27c04d81e65" * 2
    assert scanner().spans(value) == []
    assert [s.rule for s in scanner().spans(f"datadog {value}")] == ["datadog-key"]


def test_a_commit_hash_is_no_token():
    assert scanner().spans("commit " + "9f3ab" * 8) == []


def test_conditions_are_the_rows_own():
    rule = Rule("x", "x", "x-{a8}", entropy=2.0)
    assert holds(rule, "x-a1b2c3d4", 0, 10)
    assert not holds(rule, "x-aaaaaaaa", 0, 10)


def test_the_table_is_large():
    assert len(RULES) > 250


def test_a_text_that_a_glance_found_loud_is_read_as_if_nobody_had_looked() -> None:
    loud, other = f"export API_TOKEN={'aB3' * 8}xyz90", "password = 'Tr0ub4dor&3'"
    rules = scanner(None)
    plain = [rules.spans("".join(list(text))) for text in (loud, other)]
    assert all(plain)
    assert rules.fires(loud)
    assert [rules.spans(text) for text in (loud, other)] == plain
    assert rules.fires(other)
    assert [rules.spans(text) for text in (loud, other, loud)] == [*plain, plain[0]]
    assert not rules.fires("nothing of the kind")
    assert loud not in repr(rules._last)
