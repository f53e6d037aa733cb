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
