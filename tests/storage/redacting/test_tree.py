"""Parsed JSON, where names decide."""

from storage.redacting.finding import Redacted
from storage.redacting.session import Redactor
from storage.redacting.tree import redact


def plain(text):
    return Redacted(text)


def walk(value):
    rules = []
    return redact(value, plain, rules, None), rules


def test_a_telling_name_hides_a_formatless_value():
    assert walk({"password": "abc1", "note": "abc1"}) == (
        {"password": "[REDACTED:password]", "note": "abc1"},
        ["password"],
    )
    assert walk({"tokens": [{"access_token": "ab"}]})[0] == {"tokens": [{"access_token": "[REDACTED:token]"}]}


def test_lists_under_a_telling_name_are_hidden_item_by_item():
    assert walk({"password": ["abc1", 5]})[0] == {"password": ["[REDACTED:password]", 5]}


def test_references_numbers_and_empty_values_stay():
    value = {"password": "", "token": "$TOKEN", "api_key": None, "secret": 5, "max_tokens": 10, "token_type": "bearer"}
    assert walk(value) == (value, [])


def test_names_and_values_in_neighbouring_fields():
    assert walk({"name": "API_KEY", "value": "ab"})[0] == {"name": "API_KEY", "value": "[REDACTED:key]"}
    assert walk({"name": "LOG_LEVEL", "value": "debug"})[0] == {"name": "LOG_LEVEL", "value": "debug"}


def test_arguments_after_their_flag():
    assert walk(["--password", "ab1"])[0] == ["--password", "[REDACTED:password]"]
    assert walk(["Authorization", "x9"])[0] == ["Authorization", "[REDACTED:authorization]"]


def test_what_is_no_json_is_hidden():
    assert walk({"a": {1, 2}})[0] == {"a": "[REDACTED:error]"}


def test_the_private_members_of_a_json_web_key_are_hidden_and_the_public_ones_stay():
    key = {"kty": "EC", "crv": "P-256", "x": "8E1ThIflGPv7hgPKyqXsMNq5LS9w", "d": "qV3-x".ljust(43, "k"), "kid": "one"}
    hidden, rules = walk(key)
    assert (hidden, rules) == ({**key, "d": "[REDACTED:jwk-private]"}, ["jwk-private"])
    assert walk(hidden) == (hidden, [])
    alone = {"d": "qV3-x".ljust(43, "k")}
    assert walk(alone) == (alone, []), "a field that is only called so"


def test_what_gives_itself_away_is_hidden_before_that_place_too():
    value = {"before": "see q8ZkP2vLx9Wb", "password": "q8ZkP2vLx9Wb", "after": ["and q8ZkP2vLx9Wb"]}
    rules: list[str] = []
    hidden = "[REDACTED:password]"
    assert Redactor().redact_json(value, rules=rules) == {
        "before": f"see {hidden}",
        "password": hidden,
        "after": [f"and {hidden}"],
    }
    assert rules == ["password"] * 3


def test_what_two_secret_names_name_is_both_there():
    first, second = (f"ghp_{mark}{'aB3dE5gH7jK9' * 3}"[:40] for mark in "xy")
    value = {first: 1, "other": 2, second: 3}
    hidden = {"[REDACTED:github-pat]": 1, "other": 2, "[REDACTED:github-pat] (3)": 3}
    assert Redactor().redact_json(value) == hidden
    assert Redactor().redact_json(hidden) == hidden
