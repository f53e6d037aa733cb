"""What a program wrote, told by the program's side, and what of it is stored: the difference is the judgement.

Everything that has to be one item carries a word that nothing else carries; every telemetry record carries a number.
So a thing that is missing, stored twice, or stored in the wrong session is found by looking at the rows alone.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Rows = Callable[[str], list[tuple[Any, ...]]]
"""Rows of the store for a query."""

WORD = re.compile(r"\bspoken\d{6,}\b")
TOLD_MAX = 5
"""Examples that a complaint names; more are counted."""

_ITEMS = """SELECT s.tool, s.session_id, i.text FROM items i JOIN turns t ON t.id = i.turn_row
    JOIN sessions s ON s.id = t.session_row"""
_EVENTS = """SELECT s.tool, s.session_id, json_extract(e.body, '$.number') FROM events e
    JOIN sessions s ON s.id = e.session_row"""
_RESPONSES = """SELECT s.tool, s.session_id, u.response_id, u.input, u.output FROM response_usage u
    JOIN sessions s ON s.id = u.session_row WHERE u.in_file = 1"""
_RECEIVED = "SELECT source, sum(received) FROM offsets GROUP BY source"


class Owner(NamedTuple):
    """Whose something is."""

    tool: str
    session: str


class Spent(NamedTuple):
    """Tokens of one model response."""

    owner: Owner
    response: str
    input: int
    output: int


@dataclass
class Truth:
    """What was written so far. Filled by several threads."""

    words: dict[str, Owner] = field(default_factory=dict)
    """Of each word the one session in which it is one item."""
    lines: Counter[str] = field(default_factory=Counter)
    """Whole lines by source: `rollout`, `transcript`."""
    spent: set[Spent] = field(default_factory=set)
    """Responses that files tell; a copy in a fork is the same response."""
    kept: dict[int, Owner] = field(default_factory=dict)
    """Telemetry records that were answered with 200, by number."""
    doubtful: dict[int, Owner] = field(default_factory=dict)
    """Records that got no 200: they may be stored, once, or not."""
    answers: Counter[str] = field(default_factory=Counter)
    """Answers of the receiver, by status or by the name of what broke."""
    copied: int = 0
    """Lines of forks that repeat what their origin has."""
    torn: int = 0
    """Lines that were written in two pieces."""
    repeated: int = 0
    """Batches that were sent once more after their 200."""
    _numbers: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def number(self) -> int:
        """The next number, which nothing else gets."""
        with self._lock:
            self._numbers += 1
            return self._numbers

    def word(self, owner: Owner) -> str:
        """The next word, and whose item carries it."""
        word = f"spoken{self.number():06d}"
        self.words[word] = owner
        return word

    def answered(self, records: Iterable[tuple[int, Owner]], kept: bool) -> None:
        """What became of a batch."""
        with self._lock:
            for number, owner in records:
                if kept:
                    self.kept[number] = owner
                    self.doubtful.pop(number, None)
                elif number not in self.kept:
                    self.doubtful[number] = owner

    def waiting(self, rows: Rows) -> list[str]:
        """What is not stored yet, in a sentence each: cheap, to be asked again and again."""
        received: dict[str, int] = dict(rows(_RECEIVED))
        behind = {source: (received.get(source) or 0, count) for source, count in self.lines.items()}
        return [f"{source}: {got} of {count} lines" for source, (got, count) in behind.items() if got != count]

    def judge(self, rows: Rows) -> list[str]:
        """Every way in which the store differs from what was written; empty when all is there, once, in its place."""
        return [*self.waiting(rows), *self._items(rows), *self._events(rows), *self._responses(rows)]

    def _items(self, rows: Rows) -> list[str]:
        found: dict[str, list[Owner]] = {}
        wordless = 0
        for tool, session, text in rows(_ITEMS):
            words = set(WORD.findall(text or ""))
            wordless += not words
            for word in words:
                found.setdefault(word, []).append(Owner(tool, session))
        return [
            *_told("items are missing", self.words.keys() - found.keys()),
            *_told("items nobody wrote", found.keys() - self.words.keys()),
            *_told("items are stored twice", [word for word, owners in found.items() if len(owners) > 1]),
            *_told(
                "items are in another session",
                [word for word, owners in found.items() if word in self.words and owners[0] != self.words[word]],
            ),
            *([f"{wordless} items carry no word"] if wordless else []),
        ]

    def _events(self, rows: Rows) -> list[str]:
        counts: Counter[int] = Counter()
        owners: dict[int, Owner] = {}
        for tool, session, number in rows(_EVENTS):
            if number is not None:
                counts[int(number)] += 1
                owners[int(number)] = Owner(tool, session)
        wanted = {**self.doubtful, **self.kept}
        return [
            *_told("records that were answered with 200 are missing", self.kept.keys() - counts.keys()),
            *_told("records nobody sent", counts.keys() - wanted.keys()),
            *_told("records are stored twice", [number for number, count in counts.items() if count > 1]),
            *_told(
                "records are in another session",
                [number for number, owner in owners.items() if number in wanted and owner != wanted[number]],
            ),
        ]

    def _responses(self, rows: Rows) -> list[str]:
        stored = Counter(Spent(Owner(tool, session), *rest) for tool, session, *rest in rows(_RESPONSES))
        return [
            *_told("responses are missing", self.spent - stored.keys()),
            *_told("responses nobody gave", stored.keys() - self.spent),
            *_told("responses are counted twice", [each for each, count in stored.items() if count > 1]),
        ]


def _told(what: str, found: Iterable[Any]) -> list[str]:
    some = sorted(map(str, found))
    return [f"{len(some)} {what}: {', '.join(some[:TOLD_MAX])}"] if some else []
