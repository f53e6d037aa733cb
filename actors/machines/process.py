"""The life of the sidecar process as the supervisor sees it: when it starts, waits, stops, and is given up.

`stopped → starting → running → (backing_off → starting)* → crash_loop`, and `stopping`. A new process is a new
generation; what is said about an older one is `Stale` and changes nothing. DESIGN sections 3 and 4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from actors.machines.effects import NOTHING, Effects, MachineRefused, Send, Wake
from actors.machines.restarts import CrashLoop, RestartWindow, after_exit
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
from messages.status import SidecarState


@dataclass(frozen=True, slots=True)
class Process:
    """What the supervisor knows of the sidecar process."""

    timing: Timing = field(default_factory=Timing)
    state: SidecarState = "stopped"
    generation: int = 0
    pid: int | None = None
    window: RestartWindow = field(default_factory=RestartWindow)
    epoch: int = 0
    """Numbers the waits, so that an old wake-up is nothing."""
    last_error: str = ""
    initialize_sent: bool = False
    initialized: bool = False
    healthy: bool = False
    health_reason: str = "no process yet"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A process should run, and every part that it needs is there."""


@dataclass(frozen=True, slots=True)
class Unwanted:
    """No process should run: kill switch, fallback, or the tree stops."""

    reason: str


@dataclass(frozen=True, slots=True)
class RestartOrdered:
    """A person asks for a new process: clears the window and leaves `crash_loop`. `Wanted` is what starts it."""


@dataclass(frozen=True, slots=True)
class OwnerLost:
    """SidecarActor died; the process ends with it (parent-death signal, stdin at EOF)."""


@dataclass(frozen=True, slots=True)
class BackoffOver:
    """The wait before a restart is over; one of an older epoch is nothing."""

    epoch: int


@dataclass(frozen=True, slots=True)
class StopDone:
    """The process ended because it was asked to."""


@dataclass(frozen=True, slots=True)
class Crashed:
    """The process ended unasked, or could not be started."""

    text: str


@dataclass(frozen=True, slots=True)
class Stale:
    """It speaks of an older generation or an older wait."""


Heard = (
    SidecarStarted
    | SidecarSpawnFailed
    | SidecarExited
    | HandshakeChanged
    | StreamHealthChanged
    | Wanted
    | Unwanted
    | RestartOrdered
    | OwnerLost
    | BackoffOver
)
Word = (
    SidecarStarted
    | HandshakeChanged
    | StreamHealthChanged
    | Wanted
    | Unwanted
    | RestartOrdered
    | OwnerLost
    | BackoffOver
    | StopDone
    | Crashed
)


def refine(process: Process, heard: Heard) -> Word | Stale:
    """One word of the table. Whatever speaks of an older generation or wait is `Stale`."""
    if isinstance(heard, BackoffOver):
        return heard if heard.epoch == process.epoch else Stale()
    if isinstance(heard, Wanted | Unwanted | RestartOrdered | OwnerLost):
        return heard
    if heard.generation != process.generation:
        return Stale()
    if isinstance(heard, SidecarExited):
        return StopDone() if heard.requested else Crashed(heard.text)
    if isinstance(heard, SidecarSpawnFailed):
        return Crashed(heard.text)
    return heard


Action = Callable[[Process, SidecarState, "Word", int], tuple[Process, Effects]]


def step(process: Process, heard: Heard, now_ms: int) -> tuple[Process, Effects] | MachineRefused:
    """Apply one message at `now_ms` (monotonic)."""
    word = refine(process, heard)
    if isinstance(word, Stale):
        return process, NOTHING
    row = TABLE.get((process.state, type(word)))
    if row is None:
        return MachineRefused(process.state, type(word).__name__)
    state, action = row
    return action(process, state, word, now_ms)


def _blank(process: Process, state: SidecarState, why: str) -> Process:
    return replace(
        process,
        state=state,
        pid=None,
        initialize_sent=False,
        initialized=False,
        healthy=False,
        health_reason=why,
        epoch=process.epoch + 1,
    )


def start(process: Process, state: SidecarState, word: Word, now_ms: int) -> tuple[Process, Effects]:
    generation = process.generation + 1
    moved = replace(_blank(process, state, "starting"), generation=generation)
    return moved, (Send("sidecar", StartSidecar(generation=generation)),)


def forgive(process: Process, state: SidecarState, word: Word, now_ms: int) -> tuple[Process, Effects]:
    """A person's restart is not a crash: the window is cleared, and the start is not counted in it.

    The start itself is `Wanted`'s, in the same step if all parts are there. Tried: starting here. Without its actor
    nobody hears `StartSidecar`, and the process stays in `starting` for ever.
    """
    return replace(_blank(process, state, "restart ordered"), window=RestartWindow(), last_error=""), NOTHING


def started(process: Process, state: SidecarState, word: Word, now_ms: int) -> tuple[Process, Effects]:
    assert isinstance(word, SidecarStarted)
    return replace(process, state=state, pid=word.pid, health_reason="handshake is not done"), NOTHING


