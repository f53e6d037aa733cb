"""The words for how things stand: modes, states, and the status that a person reads."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from messages.base import Message

Role = Literal["supervisor", "sidecar", "auth", "stager", "baseline", "ingest", "facade"]
"""The actors of the tree, by the part they play."""

Party = Literal["root", "supervisor", "sidecar", "auth", "stager", "baseline", "ingest", "facade", "outside"]
"""Who may appear as a sender: the root process, an actor, or somebody unknown."""

CaptureMode = Literal["HYBRID_ACTIVE", "DEGRADED_STREAMING", "OTEL_ONLY", "FAILURE"]
SidecarState = Literal["stopped", "starting", "running", "backing_off", "stopping", "crash_loop"]
ActorState = Literal["starting", "running", "backing_off", "crash_loop", "stopped"]
AuthState = Literal["needs_login", "authenticating", "authenticated", "logged_out"]
AuthModeChoice = Literal["chatgpt", "apiKey", "none"]
"""`codex.appServerAuthMode`: which evidence of a login is enough. `chatgpt` unless chosen otherwise."""

DISPOSITIONS = ("stored", "duplicate", "replaced", "merged", "control", "ignored_unknown", "stale_generation")
"""What can become of a frame or record, beside `dropped:<reason>` and being staged now. DESIGN section 6."""

DROP_REASONS = (
    "line_too_long",
    "malformed",
    "invalid_utf8",
    "turn_interrupted",
    "turn_failed",
    "turn_completed",
    "superseded",
    "sidecar_exited",
    "stager_lost",
    "stage_full",
    "redaction_failed",
    "no_session",
    "capture_off",
)
"""Every reason that may stand behind `dropped:`."""


class SidecarStatus(Message):
    """The supervised `codex app-server` process."""

    state: SidecarState
    generation: int = Field(ge=0)
    """0 before the first process of this run."""
    pid: int | None
    restarts_in_window: int = Field(ge=0)
    last_error: str | None = None
    """Why the last process ended or did not start; redacted."""


class HandshakeStatus(Message):
    """How far the protocol greeting with the live generation got."""

    initialize_sent: bool
    initialized: bool


class AuthStatus(Message):
    """What the sidecar's own evidence proves about the login."""

    state: AuthState
    mode: str | None
    """Upstream's word for the kind of login, e.g. `chatgpt`, `apikey`; None without one."""
    plan: str | None


class BaselineStatus(Message):
    """Whether the durable part works, as shown by its probes: the store commits, and every source works."""

    healthy: bool
    reason: str
    working: bool = True
    """The store commits and at least one source works: not all is lost. Without it the mode is `FAILURE`."""


class SourceStatus(Message):
    """One source of the durable baseline."""

    name: Literal["otlp", "transcript", "rollout"]
    healthy: bool
    reason: str
    address: str = ""
    """Where it listens, or what it watches; empty when it does neither."""


class ActorStatus(Message):
    """One actor of the tree."""

    name: Role
    pid: int | None
    state: ActorState
    restarts: int = Field(ge=0)


class LedgerStatus(Message):
    """Where every received frame went; `balanced` is the promise `received = sum(dispositions) + staged`."""

    received: int
    dispositions: dict[str, int]
    staged: int
    balanced: bool


class ConfigStatus(Message):
    """What the supervisor mirrors of the config file."""

    revision: int = Field(default=0, ge=0)
    """For `expectedRevision`; 0 without a file."""
    fault: str = ""
    """What is wrong with the file and what to do; with a fault the kill switch counts as on."""


class TreeStatus(Message):
    """Everything the supervisor knows, as it stood at `revision`. The ledger is added by who asks ingest for it."""

    revision: int
    mode: CaptureMode
    mode_reason: str
    sidecar: SidecarStatus
    handshake: HandshakeStatus
    auth: AuthStatus
    stream_healthy: bool
    stream_reason: str
    kill_switch: bool
    """Whether it holds: by the config file, by a fault of that file, or by the host's settings."""
    config: ConfigStatus = ConfigStatus()
    fallback: bool = False
    """A person stopped the live stream until `recoverHybrid`."""
    stream_expected: bool = True
    actions: tuple[str, ...] = ()
    """The recovery commands that make sense now: `offered_actions` in `actors/machines/actions.py`."""
    baseline: BaselineStatus
    sources: tuple[SourceStatus, ...] = ()
    actors: tuple[ActorStatus, ...]
    at_ms: int
    """Wall clock, ms since the epoch."""


class Transition(Message):
    """One change of mode, process, handshake or auth state, with its cause; written in order, never thinned."""

    seq: int
    """Counts up from 1 within a run."""
    what: Literal[
        "mode", "sidecar", "handshake", "auth", "actor", "stream", "baseline", "source", "kill_switch", "fallback"
    ]
    who: str
    """Which actor or source changed when `what` is `actor` or `source`; otherwise the same word as `what`."""
    before: str
    after: str
    cause: str
    at_ms: int
    """Wall clock, ms since the epoch."""
    monotonic_ms: int
    """Monotonic clock of the machine, ms: durations are measured on this one."""
