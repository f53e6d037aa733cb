"""The checkpoint that is being written: everything the frames since the last one came to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from messages.records import AuditNote, FinalItem, KeepCheckpoint, SessionSeen, StagedItem, StageLoss, TurnSeen

NOTES_MAX = 256
"""Audit rows of one checkpoint: a process that writes blank lines only gets no row for each of a quarter million.
Further ones are counted in a last row; the ledger counts every frame in any case."""


@dataclass(slots=True)
class Draft:
    """Collects until it is sent. `durable` means that somebody waits for it; deltas alone may wait a moment."""

    generation: int
    first_seq: int
    last_seq: int
    bytes_count: int = 0
    durable: bool = False
    since_ms: int = 0
    """When its first frame came (monotonic)."""
    counts: Counter[str] = field(default_factory=Counter)
    sessions: list[SessionSeen] = field(default_factory=list)
    turns: list[TurnSeen] = field(default_factory=list)
    items: list[FinalItem] = field(default_factory=list)
    losses: list[StageLoss] = field(default_factory=list)
    audit: list[AuditNote] = field(default_factory=list)
    unwritten: Counter[str] = field(default_factory=Counter)
    """Notes over `NOTES_MAX`, by kind."""
    closed: bool = False

    @classmethod
    def after(cls, generation: int, through_seq: int) -> Draft:
        """An empty one that continues behind this frame."""
        return cls(generation, through_seq + 1, through_seq)

    @property
    def empty(self) -> bool:
        """Whether a checkpoint of it would say nothing."""
        return self.last_seq < self.first_seq and not self.durable

    def note(self, kind: str, subject: str, text: str, at_ms: int, always: bool = False) -> None:
        """An audit row goes with this checkpoint, in its transaction."""
        if always or len(self.audit) < NOTES_MAX:
            self.audit.append(AuditNote(kind=kind, subject=subject, text=text, at_ms=at_ms))
        else:
            self.unwritten[kind] += 1
        self.durable = True

    def message(self, stager: int, staged: tuple[StagedItem, ...]) -> KeepCheckpoint:
        """What goes to ingest. `staged` replaces what is stored as open."""
        if self.unwritten:
            told = ", ".join(f"{count} {kind}" for kind, count in self.unwritten.items())
            place = f"frames {self.first_seq} to {self.last_seq}"
            at_ms = self.audit[-1].at_ms
            self.audit.append(AuditNote(kind="more_notes", subject=place, text=f"not written: {told}", at_ms=at_ms))
        return KeepCheckpoint(
            generation=self.generation,
            stager=stager,
            first_seq=self.first_seq,
            last_seq=self.last_seq,
            counts=dict(self.counts),
            sessions=tuple(self.sessions),
            turns=tuple(self.turns),
            items=tuple(self.items),
            losses=tuple(self.losses),
            staged=staged,
            audit=tuple(self.audit),
            closed=self.closed,
        )
