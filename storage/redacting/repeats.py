"""Values that gave themselves away in one item of a session, hidden where they stand bare in another.

In memory only: what is written of them is a placeholder. Stricter than `propagation.py`, which works inside one text,
because a session is long and a short password may well be a word of it.
"""

from __future__ import annotations

import importlib
import re
from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

import orjson

from storage.redacting.finding import PLACEHOLDER_START, REPEATED
from storage.redacting.propagation import FEW, VALUES_MAX, is_worth_remembering
from storage.redacting.validators import digits_in
from storage.redacting.values import looks_random

REPEAT_CHARS_MIN = 8
_NUMBER = re.compile(r"[-+0-9.eE]+")
"""What may be a part of a number in JSON."""
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def is_distinct(value: str) -> bool:
    """Whether this very value in another item can only be the same secret: machine-made, or ten characters and more
    with a digit and a sign."""
    if not is_worth_remembering(value) or len(value) < REPEAT_CHARS_MIN:
        return False
    return looks_random(value) or (
        len(value) >= 10 and digits_in(value) > 0 and any(not c.isalnum() and c not in "-_. " for c in value)
    )


class Repeats:
    """The values of one session. The first VALUES_MAX are known; prints a count only. Not thread-safe."""

    def __init__(self) -> None:
        self._values: dict[str, None] = {}
        self._automaton: Any = None

    def __repr__(self) -> str:
        return f"Repeats({len(self._values)})"

    def learn(self, values: Iterable[str]) -> list[str]:
        """Remember these; gives the new ones."""
        new = [value for value in values if value not in self._values and is_distinct(value) and _stands(value)]
        new = list(dict.fromkeys(new))[: max(0, VALUES_MAX - len(self._values))]
        self._values.update(dict.fromkeys(new))
        if new:
            self._automaton = None
        return new

    def hide(self, json_text: str) -> str:
        """JSON text with every copy of a known value replaced. It stays JSON: what begins inside an escape is no copy,
        and neither is a number, which is kept like every other."""
        if not self._values:
            return json_text
        places = sorted(self._places(json_text))
        if not places:
            return json_text
        out: list[str] = []
        at = 0
        strings: list[tuple[int, int]] | None = None
        for start, end in places:
            if start < at or _escaped(json_text, start) or PLACEHOLDER_START in json_text[start:end]:
                continue
            if _NUMBER.fullmatch(json_text, start, end):
                if strings is None:
                    strings = [found.span() for found in _STRING.finditer(json_text)]
                if not _is_in(strings, start):
                    continue
            out += [json_text[at:start], REPEATED]
            at = end
        return "".join([*out, json_text[at:]])

    def _places(self, text: str) -> list[tuple[int, int]]:
        if len(self._values) <= FEW:
            found = []
            for value in self._values:
                at = text.find(value)
                while at >= 0:
                    found.append((at, at + len(value)))
                    at = text.find(value, at + len(value))
            return found
        if self._automaton is None:
            automaton: Any = importlib.import_module("ahocorasick").Automaton()
            for value in self._values:
                automaton.add_word(value, len(value))
            automaton.make_automaton()
            self._automaton = automaton
        return [(end + 1 - size, end + 1) for end, size in self._automaton.iter(text)]


def _stands(value: str) -> bool:
    """Whether a value may be looked for in JSON text: with a bare quote in it, it would fit what is between strings."""
    try:
        orjson.loads(f'"{value}"')
    except orjson.JSONDecodeError:
        return False
    return True


def _is_in(strings: list[tuple[int, int]], at: int) -> bool:
    """Whether a place is inside one of these, which are in order."""
    number = bisect_right(strings, (at, len(strings))) - 1
    return number >= 0 and at < strings[number][1]


def _escaped(text: str, at: int) -> bool:
    """Whether the character at `at` belongs to an escape that begins before it."""
    begin = at
    while begin > 0 and text[begin - 1] == "\\":
        begin -= 1
    return (at - begin) % 2 == 1
