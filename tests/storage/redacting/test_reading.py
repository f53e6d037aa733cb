"""Strings with escapes, names before a sign."""

from storage.redacting.reading import ends_line, last_part, name_before, opens, quoted_at, rule_for, trimmed
from storage.redacting.words import PASSWORD, TOKEN


def inside(view, at=0):
    found = quoted_at(view, at)
    return None if found is None else view[found[0] : found[1]]


def test_strings_are_read_at_any_depth_of_escaping():
    assert inside('"abc" x') == "abc"
    assert inside("'a\"b'") == 'a"b'
    assert inside('"a\\"b"') == 'a\\"b'
    assert inside('\\"abc\\"') == "abc"
    assert inside('\\\\\\"abc\\\\\\"') == "abc"
    assert inside('\\"abc" outer ends') == "abc"
    assert inside('"""a\nb"""') == "a\nb"
    assert inside("'open\nnext") == "open"
    assert inside("bare") is None


def test_names_are_found_before_a_sign():
    for text, name in (
        ('"db_password" ', "db_password"),
        ("os.environ['X_TOKEN'] ", "X_TOKEN"),
        ("apiToken string ", "apiToken"),
        ("api key", "api_key"),
        ("x ?", "x"),
    ):
        assert name_before(text, len(text))[0] == name
    assert name_before("  ", 2)[0] == ""


def test_small_helpers():
    assert last_part("spring.datasource.password") == "password"
    assert ends_line("abc  \nx", 3)
    assert not ends_line("abc d", 3)
    assert trimmed("value),", 0, 7) == 5
    assert rule_for(PASSWORD, "x") == "password"
    assert rule_for(TOKEN, "client_secret") == "secret"
    assert opens("authToken")
    assert not opens("designToken")
