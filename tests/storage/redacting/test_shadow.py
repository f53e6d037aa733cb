"""The view has the text's length, whatever the text."""

from hypothesis import given
from hypothesis import strategies as st

from storage.redacting.shadow import shadow


@given(st.text() | st.text(alphabet="\\nrtu003d\x1b[m%D é\ud800"))
def test_the_view_is_as_long_as_the_text_and_ascii(text):
    view = shadow(text)
    assert len(view) == len(text)
    assert view.isascii()


def test_colours_escapes_and_other_scripts_step_aside():
    assert shadow("\x1b[33mghp") == b"     ghp"
    assert shadow("a\\nb") == b"a \nb"
    assert shadow("é=ü") == b"?=?"
    assert shadow("a\\u003db") == b"a\\\\\\\\\\=b"
    assert shadow("a%3Db") == b"a%%=b"
    assert shadow(r"a:\/\/b\/c") == rb"a\\://b\/c"


def test_what_an_escape_becomes_may_be_an_escape_itself():
    assert shadow("\\u006e") == b"\\\\\\\\ \n"
    assert shadow("\\\\n\\r\\t") == b"\\ \n \r \t"


def test_a_mark_is_found_behind_any_number_of_near_misses():
    assert shadow("%4" * 200 + "%3D") == b"%4" * 200 + b"%%="
    assert shadow("[x" * 200 + "[0m") == b"[x" * 200 + b"   "


def test_words_and_signs_of_many_scripts_in_one_text():
    assert shadow("пароль： x") == b"    pw: x"
    assert shadow("“a”‘b’：＝，；│") == b"\"a\"'b':=,;|"
    assert shadow("contraseña şifre hasło é") == b"        pw    pw    pw ?"
