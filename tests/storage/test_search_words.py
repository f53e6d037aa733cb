"""What is typed is words, whatever it is; a snippet shows them in their place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.search_words import (
    PHRASES_MAX,
    QUERY_CHARS_MAX,
    NothingToLookFor,
    Phrase,
    phrases_of,
    snippet_of,
)


def test_words_stand_anywhere_and_a_phrase_stands_together() -> None:
    assert phrases_of('retry "connection  refused" migrat*') == (
        Phrase(("retry",)),
        Phrase(("connection", "refused")),
        Phrase(("migrat",), begins=True),
    )


def test_a_path_and_a_name_are_the_words_in_them() -> None:
    assert phrases_of("src/app.py my_name") == (Phrase(("src", "app", "py")), Phrase(("my", "name")))


@pytest.mark.parametrize("typed", ["", "   ", '""', "-- ** ' ( ) : ^", "\x00"])
def test_without_a_word_there_is_nothing_to_look_for(typed: str) -> None:
    with pytest.raises(NothingToLookFor, match="no word"):
        phrases_of(typed)


def test_a_search_is_bounded() -> None:
    with pytest.raises(NothingToLookFor, match="characters"):
        phrases_of("x" * (QUERY_CHARS_MAX + 1))
    with pytest.raises(NothingToLookFor, match="phrases"):
        phrases_of(" ".join(f"w{n}" for n in range(PHRASES_MAX + 1)))


def test_a_snippet_shows_what_was_found_in_its_place() -> None:
    text = "a " * 200 + "the Connection\n refused again" + " b" * 200
    found = snippet_of(text, phrases_of('"connection refused"'))
    ((low, high),) = found.marks
    assert found.text[low:high] == "Connection  refused"
    assert found.text.startswith("…")
    assert found.text.endswith("…")
    assert len(found.text) <= 162


def test_a_snippet_of_a_text_that_says_it_in_another_spelling_is_its_beginning() -> None:
    assert snippet_of("café au lait", phrases_of("cafe")).text == "café au lait"


@given(st.text(max_size=300), st.text(min_size=1, max_size=40))
def test_any_text_has_a_snippet_with_marks_inside(text: str, typed: str) -> None:
    try:
        phrases = phrases_of(typed)
    except NothingToLookFor:
        return
    found = snippet_of(text, phrases)
    ends = [0]
    for low, high in found.marks:
        assert ends[-1] <= low < high <= len(found.text)
        ends.append(high)
