"""What leaves the baseline for ingest: drafts become numbered `KeepRecords`, one on its way at a time, until kept.

A draft is what some raw records came to. Drafts of the same tool and source that wait while another message is on its
way leave together: one transaction, one fsync. A draft with a file position travels alone, since the position belongs
to exactly its records. One source has one lane; lanes do not wait for each other.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable
from dataclasses import dataclass, field

from actors.machines.effects import NOTHING, Effects, Send
from messages.baseline import (
    EventSeen,
    FilePosition,
    KeepRecords,
    RecordsKept,
    RecordsRefused,
    ResponseUsage,
    Tool,
)
from messages.records import AuditNote, FinalItem, SessionSeen, Source, TurnSeen

MESSAGE_BYTES_MAX = 512 * 1024
"""Content of one message, unless a single draft is larger."""
READY_BYTES = MESSAGE_BYTES_MAX
"""With this much waiting behind the message on its way, no more is decoded."""
RETRY_MS = 500
"""Between two tries while the store fails."""


@dataclass(slots=True)
class Draft:
    """What some raw records of one tool and source came to. `received` is the sum of counts and frames."""

    tool: Tool
    source: Source
    received: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    sessions: list[SessionSeen] = field(default_factory=list)
    turns: list[TurnSeen] = field(default_factory=list)
    items: list[FinalItem] = field(default_factory=list)
    usage: list[ResponseUsage] = field(default_factory=list)
    events: list[EventSeen] = field(default_factory=list)
    audit: list[AuditNote] = field(default_factory=list)
    position: FilePosition | None = None
    size: int = 0
    """Bytes of content, roughly."""

    def joins(self, other: Draft) -> bool:
        """Whether both may travel in one message."""
        alone = self.position is not None or other.position is not None
        same = (self.tool, self.source) == (other.tool, other.source)
        return same and not alone and self.size + other.size <= MESSAGE_BYTES_MAX

    def take(self, other: Draft) -> None:
        """Absorb a draft that comes behind this one."""
        self.received += other.received
        self.counts += other.counts
        self.sessions += other.sessions
        self.turns += other.turns
        self.items += other.items
        self.usage += other.usage
        self.events += other.events
        self.audit += other.audit
        self.size += other.size


@dataclass(slots=True)
class Lane:
    """The way of one source (or group of sources) to ingest. Tickets are the owner's names for what a draft is of."""

    incarnation: int
    resend_ms: int
    numbers: Counter[Source] = field(default_factory=Counter)
    """The last number given, per source."""
    waiting: deque[tuple[Draft, Hashable]] = field(default_factory=deque)
    waiting_bytes: int = 0
    sent: KeepRecords | None = None
    tickets: list[Hashable] = field(default_factory=list)
    """Of the drafts in the message on its way."""
    sent_ms: int = 0
    retry_ms: int | None = None
    """When to try again; None while an answer is awaited."""
    trouble: str = ""
    """Why ingest refused last; empty since it kept something."""

    @property
    def wants(self) -> bool:
        """Whether more should be decoded."""
        return self.waiting_bytes < READY_BYTES

    @property
    def idle(self) -> bool:
        """Whether nothing is on its way or waits."""
        return self.sent is None and not self.waiting

    def offer(self, draft: Draft, ticket: Hashable, now_ms: int) -> Effects:
        """Something to keep. Its ticket comes back from `kept`."""
        self.waiting.append((draft, ticket))
        self.waiting_bytes += draft.size
        return self._next(now_ms)

    def kept(self, heard: RecordsKept, now_ms: int) -> tuple[list[Hashable], Effects]:
        """What is durable now, by ticket; and the next message."""
        if self.sent is None or not self._answers(heard):
            return [], NOTHING
        tickets, self.tickets, self.sent = self.tickets, [], None
        self.trouble, self.retry_ms = "", None
        return tickets, self._next(now_ms)

    def refused(self, heard: RecordsRefused, now_ms: int) -> list[Hashable]:
        """Nothing was written. With code `position` the message is forgotten and its tickets come back: its records do
        not fit on what is stored. Otherwise it is sent again: at once after a hole, later when the store fails."""
        if self.sent is None or not self._answers(heard):
            return []
        self.trouble = heard.text
        if heard.code == "position":
            tickets, self.tickets, self.sent = self.tickets, [], None
            # Its number was not used: the next message takes it, or the store would see a hole.
            self.numbers[heard.source] = heard.through_n
            return tickets
        if heard.code == "gap":
            self.numbers[heard.source] = heard.through_n + 1
            self.sent = self.sent.model_copy(update={"n": heard.through_n + 1})
        self.retry_ms = now_ms + (0 if heard.code == "gap" else RETRY_MS)
        return []

    def ingest_returned(self, now_ms: int) -> Effects:
        """A new ingest may not have heard what was sent to the old one."""
        return self._again(now_ms)

    def tick(self, now_ms: int) -> Effects:
        """Try again what was refused or stays without an answer; send what waits."""
        if self.sent is None:
            return self._next(now_ms)
        due_ms = self.retry_ms if self.retry_ms is not None else self.sent_ms + self.resend_ms
        return self._again(now_ms) if now_ms >= due_ms else NOTHING

    def _answers(self, heard: RecordsKept | RecordsRefused) -> bool:
        assert self.sent is not None
        mine = (self.incarnation, self.sent.n, self.sent.source)
        return (heard.incarnation, heard.n, heard.source) == mine

    def _again(self, now_ms: int) -> Effects:
        if self.sent is None:
            return NOTHING
        self.sent_ms, self.retry_ms = now_ms, None
        return (Send("ingest", self.sent),)

    def _pop(self) -> tuple[Draft, Hashable]:
        draft, ticket = self.waiting.popleft()
        self.waiting_bytes -= draft.size
        return draft, ticket

    def _next(self, now_ms: int) -> Effects:
        """Put what waits, and may go together, on its way."""
        if self.sent is not None or not self.waiting:
            return NOTHING
        draft, ticket = self._pop()
        self.tickets = [ticket]
        while self.waiting and draft.joins(self.waiting[0][0]):
            other, ticket = self._pop()
            draft.take(other)
            self.tickets.append(ticket)
        self.numbers[draft.source] += 1
        self.sent = KeepRecords(
            incarnation=self.incarnation,
            n=self.numbers[draft.source],
            tool=draft.tool,
            source=draft.source,
            received=draft.received,
            counts=dict(draft.counts),
            sessions=tuple(draft.sessions),
            turns=tuple(draft.turns),
            items=tuple(draft.items),
            usage=tuple(draft.usage),
            events=tuple(draft.events),
            audit=tuple(draft.audit),
            position=draft.position,
        )
        self.sent_ms, self.retry_ms = now_ms, None
        return (Send("ingest", self.sent),)
