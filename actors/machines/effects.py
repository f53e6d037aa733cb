"""Everything a machine may ask of the world. The shell performs these and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from messages.base import Message
from messages.renderer_words import Command
from messages.status import Party, Role


@dataclass(frozen=True, slots=True)
class Send:
    """Tell another part. Delivered at most once: who needs more numbers its messages and awaits acknowledgements."""

    to: Party
    message: Message


@dataclass(frozen=True, slots=True)
class Start:
    """Create the actor of this role as this incarnation."""

    role: Role
    incarnation: int


@dataclass(frozen=True, slots=True)
class Introduce:
    """Tell every running actor, and the root, who is who now."""


@dataclass(frozen=True, slots=True)
class KillActor:
    """SIGKILL the actor's process: it is hung or would not leave. Its death arrives as an exit."""

    role: Role


@dataclass(frozen=True, slots=True)
class Wake:
    """Come back after a while. It cannot be cancelled: a machine ignores a wake whose `epoch` is old."""

    after_ms: int
    name: str
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class RunProcess:
    """Start the app-server as this generation; answered by `ProcessStarted` or `ProcessFailed`."""

    generation: int


@dataclass(frozen=True, slots=True)
class WriteLine:
    """Write to the app-server's stdin, in order; bytes that do not fit the pipe wait, bounded."""

    line: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ask:
    """Send the app-server a request; answered by `Answered` or `Unanswered` with the same `tag`."""

    call: str
    """Upstream's method, e.g. `account/read`."""
    tag: str
    """Our own word for what the request is for."""
    params: Mapping[str, Any] = field(default_factory=dict, repr=False)
    deadline_ms: int | None = None
    """None: the usual deadline of a request."""


@dataclass(frozen=True, slots=True)
class CloseStdin:
    """The polite way to ask the app-server to end."""


@dataclass(frozen=True, slots=True)
class SignalProcess:
    """Send the app-server a signal."""

    signal: Literal["TERM", "KILL"]


@dataclass(frozen=True, slots=True)
class Audit:
    """Write a row that must not be forgotten. It waits, bounded, while ingest is away."""

    kind: str
    subject: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SaveKillSwitch:
    """Write the switch to the config file if it still has `expected_revision`; answered by `ConfigSaved` or
    `ConfigRefused`. Nothing is announced before that."""

    command_id: str
    on: bool
    expected_revision: int | None


@dataclass(frozen=True, slots=True)
class SaveConfig:
    """Write these choices to the config file if it still has `expected_revision`; answered by `ConfigChanged` or
    `ConfigRefused`."""

    command_id: str
    changes: Mapping[str, Any]
    expected_revision: int


@dataclass(frozen=True, slots=True)
class NoteFallback:
    """Remember the fallback beyond this tree, or forget it."""

    on: bool


@dataclass(frozen=True, slots=True)
class ReadStore:
    """Read what is stored for a renderer, past the writer; answered by `Facade.read` with the same `key`."""

    key: str
    command: Command = field(repr=False)


@dataclass(frozen=True, slots=True)
class Exit:
    """This actor is done; its process ends."""


Effect = (
    Send
    | Start
    | Introduce
    | KillActor
    | Wake
    | RunProcess
    | WriteLine
    | Ask
    | CloseStdin
    | SignalProcess
    | Audit
    | SaveKillSwitch
    | SaveConfig
    | NoteFallback
    | ReadStore
    | Exit
)
Effects = tuple[Effect, ...]
NOTHING: Effects = ()


@dataclass(frozen=True, slots=True)
class Woke:
    """A `Wake` came due."""

    name: str
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class ActorExited:
    """The process of an actor is gone."""

    role: Role
    incarnation: int


@dataclass(frozen=True, slots=True)
class WaitsForDisk:
    """The process of an actor that is late sleeps until the kernel is done with a disk: it does not hang."""

    role: Role


@dataclass(frozen=True, slots=True)
class ConfigSeen:
    """What the config file says now: at the start, and whenever it changed."""

    revision: int = 0
    kill_switch: bool = False
    """True also with a fault."""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class ConfigSaved:
    """The switch is durable."""

    command_id: str
    seen: ConfigSeen


@dataclass(frozen=True, slots=True)
class ConfigChanged:
    """The choices are durable."""

    command_id: str
    seen: ConfigSeen


@dataclass(frozen=True, slots=True)
class ConfigRefused:
    """Nothing was written; `seen` is what the file says."""

    command_id: str
    conflict: bool
    """Somebody else changed the file first."""
    text: str
    seen: ConfigSeen


@dataclass(frozen=True, slots=True)
class ProcessStarted:
    """The app-server's process exists."""

    pid: int
    created_at: float


@dataclass(frozen=True, slots=True)
class ProcessFailed:
    """The app-server could not be started; `text` says what to do and holds no secret."""

    text: str


@dataclass(frozen=True, slots=True)
class ProcessExited:
    """The app-server's process is gone and its pipe is drained."""

    exit_code: int | None
    signal: int | None
    stderr_tail: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Answered:
    """The app-server answered an `Ask`."""

    tag: str
    result: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """An `Ask` got an error, or nothing in time. `text` is upstream's, redacted, or ours."""

    tag: str
    text: str


@dataclass(frozen=True, slots=True)
class MachineRefused:
    """A message that this state has no row for. A peer's mistake is a value: traced, answered, nothing changed."""

    phase: str
    message: str
