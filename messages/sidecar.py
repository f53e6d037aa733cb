"""Between the supervisor and the actor that owns the `codex app-server` process."""

from __future__ import annotations

from pydantic import Field

from messages.base import Message


class StartSidecar(Message):
    """Start a new process as this generation."""

    generation: int = Field(ge=1)


class StopSidecar(Message):
    """Close stdin, then SIGTERM, then SIGKILL; answered by `SidecarExited(requested=True)`."""

    reason: str


class SidecarStarted(Message):
    """The process exists. It has not said anything yet."""

    generation: int
    pid: int
    created_at: float


class SidecarSpawnFailed(Message):
    """The process could not be started; counts as a crash."""

    generation: int
    text: str


class SidecarExited(Message):
    """The process is gone and its pipe is drained."""

    generation: int
    exit_code: int | None
    signal: int | None
    requested: bool
    """True only after `StopSidecar`. Exit code 0 without a request is a crash."""
    text: str
    """Why, with the last of its stderr; redacted and cut."""


class HandshakeChanged(Message):
    """How far the greeting got."""

    generation: int
    initialize_sent: bool
    initialized: bool


class StreamHealthChanged(Message):
    """Whether the live generation answers and its batches are settled in time."""

    generation: int
    healthy: bool
    reason: str
