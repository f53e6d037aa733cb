"""Values one item gave away, looked for in another."""

import json

import pytest

from storage.redacting.propagation import VALUES_MAX
from storage.redacting.repeats import Repeats, is_distinct
from storage.redaction import REPEATED

VALUE = "q8ZkP2vLx9Wb"


@pytest.mark.parametrize(
    ("value", "distinct"),
    [(VALUE, True), ("hunter2-horse!", True), ("postgres1", False), ("production", False), ("q8Zk", False)],
)
def test_only_a_value_that_cannot_be_a_word_is_looked_for(value, distinct):
    assert is_distinct(value) is distinct


@pytest.mark.parametrize("others", [0, 100])
def test_every_copy_goes_and_the_text_stays_json(others):
    known = Repeats()
    known.learn([f"{VALUE}{number}x" for number in range(others)])
    assert known.learn([VALUE, VALUE]) == [VALUE]
    assert known.learn([VALUE]) == []
    body = json.dumps({"a": f"{VALUE} and {VALUE}.", "b": [f"\n{VALUE}"], VALUE: 1})
    hidden = known.hide(body)
    assert json.loads(hidden) == {"a": f"{REPEATED} and {REPEATED}.", "b": [f"\n{REPEATED}"], REPEATED: 1}


def test_a_copy_that_begins_inside_an_escape_is_none():
    known = Repeats()
    known.learn(["n8ZkP2vLx9Wb"])
    body = json.dumps("line\n8ZkP2vLx9Wb")
    assert known.hide(body) == body
    assert json.loads(known.hide(json.dumps("\\n8ZkP2vLx9Wb"))) == "\\" + REPEATED


def test_a_text_without_copies_is_the_same_object():
    known = Repeats()
    known.learn([VALUE])
    text = '{"a":"b"}'
    assert known.hide(text) is text


def test_there_is_a_bound_and_no_value_is_printed():
    known = Repeats()
    known.learn(f"q8ZkP2vLx9Wb{number:05}" for number in range(VALUES_MAX + 50))
    assert repr(known) == f"Repeats({VALUES_MAX})"


DIGITS = "4539148803436467"


@pytest.mark.parametrize("others", [0, 100])
def test_a_number_is_kept_and_the_same_digits_in_a_string_go(others):
    known = Repeats()
    known.learn([DIGITS, *(f"{VALUE}{number}x" for number in range(others))])
    body = json.dumps({"n": int(DIGITS), "s": f'"{DIGITS}" \\', DIGITS: [int(f"1{DIGITS}"), f"1{DIGITS}"]})
    hidden = known.hide(body)
    assert json.loads(hidden) == {
        "n": int(DIGITS),
        "s": f'"{REPEATED}" \\',
        REPEATED: [int(f"1{DIGITS}"), f"1{REPEATED}"],
    }
    assert known.hide(f"[{DIGITS}]") == f"[{DIGITS}]"


def test_a_value_with_quotes_is_found_in_strings_and_not_between_them():
    value = 'aB3$xk","y9Zq!'
    known = Repeats()
    known.learn([value, json.dumps(value)[1:-1]])
    between = '["aB3$xk","y9Zq!"]'
    assert known.hide(between) == between
    assert json.loads(known.hide(json.dumps([value]))) == [REPEATED]
