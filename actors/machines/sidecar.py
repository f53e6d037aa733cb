"""The app-server as its owner lives it: start, greet, prove the account, speak, end politely or not at all.

Upstream must answer `initialize` before `initialized` is sent; a second `initialize` is an error (codex 0.169). The
account is proved by `account/read`, sent after each `account/updated`, or by itself when no callback came within
`account_callback_ms` of the handshake, since some versions send none for stored credentials. DESIGN decision 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from actors.machines.decisions import decides
from actors.machines.effects import (
    NOTHING,
    Ask,
    CloseStdin,
    Effects,
    MachineRefused,
    ProcessExited,
    ProcessFailed,
    ProcessStarted,
    RunProcess,
    Send,
    SignalProcess,
    Wake,
    WriteLine,
)
from actors.wire import requests
from messages.auth import SidecarInitialized, SidecarLost
from messages.settings import Timing
from messages.sidecar import (
    HandshakeChanged,
    SidecarExited,
    SidecarSpawnFailed,
    SidecarStarted,
    StartSidecar,
    StopSidecar,
    StreamHealthChanged,
)


@dataclass(frozen=True, slots=True)
class Life:
    """What the owner knows about its process."""

    timing: Timing = field(default_factory=Timing)
    phase: str = "absent"
    generation: int = 0
    pid: int | None = None
    requested: bool = False
    """An end was asked for; otherwise every end is a crash, exit code 0 included."""
    cause: str = ""
    """Why we ended it ourselves."""
    epoch: int = 0
    callback_seen: bool = False


@dataclass(frozen=True, slots=True)
class Greeted:
    """`initialize` was answered."""


@dataclass(frozen=True, slots=True)
class GreetingFailed:
    """`initialize` was refused or not answered in time."""

    text: str


@dataclass(frozen=True, slots=True)
class AccountCallback:
    """Upstream's `account/updated`."""

    mode: str | None


@dataclass(frozen=True, slots=True)
class CallbackDue:
    """No callback came so far."""

    epoch: int


@dataclass(frozen=True, slots=True)
class Hung:
    """The process lives and does not answer, or does not read."""

    text: str


@dataclass(frozen=True, slots=True)
class GraceOver:
    """It was asked to end and had its time."""

    epoch: int


Heard = (
    StartSidecar
    | StopSidecar
    | ProcessStarted
    | ProcessFailed
    | ProcessExited
    | Greeted
    | GreetingFailed
    | AccountCallback
    | CallbackDue
    | Hung
    | GraceOver
)
Action = Callable[[Life, str, Heard], tuple[Life, Effects]]


@decides
def step(life: Life, heard: Heard) -> tuple[Life, Effects] | MachineRefused:
    """Apply one message."""
    if isinstance(heard, CallbackDue | GraceOver) and heard.epoch != life.epoch:
        return life, NOTHING
    row = TABLE.get((life.phase, type(heard)))
    if row is None:
        return MachineRefused(life.phase, type(heard).__name__)
    phase, action = row
    return action(life, phase, heard)


def run(life: Life, phase: str, heard: Heard) -> tuple[Life, Effects]:
    """A new process, which begins with nothing known of it."""
    assert isinstance(heard, StartSidecar)
    born = Life(timing=life.timing, phase=phase, generation=heard.generation, epoch=life.epoch + 1)
    return born, (RunProcess(heard.generation),)


def greet(life: Life, phase: str, heard: Heard) -> tuple[Life, Effects]:
    """It runs: `initialize` at once, and the supervisor hears of both."""
    assert isinstance(heard, ProcessStarted)
    moved = replace(life, phase=phase, pid=heard.pid)
    generation = life.generation
    return moved, (
        Send("supervisor", SidecarStarted(generation=generation, pid=heard.pid, created_at=heard.created_at)),
        Ask("initialize", "greeting", deadline_ms=life.timing.initialize_deadline_ms),
        Send("supervisor", HandshakeChanged(generation=generation, initialize_sent=True, initialized=False)),
    )


def not_started(life: Life, phase: str, heard: Heard) -> tuple[Life, Effects]:
    """There is no process; the supervisor decides whether to try again."""
    assert isinstance(heard, ProcessFailed)
    failed = SidecarSpawnFailed(generation=life.generation, text=heard.text)
    return replace(life, phase=phase), (Send("supervisor", failed),)


def speak(life: Life, phase: str, heard: Heard) -> tuple[Life, Effects]:
    """The handshake is done. The account is read now if upstream has called already, else when its time is over."""
    moved = replace(life, phase=phase)
    generation = life.generation
    return moved, (
        WriteLine(requests.initialized()),
        Send("supervisor", HandshakeChanged(generation=generation, initialize_sent=True, initialized=True)),
        Send("supervisor", StreamHealthChanged(generation=generation, healthy=True, reason="answers")),
        Send("auth", SidecarInitialized(generation=generation)),
        *((_read_account(True),) if life.callback_seen else ()),
        Wake(life.timing.account_callback_ms, "account_callback", moved.epoch),
    )


def kill(life: Life, phase: str, heard: Heard) -> tuple[Life, Effects]:
    """It is hung or does not speak the protocol: there is nobody to be polite to."""
    text = heard.text if isinstance(heard, Hung | GreetingFailed) else "killed"
    moved = replace(life, phase=phase, cause=text, epoch=life.epoch + 1)
    unhealthy = StreamHealthChanged(generation=life.generation, healthy=False, reason=text)
    return moved, (Send("supervisor", unhealthy), SignalProcess("KILL"))


