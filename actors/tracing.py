"""What one process remembers of the messages it handled, until it tells ingest: rows in a bounded buffer, no content.

Recording puts what is at hand at the end of a list, about 1 µs; it becomes rows when it leaves, many at a time, as one
message. That is not for the microsecond: between two messages of a short turn the caches of the processor get cold, and
then all that is touched counts tenfold. When the buffer is full, further rows are not kept, but they are numbered: the
hole tells how many. Nothing here waits, and nothing here wakes a process: `due_ns` is looked at when something is heard
anyhow, the heartbeat at the latest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any
from zlib import crc32

from pydantic import BaseModel

from actors.envelope import Envelope
from messages.base import Message
from messages.settings import TreeSettings
from messages.status import Party
from messages.traces import ROWS, KeepTraces, Outcome

FLUSH_MS = 2_000
"""How long a row waits before the next message has it told; a quarter of a buffer goes at once."""
NEVER_NS = 2**63 - 1
"""Nothing waits."""
DULL = frozenset({"Ping", "Pong", "Knock", "Knocked", "BaselineProbed", "SourceProbed"})
"""The heartbeat: some twenty messages a second that say that all is well. Recorded only when something was wrong with
one, or slow: otherwise an idle night would push every turn out of the ring."""
APART = DULL | {"KeepTraces"}
"""What needs a second look: the message that tells the rows is in none."""
SLOW_US = 100_000
IDS_MAX = 4
"""Ids of one kind that a row names."""
RECORDS_MAX = 16
"""Records of a list that are looked at for them."""
ID_CHARS_MAX = 128
HELD: Outcome = "held"
"""A stranger's message that waits for an introduction: recorded when it is judged."""


NANOS: Callable[[], int] = time.monotonic_ns
"""Where times of traces come from: the monotonic clock, which all processes of a machine share. Only the simulation
sets another."""


def micros() -> int:
    """The same clock, µs."""
    return NANOS() // 1_000


Named = tuple[str | None, str | None, str | None, int | None, int | None, int | None]
"""What a message is about: sessions, turns and items, with commas between; generation, first and last frame."""
NOBODY: Named = (None, None, None, None, None, None)
Raw = tuple[Any, ...]
"""The same as it stands in the message: what is cheap to take along."""
FRAMES = ("generation", "first_seq", "last_seq", "count", "through_seq")
ABOUT = ("session_id", "thread_id", "turn_id", "item_id", *FRAMES)
BATCHES = ("items", "turns", "staged", "losses", "events", "sessions")
_HOW: dict[type[Message], Callable[[Any], Raw]] = {}
"""How a kind of message is asked what it is about; worked out when it is first seen."""
_HELD: dict[type[Message], tuple[str, ...] | None] = {}
"""Which fields that gives; None: it is settled already."""
_IDS: dict[type[Any], tuple[tuple[int, str], ...]] = {}
"""The same of records within a message. All three have an entry for each class of ours, and no more."""


def named(message: Message) -> Named:
    """What a message is about: ids and frame numbers, where it has them."""
    return settled(type(message), _raw(message))


def _raw(message: Message) -> Raw:
    how = _HOW.get(type(message))
    return (_learn(type(message)) if how is None else how)(message)


def _learn(kind: type[Message]) -> Callable[[Any], Raw]:
    _HOW[kind], _HELD[kind] = _how(kind)
    return _HOW[kind]


def _how(kind: type[Message]) -> tuple[Callable[[Any], Raw], tuple[str, ...] | None]:
    fields = kind.model_fields
    if "result" in fields:
        return _of_a_result, None
    lists = [name for name in BATCHES if name in fields and fields[name].annotation is not int]
    if lists:
        return _batch(lists, tuple(name for name in FRAMES if name in fields)), None
    held = tuple(name for name in ABOUT if name in fields)
    if not {"session_id", "thread_id", "turn_id", "item_id", "generation"} & set(held):
        return lambda message: NOBODY, None
    if len(held) == 1:
        return lambda message: (getattr(message, held[0]),), held
    return attrgetter(*held), held


def settled(kind: type[Message], raw: Raw) -> Named:
    """What a row says of it."""
    held = _HELD[kind]
    if held is None:
        return raw
    about = dict(zip(held, raw, strict=True))
    session = about["session_id"] if "session_id" in about else about.get("thread_id")
    return (
        _one(session), _one(about.get("turn_id")), _one(about.get("item_id")), *_frames(about),
    )  # fmt: skip


def _frames(about: Mapping[str, Any]) -> tuple[int | None, int | None, int | None]:
    first, last = about.get("first_seq"), about.get("last_seq")
    if last is None:
        last = about.get("through_seq") if first is None else first + about.get("count", 0) - 1
    return about.get("generation"), first, last


def _batch(lists: list[str], frames: tuple[str, ...]) -> Callable[[Any], Raw]:
    return lambda message: _of_a_batch(message, lists, {name: getattr(message, name) for name in frames})


