"""What one process remembers of the messages it handled, until it tells ingest: rows in a bounded buffer, no content.

Recording is an addition at the end of a list and costs about 2 µs; the rows leave in batches, as one message. When the
buffer is full, further rows are not kept, but they are numbered: the hole tells how many. Nothing here waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from zlib import crc32

from pydantic import BaseModel

from actors.envelope import Envelope
from messages.base import Message
from messages.settings import TreeSettings
from messages.status import Party
from messages.traces import ROWS, KeepTraces, Outcome

FLUSH_MS = 2_000
"""How long a row waits at most before it is told; a quarter of a buffer goes at once."""
DULL = frozenset({"Ping", "Pong", "Knock", "Knocked", "BaselineProbed", "SourceProbed"})
"""The heartbeat: some twenty messages a second that say that all is well. Recorded only when something was wrong with
one, or slow: otherwise an idle night would push every turn out of the ring."""
SLOW_US = 100_000
IDS_MAX = 4
"""Ids of one kind that a row names."""
ID_CHARS_MAX = 128
HELD: Outcome = "held"
"""A stranger's message that waits for an introduction: recorded when it is judged."""


def _micros() -> int:
    return time.monotonic_ns() // 1_000


MICROS: Callable[[], int] = _micros
"""Where times of traces come from, µs. Only the simulation sets another."""


def micros() -> int:
    """The monotonic clock, which all processes of a machine share, µs."""
    return MICROS()


Named = tuple[str | None, str | None, str | None, int | None, int | None, int | None]
"""What a message is about: sessions, turns and items, with commas between; generation, first and last frame."""
NOBODY: Named = (None, None, None, None, None, None)
_HOW: dict[type[Message], Callable[[Any], Named]] = {}
"""How a kind of message is asked what it is about; worked out when it is first seen."""


def named(message: Message) -> Named:
    """What a message is about: ids and frame numbers, where it has them."""
    kind = type(message)
    how = _HOW.get(kind)
    if how is None:
        how = _HOW[kind] = _how(kind)
    return how(message)


def _how(kind: type[Message]) -> Callable[[Any], Named]:
    fields = kind.model_fields
    if "result" in fields:
        return _of_a_result
    words = ("items", "turns", "staged", "losses", "events", "sessions")
    lists = [name for name in words if name in fields and fields[name].annotation is not int]
    if lists:
        return lambda message: _of_a_batch(message, lists)
    session = next((name for name in ("session_id", "thread_id") if name in fields), None)
    turn = "turn_id" if "turn_id" in fields else None
    item = "item_id" if "item_id" in fields else None
    if session or turn or item:
        return lambda message: (
            _one(getattr(message, session)) if session else None,
            _one(getattr(message, turn)) if turn else None,
            _one(getattr(message, item)) if item else None,
            *_frames(message),
        )
    if {"generation", "first_seq", "count"} <= fields.keys():
        return lambda batch: (None, None, None, batch.generation, batch.first_seq, batch.first_seq + batch.count - 1)
    if {"generation", "through_seq"} <= fields.keys():
        return lambda answer: (None, None, None, answer.generation, None, answer.through_seq)
    if "generation" in fields:
        return lambda message: (None, None, None, *_frames(message))
    return lambda message: NOBODY


def _frames(message: Any) -> tuple[int | None, int | None, int | None]:
    generation = getattr(message, "generation", None)
    first = getattr(message, "first_seq", None)
    last = getattr(message, "last_seq", None)
    if last is None and first is not None:
        last = first + getattr(message, "count", 0) - 1
    if last is None:
        last = getattr(message, "through_seq", None)
    return generation, first, last


def _of_a_batch(message: Any, lists: list[str]) -> Named:
    """A message of many records: the first few of each kind of id."""
    found: tuple[dict[str, None], dict[str, None], dict[str, None]] = ({}, {}, {})
    for name in lists:
        for record in getattr(message, name):
            if len(found[2]) >= IDS_MAX and len(found[1]) >= IDS_MAX:
                break
            for ids, field in zip(found, ("session_id", "turn_id", "item_id"), strict=True):
                value = getattr(record, field, None) if isinstance(record, BaseModel) else None
                if value and len(ids) < IDS_MAX:
                    ids[value] = None
    sessions, turns, items = (_many(ids) for ids in found)
    return (sessions, turns, items, *_frames(message))


