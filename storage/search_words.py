"""What somebody looks for, as phrases, and where a text says it. Pure; the same on every engine.

Whatever is typed is words: nothing in it is an operator of an index, so nothing can be a syntax error. Words in double
quotes, and one argument of the command line, are a phrase: they stand one after another in the text.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

QUERY_CHARS_MAX = 1_000
PHRASES_MAX = 16
WORDS_MAX = 64
SNIPPET_CHARS = 160
_PARTS = re.compile(r'"([^"]*)"?|([^\s"]+)')
_WORD = re.compile(r"[^\W_]+")


class NothingToLookFor(ValueError):
    """The text has no word in it, or is too long. The message is for a person."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand one after another."""

    words: tuple[str, ...]
    begins: bool = False
    """The last word may go on: it was written with `*` behind it."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of a text and the places in it that were looked for."""

    text: str
    marks: tuple[tuple[int, int], ...]
    """Begin and end of each, in characters of `text`."""


def phrases_of(query: str) -> tuple[Phrase, ...]:
    """What all has to be in a text. Errors: NothingToLookFor."""
    if len(query) > QUERY_CHARS_MAX:
        raise NothingToLookFor(f"this is more than {QUERY_CHARS_MAX} characters: look for fewer words")
    found: list[Phrase] = []
    count = 0
    for quoted, bare in _PARTS.findall(query):
        part = quoted or bare
        words = tuple(_WORD.findall(unicodedata.normalize("NFC", part)))
        if words and (phrase := Phrase(words, part.endswith("*"))) not in found:
            found.append(phrase)
            count += len(words)
    if not found:
        raise NothingToLookFor("there is no word to look for: give at least one letter or digit")
    if len(found) > PHRASES_MAX or count > WORDS_MAX:
        raise NothingToLookFor(f"look for at most {PHRASES_MAX} phrases of {WORDS_MAX} words in all")
    return tuple(found)


def snippet_of(text: str, phrases: tuple[Phrase, ...], chars: int = SNIPPET_CHARS) -> Snippet:
    """The piece of `text` around the first thing looked for, on one line; its beginning when nothing is found."""
    places = sorted({place for phrase in phrases for place in _places(text, phrase)})
    first = places[0][0] if places else 0
    start = max(0, first - chars // 3)
    if start:
        space = text.find(" ", start, first)
        start = space + 1 if space >= 0 else start
    end = min(len(text), start + chars)
    before, after = "…" if start else "", "…" if end < len(text) else ""
    shown = before + re.sub(r"[\x00-\x1f\x7f]", " ", text[start:end]) + after
    shift = len(before) - start
    marks: list[tuple[int, int]] = []
    for low, high in places:
        if low >= start and high <= end and (not marks or low + shift >= marks[-1][1]):
            marks.append((low + shift, high + shift))
    return Snippet(shown, tuple(marks))


PLACES_MAX = 8


def _places(text: str, phrase: Phrase) -> list[tuple[int, int]]:
    words = r"[\W_]+".join(map(re.escape, phrase.words))
    after = "" if phrase.begins else r"(?![^\W_])"
    pattern = re.compile(rf"(?<![^\W_]){words}{after}", re.IGNORECASE)
    found = []
    for match in pattern.finditer(text):
        found.append(match.span())
        if len(found) == PLACES_MAX:
            break
    return found
