"""How alike two texts are when a formatter broke the lines between them: sequences of words, not lines."""

from __future__ import annotations

import re

WORDS = 4
WORDS_MAX = 20_000
SEQUENCES_MIN = 10
"""Fewer sequences than this prove nothing."""
_WORD = re.compile(r"\w+")


def shingles(text: str) -> set[tuple[str, ...]]:
    """Every run of `WORDS` words of a text, at most of its first `WORDS_MAX`."""
    words = _WORD.findall(text)[:WORDS_MAX]
    return {tuple(words[at : at + WORDS]) for at in range(len(words) - WORDS + 1)}


def likeness(wanted: set[tuple[str, ...]], there: set[tuple[str, ...]]) -> float:
    """Which part of the wanted sequences is there, 0 to 1; 0 when they are too few to tell."""
    return len(wanted & there) / len(wanted) if len(wanted) >= SEQUENCES_MIN else 0.0