def _of_a_result(message: Any) -> Named:
    """How a call ended: its result holds ids only."""
    result = message.result
    return (_one(result.get("threadId")), _one(result.get("turnId")), _one(result.get("itemId")), None, None, None)


def _one(value: Any) -> str | None:
    return value[:ID_CHARS_MAX].replace(",", " ") if isinstance(value, str) and value else None


def _many(values: dict[str, None]) -> str | None:
    return ",".join(each[:ID_CHARS_MAX].replace(",", " ") for each in values) or None


class Recorder:
    """The rows of one process."""

    __slots__ = (
        "_began_us", "_count", "_every", "_most", "_n", "_rows", "births", "incarnation", "me", "on", "party", "run",
        "sent",
    )  # fmt: skip

    def __init__(self, party: Party) -> None:
        """Off until `begin`: before it nothing is known of the settings."""
        self.party = party
        self.on = False
        self.incarnation = 0
        self.me = f"{party}0"
        self.run = ""
        self.sent = 0
        self.births = 0
        self._every = 1
        self._most = 0
        self._n = 0
        self._count = 0
        self._began_us = 0
        self._rows: list[tuple[Any, ...] | None] = []

    def begin(self, settings: TreeSettings, incarnation: int) -> None:
        """From now on rows are kept, as the settings want it."""
        self.incarnation = incarnation
        self.me = f"{self.party}{incarnation}"
        self.run = settings.run_id.partition("-")[2] or settings.run_id
        self.on = settings.traces.on
        self._every = settings.traces.every
        self._most = settings.limits.trace_waiting_max
        self._rows = [None] * self._most if self.on else []

    def born(self) -> str:
        """A name for a history that begins here: unique, also among those of other runs."""
        self.births += 1
        return f"{self.run}-{self.me}-{self.births}"

    def next_name(self) -> str:
        """A name for the next message."""
        self.sent += 1
        return f"{self.me}.{self.sent}"

    def heard(
        self, envelope: Envelope, message: Message | None, sender: Party, at_us: int, outcome: Outcome = "handled"
    ) -> None:
        """A message was handled, from `at_us` until now."""
        if not self.on or envelope.kind == "KeepTraces" or outcome == HELD:
            return
        took = micros() - at_us
        if outcome == "handled":
            if envelope.kind in DULL and at_us + took - envelope.sent_us < SLOW_US:
                return
            if self._every > 1 and crc32(envelope.trace.encode()) % self._every:
                return
        about = NOBODY if message is None else named(message)
        row = (
            envelope.name, envelope.cause, envelope.trace, envelope.hop, envelope.kind, sender,
            envelope.sent_us or at_us, at_us, took, len(envelope.head) + len(envelope.blob), outcome, *about,
        )  # fmt: skip
        self._add(row, at_us)

    def began(self, kind: str, source: str, trace: str, name: str, at_us: int, size: int, outcome: Outcome) -> None:
        """Something that is no message led to messages: a wake-up, bytes of a pipe, a death."""
        if not self.on or (outcome == "handled" and self._every > 1 and crc32(trace.encode()) % self._every):
            return
        row = (name, "", trace, 0, kind, source, at_us, at_us, micros() - at_us, size, outcome, *NOBODY)
        self._add(row, at_us)

    def _add(self, row: tuple[Any, ...], at_us: int) -> None:
        self._n += 1
        if self._count < self._most:
            if not self._count:
                self._began_us = at_us
            self._rows[self._count] = (self._n, *row)
            self._count += 1

    @property
    def waiting(self) -> int:
        """Rows that were not told yet."""
        return self._count

    @property
    def many(self) -> bool:
        """Whether rows have to be told before their time, lest the buffer fills up."""
        return self._count * 4 >= self._most > 0

    def due(self, now_us: int) -> bool:
        """Whether the oldest row has waited long enough, or there are many."""
        return self.many or (bool(self._count) and now_us - self._began_us >= FLUSH_MS * 1_000)

    def take(self) -> KeepTraces | None:
        """What is to be told; None when there is nothing. The buffer is empty then."""
        if not self._count:
            return None
        rows: Any = self._rows[: self._count]
        told = KeepTraces(incarnation=self.incarnation, count=self._count, rows=ROWS.dump_json(rows))
        self._rows[: self._count] = [None] * self._count
        self._count = 0
        return told
