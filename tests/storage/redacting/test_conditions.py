"""What a place asks of the value that stands in it."""

import pytest

from storage.redacting.conditions import JUDGEMENTS
from storage.redacting.scan import RULES
from storage.redacting.validators import CHECKS


def test_every_check_a_row_names_exists_once():
    assert not JUDGEMENTS.keys() & CHECKS.keys()
    assert {rule.check for rule in RULES} - {""} <= JUDGEMENTS.keys() | CHECKS.keys()


@pytest.mark.parametrize(
    ("name", "value", "held"),
    [
        ("plain", "hunter2x", True),
        ("plain", "$PASSWORD", False),
        ("plain", "hunter2x);", True),
        ("bare", "password", False),
        ("strong", "correcthorse", False),
        ("strong", "c0rrect-h0rse!", True),
        ("strong", "Section12", False),
        ("random", "q8ZkP2vLx9WbR3nT", True),
        ("random", "refresh-the-token", False),
        ("machine", "6fe4476e-e5a1-4328-82e3-26b506d14126", True),
        ("machine", "https", False),
        ("tokenish", "d2LkV78zLx!t", True),
        ("tokenish", "deploy-user-2", False),
        ("signing", "HS256", False),
        ("signing", "q8ZkP2vLx9WbR3nT", True),
        ("sentence", "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567", False),
        ("sentence", "ijMTjkOcnj0uxyv2z3femyfkh", True),
        ("sentence", "src/auth/TokenProvider2.ts", False),
        ("spoken", "vtcoTVzYO4!9", True),
        ("spoken", "policies", False),
        ("spoken", "auth0-react", False),
        ("spoken", "bob@mail.corp1", False),
        ("code", "D4DL-4E8R-OF5F", True),
        ("code", "two-factor-auth", False),
    ],
)
def test_a_value_is_judged_by_the_place(name, value, held):
    assert JUDGEMENTS[name](value) is held