def _of_a_batch(message: Any, lists: list[str], frames: Mapping[str, Any]) -> Named:
    """A message of many records: the first few of each kind of id, among its first records."""
    found: tuple[dict[str, None], ...] = ({}, {}, {})
    for name in lists:
        for record in getattr(message, name)[:RECORDS_MAX]:
            # Only fields that are there: asking a record in vain takes ten times as long as an answer.
            for place, field in _ids_of(type(record)):
                value, ids = getattr(record, field), found[place]
                if value and len(ids) < IDS_MAX:
                    ids[value] = None
    sessions, turns, items = (_many(ids) for ids in found)
    return (sessions, turns, items, *_frames(frames))


def _ids_of(kind: type[Any]) -> tuple[tuple[int, str], ...]:
    """Which ids a record has, and where they stand in a row."""
    known = _IDS.get(kind)
    if known is None:
        fields = kind.model_fields if issubclass(kind, BaseModel) else {}
        ids = enumerate(("session_id", "turn_id", "item_id"))
        known = _IDS[kind] = tuple((place, name) for place, name in ids if name in fields)
    return known


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
        "_count", "_every", "_most", "_n", "_rows", "births", "due_ns", "incarnation", "me", "on", "party", "run",
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
        self.due_ns = NEVER_NS
        """When what waits has waited long enough; at once when there is much."""
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
        """A name for a trace that begins here: unique, also among those of other runs."""
        self.births += 1
        return f"{self.run}-{self.me}-{self.births}"

    def next_name(self) -> str:
        """A name for the next message."""
        self.sent += 1
        return f"{self.me}.{self.sent}"

    def heard(
        self, envelope: Envelope, message: Message | None, sender: Party, at_ns: int, outcome: Outcome = "handled"
    ) -> None:
        """A message was handled, from `at_ns` until now."""
        if not self.on or outcome == HELD:
            return
        took_ns = NANOS() - at_ns
        kind = envelope.kind
        if kind in APART and not self._worth(envelope, at_ns + took_ns, outcome):
            return
        if self._every > 1 and outcome == "handled" and crc32(envelope.trace.encode()) % self._every:
            return
        self._n += 1
        count = self._count
        if count >= self._most:
            return
        if not count:
            self.due_ns = at_ns + FLUSH_MS * 1_000_000
        # No tuple of a tuple, no call: see above. The message itself is let go, it may be large.
        self._rows[count] = (
            self._n, envelope.name, envelope.cause, envelope.trace, envelope.hop, kind, sender, envelope.sent_us,
            at_ns, took_ns, len(envelope.head) + len(envelope.blob), outcome, type(message),
            None if message is None else _raw(message),
        )  # fmt: skip
        self._count = count = count + 1
        if count * 4 >= self._most:
            self.due_ns = 0

    def _worth(self, envelope: Envelope, now_ns: int, outcome: Outcome) -> bool:
        """Whether a heartbeat was wrong or slow."""
        if envelope.kind == "KeepTraces":
            return False
        return outcome != "handled" or now_ns // 1_000 - envelope.sent_us >= SLOW_US

    def began(self, kind: str, source: str, trace: str, name: str, at_ns: int, size: int, outcome: Outcome) -> None:
        """Something that is no message led to messages: a wake-up, bytes of a pipe, a death."""
        if not self.on or (outcome == "handled" and self._every > 1 and crc32(trace.encode()) % self._every):
            return
        self._n += 1
        if self._count >= self._most:
            return
        if not self._count:
            self.due_ns = at_ns + FLUSH_MS * 1_000_000
        self._rows[self._count] = (
            self._n, name, "", trace, 0, kind, source, 0, at_ns, NANOS() - at_ns, size, outcome, None, None,
        )  # fmt: skip
        self._count += 1
        if self._count * 4 >= self._most:
            self.due_ns = 0

    @property
    def waiting(self) -> int:
        """Rows that were not told yet."""
        return self._count

    def take(self) -> KeepTraces | None:
        """What is to be told; None when there is nothing. The buffer is empty then."""
        self.due_ns = NEVER_NS
        if not self._count:
            return None
        rows: Any = [_row(*noted) for noted in self._rows[: self._count] if noted is not None]
        told = KeepTraces(incarnation=self.incarnation, count=self._count, rows=ROWS.dump_json(rows))
        self._rows[: self._count] = [None] * self._count
        self._count = 0
        return told


def _row(
    n: int, name: str, cause: str, trace: str, hop: int, kind: str, sender: str, sent_us: int, at_ns: int,
    took_ns: int, size: int, outcome: Outcome, about: type[Message] | None, raw: Raw | None,
) -> tuple[Any, ...]:  # fmt: skip
    """What was noted, as it is told."""
    at_us = at_ns // 1_000
    return (
        n, name, cause, trace, hop, kind, sender, sent_us or at_us, at_us, took_ns // 1_000, size, outcome,
        *(NOBODY if about is None or raw is None else settled(about, raw)),
    )  # fmt: skip