def close(life: Life, phase: str, heard: Heard) -> tuple[Life, Effects]:
    """Closing stdin ends codex 0.169 in 16 to 70 ms, its commands included."""
    moved = replace(life, phase=phase, requested=True, epoch=life.epoch + 1)
    return moved, (CloseStdin(), Wake(life.timing.stop_grace_ms, "grace", moved.epoch))


def terminate(life: Life, phase: str, heard: Heard) -> tuple[Life, Effects]:
    """It did not end at the end of its stdin."""
    moved = replace(life, phase=phase, epoch=life.epoch + 1)
    return moved, (SignalProcess("TERM"), Wake(life.timing.stop_grace_ms, "grace", moved.epoch))


def kill_at_last(life: Life, phase: str, heard: Heard) -> tuple[Life, Effects]:
    """Nor at SIGTERM."""
    return replace(life, phase=phase, epoch=life.epoch + 1), (SignalProcess("KILL"),)


def gone(life: Life, phase: str, heard: Heard) -> tuple[Life, Effects]:
    """Whoever waits for it hears how it ended; what it proved of the login is void."""
    assert isinstance(heard, ProcessExited)
    how = f"killed by signal {heard.signal}" if heard.signal else f"exit code {heard.exit_code}"
    said = f": {heard.stderr_tail}" if heard.stderr_tail and not life.requested else ""
    text = f"{life.cause}; {how}{said}" if life.cause else f"{how}{said}"
    exited = SidecarExited(
        generation=life.generation, exit_code=heard.exit_code, signal=heard.signal, requested=life.requested, text=text
    )
    moved = replace(life, phase=phase, pid=None, epoch=life.epoch + 1)
    return moved, (Send("supervisor", exited), Send("auth", SidecarLost(generation=life.generation)))


def remember_stop(life: Life, phase: str, heard: Heard) -> tuple[Life, Effects]:
    """It is ending already; that it was asked to makes this a stop and no crash."""
    return replace(life, requested=True), NOTHING


def not_there(life: Life, phase: str, heard: Heard) -> tuple[Life, Effects]:
    """Asked to stop what is not there: say so, or the asker waits for ever."""
    exited = SidecarExited(
        generation=life.generation, exit_code=None, signal=None, requested=True, text="it was not running"
    )
    return life, (Send("supervisor", exited),)


def _read_account(after_callback: bool) -> Ask:
    return Ask("account/read", "account:callback" if after_callback else "account:account_read")


def early_callback(life: Life, phase: str, heard: Heard) -> tuple[Life, Effects]:
    """Before the handshake nothing may be asked; the account is read right after it."""
    return replace(life, callback_seen=True), NOTHING


def read_account(life: Life, phase: str, heard: Heard) -> tuple[Life, Effects]:
    """Upstream says that the account changed: `account/read` says to what."""
    return replace(life, callback_seen=True), (_read_account(True),)


def read_unasked(life: Life, phase: str, heard: Heard) -> tuple[Life, Effects]:
    """Upstream said nothing of the account in time: with stored credentials some versions never do."""
    return life, NOTHING if life.callback_seen else (_read_account(False),)


def nothing(life: Life, phase: str, heard: Heard) -> tuple[Life, Effects]:
    return life, NOTHING


TABLE: dict[tuple[str, type], tuple[str, Action]] = {
    ("absent", StartSidecar): ("spawning", run),
    ("absent", StopSidecar): ("absent", not_there),
    ("spawning", ProcessStarted): ("greeting", greet),
    ("spawning", ProcessFailed): ("absent", not_started),
    ("greeting", Greeted): ("speaking", speak),
    ("greeting", GreetingFailed): ("killing", kill),
    ("greeting", AccountCallback): ("greeting", early_callback),
    ("greeting", StopSidecar): ("closing", close),
    ("greeting", Hung): ("killing", kill),
    ("greeting", ProcessExited): ("absent", gone),
    ("speaking", AccountCallback): ("speaking", read_account),
    ("speaking", CallbackDue): ("speaking", read_unasked),
    ("speaking", StopSidecar): ("closing", close),
    ("speaking", Hung): ("killing", kill),
    ("speaking", ProcessExited): ("absent", gone),
    ("closing", GraceOver): ("terminating", terminate),
    ("closing", StopSidecar): ("closing", nothing),
    ("closing", ProcessExited): ("absent", gone),
    ("closing", AccountCallback): ("closing", nothing),
    ("closing", Hung): ("closing", nothing),  # its end is under way
    ("closing", Greeted): ("closing", nothing),
    ("closing", GreetingFailed): ("closing", nothing),
    ("terminating", GraceOver): ("killing", kill_at_last),
    ("terminating", StopSidecar): ("terminating", nothing),
    ("terminating", ProcessExited): ("absent", gone),
    ("terminating", AccountCallback): ("terminating", nothing),
    ("terminating", Hung): ("terminating", nothing),
    ("terminating", Greeted): ("terminating", nothing),
    ("terminating", GreetingFailed): ("terminating", nothing),
    ("killing", StopSidecar): ("killing", remember_stop),
    ("killing", ProcessExited): ("absent", gone),
    ("killing", AccountCallback): ("killing", nothing),
    ("killing", Hung): ("killing", nothing),
    ("killing", GreetingFailed): ("killing", nothing),
    ("killing", Greeted): ("killing", nothing),
}
"""`(phase, message) -> (next phase, action)`."""
