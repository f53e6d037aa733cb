"""Texts compared by runs of words."""

from __future__ import annotations

from storage.linking.shingles import SEQUENCES_MIN, likeness, shingles

CALL = "result = send(first_name, last_name, street, city, country, phone, mail, note, flag, extra, more, last)"
BROKEN = CALL.replace(", ", ",\n    ")


def test_other_line_breaks_are_the_same_words() -> None:
    assert likeness(shingles(CALL), shingles(BROKEN)) == 1.0
    assert likeness(shingles(CALL), shingles(BROKEN + "\nand = more(code, here)")) == 1.0
    assert likeness(shingles(CALL), shingles("nothing of it")) == 0.0


def test_few_words_prove_nothing() -> None:
    short = shingles("a b c d e")
    assert len(short) < SEQUENCES_MIN
    assert likeness(short, short) == 0.0
