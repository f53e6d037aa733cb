"""Hiding further copies of a value once one copy has given it away: `token = X` in one message, a bare `X` in the next.

Kept in memory only, for one text or one session, within the stated bound.
"""

from __future__ import annotations

import importlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from storage.redacting.finding import PLACEHOLDER_START, Span
from storage.redacting.validators import entropy
from storage.redacting.values import looks_random

VALUE_CHARS_MIN = 8
VALUE_CHARS_MAX = 4096
VALUES_MAX = 1024
"""Values one session remembers, the least recently seen leaving first. With VALUE_CHARS_MAX this bounds it to 4 MiB
of text."""
FEW = 24
"""Up to this many values are looked for one by one; above it an automaton is built."""
PROPAGATED = 3

_BLOCKS = frozenset(("private-key", "base64-secret", "error"))


def is_worth_remembering(value: str) -> bool:
    """Whether a copy of this value can be told from ordinary text: long enough, and not a word."""
    if not VALUE_CHARS_MIN <= len(value) <= VALUE_CHARS_MAX or PLACEHOLDER_START in value or "\n" in value:
        return False
    digits = sum(c.isdigit() for c in value)
    if digits == len(value):
        return len(value) >= 12
    varied = (
        digits > 0
        or any(not c.isalnum() and c not in "-_. " for c in value)
        or len(value) >= 20
        or (len(value) >= 12 and looks_random(value))
    )
    return varied and entropy(value) >= 2.5


def spellings(value: str) -> set[str]:
    """How a value is written elsewhere: as it is, percent-encoded, inside a JSON string."""
    found = {value, quote(value, safe="", errors="replace")}
    if '"' in value or "\\" in value:
        found.add(value.replace("\\", "\\\\").replace('"', '\\"'))
    return found


class Values:
    """Values seen, each with the rule that found it. Not thread-safe. Prints a count only."""

    def __init__(self, values_max: int = VALUES_MAX) -> None:
        self._values_max = values_max
        self._rules: OrderedDict[str, str] = OrderedDict()
        self._automaton: Any = None

    def __repr__(self) -> str:
        return f"Values({len(self._rules)})"

    def __len__(self) -> int:
        return len(self._rules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._rules)

    def learn(self, text: str, spans: Iterable[Span]) -> None:
        """Remember what these spans of `text` hold."""
        for span in spans:
            if span.rule in _BLOCKS:
                continue
            self.add(text[span.start : span.end], span.rule)

    def add(self, value: str, rule: str) -> None:
        """Remember one value; beyond the bound the least recently seen is forgotten."""
        if not is_worth_remembering(value):
            return
        for spelling in spellings(value):
            if spelling in self._rules:
                self._rules.move_to_end(spelling)
                continue
            self._rules[spelling] = rule
            self._automaton = None
        while len(self._rules) > self._values_max:
            self._rules.popitem(last=False)
            self._automaton = None

    def spans(self, text: str) -> list[Span]:
        """Every place where a remembered value stands in `text`."""
        if not self._rules:
            return []
        found: list[Span] = []
        if len(self._rules) <= FEW:
            for value, rule in self._rules.items():
                at = text.find(value)
                while at >= 0:
                    found.append(Span(at, at + len(value), PROPAGATED, rule))
                    at = text.find(value, at + len(value))
            return found
        if self._automaton is None:
            automaton: Any = importlib.import_module("ahocorasick").Automaton()
            for value in self._rules:
                automaton.add_word(value, value)
            automaton.make_automaton()
            self._automaton = automaton
        for end, value in self._automaton.iter(text):
            found.append(Span(end + 1 - len(value), end + 1, PROPAGATED, self._rules[value]))
        return found


def within(text: str, spans: list[Span]) -> list[Span]:
    """Further copies, inside one text, of what `spans` found there."""
    values = Values()
    values.learn(text, spans)
    return values.spans(text)
