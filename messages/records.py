"""What is kept: the stager's checkpoints to ingest, and everything else that ingest writes for others.

A checkpoint covers a run of frames. Rows, ledger, staged items, audit and offset of one checkpoint are one
transaction, so a resend is harmless: the offset says that it was applied.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from messages.base import Message
from messages.status import LedgerStatus, Transition

Source = Literal["stream", "pull", "rollout", "transcript", "otlp"]


class SessionSeen(Message):
    """A thread and what is known about it. None leaves what is stored."""

    session_id: str
    cwd: str | None = None
    branch: str | None = None
    commit: str | None = None
    model: str | None = None
    title: str | None = Field(default=None, repr=False)
    cli_version: str | None = None
    path: str | None = None
    """Upstream's rollout file."""
    created_at_ms: int | None = None
    forked_from: str | None = None
    """The thread whose history this one began with. What it copied stays with that one."""
    at_ms: int | None = None
    """Upstream's time of these facts: between sources the later word counts. None says nothing about when."""
    frames: int = 0
    """How many received frames this record stands for: 0 or 1."""


class TurnSeen(Message):
    """A turn began, ended, or reported its usage."""

    session_id: str
    turn_id: str
    status: Literal["inProgress", "completed", "interrupted", "failed"] | None = None
    error: str | None = Field(default=None, repr=False)
    started_at_ms: int | None = None
    completed_at_ms: int | None = None
    duration_ms: int | None = None
    usage: dict[str, int] | None = None
    """Tokens of this turn as upstream counts them: input, cached, output, reasoning, total."""
    trace_id: str | None = None
    """The trace that telemetry of this turn carries, 32 hex digits."""
    prompt_id: str | None = None
    """Another name of the same turn: Claude's `promptId`, by which telemetry and sub-agents know it."""
    frames: int = 0


class FinalItem(Message):
    """An item that upstream completed: authoritative, whatever was staged before."""

    session_id: str
    turn_id: str
    item_id: str
    kind: str
    """Upstream's item type, e.g. `agentMessage`."""
    status: str | None
    """Upstream's item status where it has one, e.g. `completed`, `failed`, `declined`."""
    started_at_ms: int | None
    completed_at_ms: int | None
    body: str = Field(repr=False)
    """The item as upstream sent it, JSON."""
    merged_frames: int = 0
    """Staged frames that this item absorbs: they become `merged`."""
    frames: int = 1


class StagedItem(Message):
    """An item that is open now: what would be lost if the stage died."""

    session_id: str
    turn_id: str
    item_id: str
    kind: str
    frames: int
    bytes_count: int


class StageLoss(Message):
    """An open item that ended without completing: its text is gone, its name stays."""

    session_id: str
    turn_id: str
    item_id: str
    kind: str
    frames: int
    bytes_count: int
    reason: str
    """One of `DROP_REASONS`."""


class AuditNote(Message):
    """Something that happened and must not be forgotten. `text` is redacted by the store again before it is written."""

    kind: str
    subject: str
    """What it is about: an id, an actor, a method."""
    text: str = Field(repr=False)
    at_ms: int


class KeepCheckpoint(Message):
    """Everything that frames `first_seq … last_seq` of a generation came to. Stager → ingest."""

    generation: int
    stager: int
    """The stager's incarnation: checkpoints of an older one are refused."""
    first_seq: int
    last_seq: int
    """`first_seq - 1` when the checkpoint covers no frame (a closed generation)."""
    counts: dict[str, int] = Field(default_factory=dict)
    """Frames per disposition decided by the stager. Frames that stand in records are counted by the store."""
    sessions: tuple[SessionSeen, ...] = ()
    turns: tuple[TurnSeen, ...] = ()
    items: tuple[FinalItem, ...] = ()
    losses: tuple[StageLoss, ...] = ()
    staged: tuple[StagedItem, ...] = ()
    """All items that are open after these frames: replaces what was stored."""
    audit: tuple[AuditNote, ...] = ()
    closed: bool = False
    """True once: the generation ended and nothing of it is staged any more."""


class CheckpointKept(Message):
    """The transaction committed (now or before). Ingest → stager."""

    generation: int
    through_seq: int
    stager: int
    closed: bool = False
    """Whether that checkpoint closed its generation. A closing checkpoint may cover no frame, and then only this tells
    its answer from a repeated answer to the one before."""


class CheckpointRefused(Message):
    """The checkpoint does not fit what is stored; nothing was written. Ingest → stager."""

    generation: int
    stager: int
    through_seq: int
    """What is stored: the stager continues behind it."""
    code: Literal["gap", "old_stager", "not_opened", "store_failed"]
    text: str


class StageOpened(Message):
    """A stager (re)starts on a generation: what an earlier stager had staged is lost and gets its audit rows."""

    generation: int
    stager: int


class StageReset(Message):
    """Where a new stager continues. Ingest → stager."""

    generation: int
    stager: int
    through_seq: int


class TurnStored(Message):
    """A turn ended and its result is durable. Ids and counts only. Ingest → facade."""

    session_id: str
    turn_id: str
    status: str
    items: int


class ItemStored(Message):
    """An item became durable. Ids only. Ingest → facade."""

    session_id: str
    turn_id: str
    item_id: str
    kind: str
    decision: str
    completed_at_ms: int | None = None
    """When it was complete, as its source tells; for the latency that plots show."""


class KeepTransitions(Message):
    """The supervisor's transitions, in order; resent until kept. Supervisor → ingest."""

    transitions: tuple[Transition, ...]


class TransitionsKept(Message):
    """All transitions up to this number are durable. Ingest → supervisor."""

    through_seq: int


class KeepAudit(Message):
    """Audit rows from anybody in the tree; resent by nobody: `n` lets the sender see what arrived."""

    n: int
    notes: tuple[AuditNote, ...]


class BaselineProbed(Message):
    """Whether a probe write committed. Ingest → supervisor, every `probe_interval_ms` and at each change."""

    healthy: bool
    reason: str


class StoreSetAside(Message):
    """The store was damaged and stands aside, or another took its place: this one does not know what this run stored.
    Ingest → supervisor."""

    text: str


class LedgerWanted(Message):
    """Facade → ingest."""

    command_id: str


class LedgerTold(Message):
    """Ingest → facade."""

    command_id: str
    ledger: LedgerStatus