def crashed(process: Process, state: SidecarState, word: Word, now_ms: int) -> tuple[Process, Effects]:
    """Back off and start again, or give up. What cannot be a row: the next state hangs on the window."""
    assert isinstance(word, Crashed)
    timing = process.timing
    window, decision = after_exit(process.window, now_ms, timing, timing.backoff_min_ms)
    if isinstance(decision, CrashLoop):
        given_up = replace(_blank(process, "crash_loop", word.text), window=window)
        return replace(given_up, last_error=word.text), NOTHING
    waiting = replace(_blank(process, state, word.text), window=window, last_error=word.text)
    return waiting, (Wake(decision.after_ms, "sidecar_backoff", waiting.epoch),)


def owner_lost(process: Process, state: SidecarState, word: Word, now_ms: int) -> tuple[Process, Effects]:
    """The actor's restart is counted with the actor; the process is started again as soon as the actor is back."""
    moved = _blank(process, state, "its actor died")
    return replace(moved, last_error="its actor died"), NOTHING


def stop(process: Process, state: SidecarState, word: Word, now_ms: int) -> tuple[Process, Effects]:
    reason = word.reason if isinstance(word, Unwanted) else "restart"
    moved = replace(process, state=state, healthy=False, health_reason=reason)
    return moved, (Send("sidecar", StopSidecar(reason=reason)),)


def stop_to_restart(process: Process, state: SidecarState, word: Word, now_ms: int) -> tuple[Process, Effects]:
    moved, effects = stop(replace(process, window=RestartWindow()), state, word, now_ms)
    return replace(moved, last_error=""), effects


def restart_later(process: Process, state: SidecarState, word: Word, now_ms: int) -> tuple[Process, Effects]:
    return replace(process, window=RestartWindow()), NOTHING


def stopped(process: Process, state: SidecarState, word: Word, now_ms: int) -> tuple[Process, Effects]:
    return _blank(process, state, "stopped"), NOTHING


def greeted(process: Process, state: SidecarState, word: Word, now_ms: int) -> tuple[Process, Effects]:
    assert isinstance(word, HandshakeChanged)
    return replace(process, initialize_sent=word.initialize_sent, initialized=word.initialized), NOTHING


def health(process: Process, state: SidecarState, word: Word, now_ms: int) -> tuple[Process, Effects]:
    assert isinstance(word, StreamHealthChanged)
    return replace(process, healthy=word.healthy, health_reason=word.reason), NOTHING


def nothing(process: Process, state: SidecarState, word: Word, now_ms: int) -> tuple[Process, Effects]:
    return process, NOTHING


TABLE: dict[tuple[str, type], tuple[SidecarState, Action]] = {
    ("stopped", Wanted): ("starting", start),
    ("stopped", Unwanted): ("stopped", nothing),
    ("stopped", RestartOrdered): ("stopped", forgive),
    ("stopped", OwnerLost): ("stopped", nothing),
    ("starting", Wanted): ("starting", nothing),
    ("starting", Unwanted): ("stopping", stop),
    ("starting", RestartOrdered): ("starting", nothing),  # a start is under way already
    ("starting", OwnerLost): ("stopped", owner_lost),
    ("starting", SidecarStarted): ("running", started),
    ("starting", Crashed): ("backing_off", crashed),
    ("starting", StopDone): ("stopped", stopped),
    ("running", Wanted): ("running", nothing),
    ("running", Unwanted): ("stopping", stop),
    ("running", RestartOrdered): ("stopping", stop_to_restart),
    ("running", OwnerLost): ("stopped", owner_lost),
    ("running", Crashed): ("backing_off", crashed),
    ("running", StopDone): ("stopped", stopped),
    ("running", HandshakeChanged): ("running", greeted),
    ("running", StreamHealthChanged): ("running", health),
    ("backing_off", Wanted): ("backing_off", nothing),
    ("backing_off", Unwanted): ("stopped", stopped),
    ("backing_off", RestartOrdered): ("stopped", forgive),
    ("backing_off", OwnerLost): ("stopped", owner_lost),
    ("backing_off", BackoffOver): ("starting", start),
    ("stopping", Wanted): ("stopping", nothing),
    ("stopping", Unwanted): ("stopping", nothing),
    ("stopping", RestartOrdered): ("stopping", restart_later),
    ("stopping", OwnerLost): ("stopped", owner_lost),
    ("stopping", StopDone): ("stopped", stopped),
    ("stopping", Crashed): ("stopped", stopped),  # it ended while being stopped: nothing to restart
    ("stopping", SidecarStarted): ("stopping", nothing),
    ("stopping", HandshakeChanged): ("stopping", nothing),
    ("stopping", StreamHealthChanged): ("stopping", nothing),
    ("crash_loop", Wanted): ("crash_loop", nothing),  # zero starts until a person says so
    ("crash_loop", Unwanted): ("crash_loop", nothing),
    ("crash_loop", RestartOrdered): ("stopped", forgive),
    ("crash_loop", OwnerLost): ("crash_loop", nothing),
}
"""`(state, word) -> (next state, action)`."""
