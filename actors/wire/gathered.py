"""What some lines of a file came to: records, and a disposition for every line that became none.

The books hold by construction: each line is counted once in `received`, and then either in `counts` or as the frame of
one record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from actors.wire import lone_surrogates
from messages.baseline import ResponseUsage
from messages.records import AuditNote, FinalItem, SessionSeen, TurnSeen

Json = dict[str, Any]
Marks = tuple[int, ...]
Off = Callable[[int], bool]
"""Whether capture was switched off at a time."""
CAPTURE_OFF = "dropped:capture_off"
TOLD_CHARS_MAX = 4 * 1024 * 1024
"""Of item bodies in one reading: with so much told, further lines wait for the next. A line of a kilobyte may take over
a text of megabytes that stands beside the file, and what a reading came to leaves as one message: one over the bound
of the transport would never arrive, and no other file would be read."""
AUDITED_DROPS_MAX = 16
"""Dropped lines of one reading with an audit row each; further ones are counted."""


class FileText(Protocol):
    """What a decoder may look at beside the lines that it is given."""

    def recall(self, offset: int, length: int) -> bytes:
        """Bytes of the same file that were read before: the call that a result belongs to. Errors: LineGone."""
        ...

    def beside(self, path: str) -> str | None:
        """A text that the tool put into a file of its own because it was large; None when it is not at hand."""
        ...


class LineGone(Exception):
    """What was read before cannot be read any more: the file was cut or replaced under the reader."""


@dataclass(slots=True)
class Gathered:
    """Records in the order of their lines."""

    received: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    sessions: list[SessionSeen] = field(default_factory=list)
    turns: list[TurnSeen] = field(default_factory=list)
    items: list[FinalItem] = field(default_factory=list)
    usage: list[ResponseUsage] = field(default_factory=list)
    audit: list[AuditNote] = field(default_factory=list)
    consumed: int = 0
    """Bytes that were decoded: whole lines. What follows waits for more."""
    unknown: Counter[str] = field(default_factory=Counter)
    """Names of line types that this version does not know, for a person who asks why so much is ignored."""
    told: int = 0
    """Characters of the bodies so far."""

    def forget(self, mark: Marks) -> None:
        """Take back every record since `mark`: the line is read for what it says of the state, and not stored."""
        for records, length in zip(self._lists, mark, strict=True):
            del records[length:]

    @property
    def full(self) -> bool:
        """What comes next is for another reading."""
        return self.told >= TOLD_CHARS_MAX

    def marks(self) -> Marks:
        """Where the records stand now."""
        return tuple(len(records) for records in self._lists)

    @property
    def _lists(self) -> tuple[list[Any], ...]:
        return (self.sessions, self.turns, self.items, self.usage, self.audit)

    def drop(self, reason: str, subject: str, text: str, at_ms: int) -> None:
        """One line is not stored. `text` says what it was and holds nothing of it."""
        self.counts[f"dropped:{reason}"] += 1
        dropped = sum(count for name, count in self.counts.items() if name.startswith("dropped:"))
        if dropped <= AUDITED_DROPS_MAX:
            more = " (further ones are only counted)" if dropped == AUDITED_DROPS_MAX else ""
            self.audit.append(AuditNote(kind="line_dropped", subject=subject, text=f"{text}{more}", at_ms=at_ms))

    @property
    def settled(self) -> int:
        """Lines that are accounted for; equals `received`."""
        kinds = (self.sessions, self.turns, self.items, self.usage)
        return sum(self.counts.values()) + sum(record.frames for records in kinds for record in records)


@dataclass(frozen=True, slots=True)
class FileLine:
    """One line and where it stands."""

    raw: bytes = field(repr=False)
    """Without its line feed."""
    offset: int
    end: int
    """Where the next line begins, counted from the beginning of the data."""


def file_lines(data: bytes, offset: int) -> Iterator[FileLine]:
    """The whole lines of `data`, which stands at `offset` in its file. A torn last line is left out."""
    start = 0
    while (end := data.find(b"\n", start)) >= 0:
        yield FileLine(data[start:end], offset + start, end + 1)
        start = end + 1


def unreadable(line: bytes) -> tuple[str, str]:
    """Why a line that is no JSON object is dropped: reason and text."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return "invalid_utf8", "a line is no UTF-8"
    return "malformed", "a line is no JSON object"


def loads(line: bytes) -> Json | None:
    """The object that this line is; None when it is none."""
    try:
        value = lone_surrogates.loads(line)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def written(body: Json) -> str:
    """An item's body as JSON. Errors: TypeError when it is nested deeper than can be written (about 250 levels)."""
    return orjson.dumps(body).decode()


def words(value: Json, *path: str) -> Any:
    """What stands at the end of these names; None when any of them is missing."""
    found: Any = value
    for name in path:
        if not isinstance(found, dict):
            return None
        found = found.get(name)
    return found


def text_of(value: Any) -> str | None:
    """A text that says something, or None."""
    return value if isinstance(value, str) and value else None


def whole_of(value: Any) -> int | None:
    """A whole number, or None; true and false are none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def objects_of(value: Any) -> list[Json]:
    """The objects in a list; nothing for anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def never(at_ms: int) -> bool:
    """Capture was never switched off."""
    return False


def note_off(got: Gathered, path: str | None, now_ms: int) -> None:
    """One audit row for all lines of a reading that were written while capture was switched off."""
    count = got.counts[CAPTURE_OFF]
    if count:
        text = f"{count} lines were written while capture of this tool was switched off: they are not stored"
        got.audit.append(AuditNote(kind="capture_off", subject=path or "", text=text, at_ms=now_ms))
