"""What the facade asks of the sidecar on behalf of a person: threads, turns, approvals."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from messages.base import Message
from messages.status import TreeStatus


class ThreadWanted(Message):
    """Open a thread. Facade → sidecar; answered by `CallDone`."""

    command_id: str
    cwd: str | None
    model: str | None


class TurnWanted(Message):
    """Start a turn. Facade → sidecar; answered by `CallDone`."""

    command_id: str
    thread_id: str
    text: str = Field(repr=False)


class InterruptWanted(Message):
    """Interrupt a turn. Facade → sidecar; answered by `CallDone`."""

    command_id: str
    thread_id: str
    turn_id: str


class ApprovalGiven(Message):
    """A person's decision. Facade → sidecar; answered by `CallDone`."""

    command_id: str
    token: str = Field(repr=False)
    decision: Literal["accept", "acceptForSession", "decline", "cancel"]


class ThreadSnapshotWanted(Message):
    """Read the app-server's history of this thread again, from its beginning. Facade → sidecar; `CallDone` once it is
    stored."""

    command_id: str
    thread_id: str


class CallDone(Message):
    """How a call ended. Sidecar → facade. `result` holds ids only."""

    command_id: str
    ok: bool
    text: str = ""
    result: dict[str, Any] = Field(default_factory=dict, repr=False)


class ApprovalAsked(Message):
    """The app-server waits for a decision. Sidecar → facade."""

    generation: int
    token: str = Field(repr=False)
    kind: Literal["command", "fileChange", "permissions", "other"]
    session_id: str
    turn_id: str
    item_id: str
    summary: str = Field(repr=False)
    diff: str = Field(default="", repr=False)
    """What a file change would do, redacted and bounded; empty for other questions."""
    diff_cut: bool = False
    expires_at_ms: int


class ApprovalSettled(Message):
    """Exactly one answer was given. Sidecar → facade."""

    token: str = Field(repr=False)
    outcome: str


class RestartSidecarRequested(Message):
    """Facade → supervisor; answered by `SupervisionDone`."""

    command_id: str


class RecoverHybridRequested(Message):
    """Bring the live stream back: out of the fallback and of crash loops. Facade → supervisor; `SupervisionDone`."""

    command_id: str


class FallbackRequested(Message):
    """Stop streaming for the rest of this run. Facade → supervisor; answered by `SupervisionDone`."""

    command_id: str


class SupervisionDone(Message):
    """Supervisor → facade. `result` holds numbers and switches only."""

    command_id: str
    ok: bool
    text: str
    code: Literal["FAILED", "NOT_NOW", "CONFLICT", "TIMED_OUT"] = "FAILED"
    """Why not, when `ok` is false."""
    result: dict[str, Any] = Field(default_factory=dict, repr=False)


class StatusChanged(Message):
    """How everything stands now. Supervisor → facade."""

    status: TreeStatus
