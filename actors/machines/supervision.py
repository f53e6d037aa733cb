"""What the supervisor decides: who is started again and when, who hangs, which mode holds, in which order all leave.

One machine for the whole tree, because the capture mode depends on all of it. The life of the sidecar process is a
table of its own in `process.py`; the restart rule is `restarts.py`; the mode is `modes.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from actors.machines import process as life
from actors.machines.effects import (
    NOTHING,
    ActorExited,
    Effect,
    Effects,
    Exit,
    Introduce,
    KillActor,
    MachineRefused,
    Send,
    Start,
    Wake,
    Woke,
)
from actors.machines.restarts import CrashLoop, RestartWindow, after_exit
from actors.machines.standing import Now, Supervision, changes, same, status_of, stream_expected
from actors.tree import BY_ROLE, CHILDREN, ROLES
from messages.auth import AuthStateChanged
from messages.calls import RestartSidecarRequested, StatusChanged, SupervisionDone
from messages.lifecycle import ActorFaulted, Leave, Left, Ping, Pong, Ready, StopTree, TreeReady, TreeStopped
from messages.records import BaselineProbed, KeepTransitions, TransitionsKept
from messages.sidecar import HandshakeChanged, SidecarExited, SidecarSpawnFailed, SidecarStarted, StreamHealthChanged
from messages.status import (
    Role,
    Transition,
)

UNKEPT_TRANSITIONS_MAX = 10_000
"""Transitions held while ingest is away. Over: the oldest is let go; it was pushed to listeners when it happened."""
KEPT_AT_ONCE = 200
LEAVE_DEADLINE_MS = 5_000
"""An actor that was asked to leave and is still there after this long gets SIGKILL."""


def begin(machine: Supervision, now: Now) -> Effects:
    """Start every child in order, and the clockwork."""
    machine.process = replace(machine.process, timing=machine.settings.timing)
    machine.baseline_at_ms = now.mono
    effects: list[Effect] = []
    for role in ROLES:
        effects += _start(machine, role, now)
    effects.append(Wake(machine.settings.timing.ping_interval_ms, "tick"))
    return (*effects, *_settle(machine, now, "the tree starts"))


def step(machine: Supervision, heard: Any, now: Now) -> Effects | MachineRefused:
    """Apply one message; afterwards mode, transitions and status follow from what is known."""
    handler = HANDLERS.get(type(heard))
    if handler is None:
        return MachineRefused("stopping" if machine.stopping else "running", type(heard).__name__)
    effects, cause = handler(machine, heard, now)
    return (*effects, *_settle(machine, now, cause))


Answered = tuple[list[Effect], str]


def _start(machine: Supervision, role: Role, now: Now) -> list[Effect]:
    kid = machine.kids[role]
    born = replace(
        kid, state="starting", incarnation=kid.incarnation + 1, pid=None, since_ms=now.mono, asked_ms=None,
        epoch=kid.epoch + 1,
    )  # fmt: skip
    machine.kids[role] = born
    return [Start(role, born.incarnation)]


def _ready(machine: Supervision, heard: Ready, now: Now) -> Answered:
    kid = machine.kids[heard.role]
    if heard.incarnation != kid.incarnation or kid.state != "starting":
        return [], ""
    machine.kids[heard.role] = replace(kid, state="running", pid=heard.pid, since_ms=now.mono, asked_ms=None)
    effects: list[Effect] = [Introduce()]
    if heard.role == "ingest":
        machine.sent_through = 0  # what was on its way to the old one is sent again
    if not machine.announced and all(kid.state == "running" for kid in machine.kids.values()):
        machine.announced = True
        pids: dict[Role, int] = {role: kid.pid or 0 for role, kid in machine.kids.items()}
        effects.append(Send("root", TreeReady(supervisor_pid=machine.pid, pids=pids)))
    return effects, f"{heard.role} is running"


def _exited(machine: Supervision, heard: ActorExited, now: Now) -> Answered:
    kid = machine.kids[heard.role]
    if heard.incarnation != kid.incarnation or kid.state in ("backing_off", "crash_loop", "stopped"):
        return [], ""
    if machine.stopping:
        machine.kids[heard.role] = replace(kid, state="stopped", pid=None)
        return [*_next_to_leave(machine, now)], f"{heard.role} left"
    text = kid.last_error or "process exited"
    effects: list[Effect] = []
    if heard.role == "sidecar":
        effects += _live(machine, life.OwnerLost(), now)
    if heard.role == "ingest":
        machine.baseline_healthy, machine.baseline_reason = False, "ingest is down"
    timing = machine.settings.timing
    window, decision = after_exit(kid.window, now.mono, timing, timing.actor_backoff_ms)
    if isinstance(decision, CrashLoop):
        machine.kids[heard.role] = replace(kid, state="crash_loop", pid=None, window=window, last_error=text)
        return effects, f"{heard.role} crash-loops: {text}"
    down = replace(
        kid, state="backing_off", pid=None, window=window, restarts=kid.restarts + 1, epoch=kid.epoch + 1,
        last_error="",
    )  # fmt: skip
    machine.kids[heard.role] = down
    if decision.after_ms == 0:
        # The window allows it and nothing is gained by waiting: a leaf is back in about 10 ms.
        return [*effects, *_start(machine, heard.role, now)], f"{heard.role} exited: {text}"
    effects.append(Wake(decision.after_ms, f"restart_{heard.role}", down.epoch))
    return effects, f"{heard.role} exited: {text}"


def _faulted(machine: Supervision, heard: ActorFaulted, now: Now) -> Answered:
    kid = machine.kids[heard.role]
    if heard.incarnation == kid.incarnation:
        machine.kids[heard.role] = replace(kid, last_error=f"fault while handling {heard.doing}: {heard.text}")
    return [], ""


def _pong(machine: Supervision, heard: Pong, now: Now, role: Role) -> Answered:
    kid = machine.kids[role]
    if heard.incarnation == kid.incarnation and heard.n == machine.pings:
        machine.kids[role] = replace(kid, asked_ms=None, since_ms=now.mono)
    return [], ""


@dataclass(frozen=True, slots=True)
class PongFrom:
    """A pong with the role that the shell proved its sender to be."""

    role: Role
    pong: Pong


def _woke(machine: Supervision, heard: Woke, now: Now) -> Answered:
    if heard.name == "tick":
        return _tick(machine, now)
    if heard.name == "sidecar_backoff":
        return _live(machine, life.BackoffOver(heard.epoch), now), "backoff is over"
    if heard.name.startswith("restart_"):
        role = next(role for role in ROLES if heard.name == f"restart_{role}")
        kid = machine.kids[role]
        if heard.epoch == kid.epoch and kid.state == "backing_off" and not machine.stopping:
            return _start(machine, role, now), f"{role} is started again"
    return [], ""


def _tick(machine: Supervision, now: Now) -> Answered:
    """Ping everybody, find who hangs, notice a silent baseline, resend what ingest did not confirm."""
    timing = machine.settings.timing
    effects: list[Effect] = [Wake(timing.ping_interval_ms, "tick")]
    cause = ""
    for role, kid in machine.kids.items():
        if kid.state == "starting" and now.mono - kid.since_ms >= timing.start_deadline_ms:
            machine.kids[role] = replace(kid, last_error="did not start in time", since_ms=now.mono)
            effects.append(KillActor(role))
        elif kid.asked_ms is not None and now.mono - kid.asked_ms >= timing.ping_deadline_ms:
            late_ms = now.mono - kid.asked_ms
            machine.kids[role] = replace(kid, last_error=f"hung: no answer for {late_ms} ms", asked_ms=None)
            effects.append(KillActor(role))
    machine.pings += 1
    for role, kid in machine.kids.items():
        if kid.state == "running":
            effects.append(Send(role, Ping(n=machine.pings)))
            if kid.asked_ms is None:
                machine.kids[role] = replace(kid, asked_ms=now.mono)
    if machine.stopping:
        for role, kid in machine.kids.items():
            if kid.state in ("running", "starting") and now.mono - machine.leave_asked_ms >= LEAVE_DEADLINE_MS:
                machine.stop_clean = False
                effects.append(KillActor(role))
        if not machine.unkept and _only_ingest_is_left(machine):
            effects += _next_to_leave(machine, now, kept=True)
    elif now.mono - machine.baseline_at_ms >= timing.probe_deadline_ms and machine.baseline_healthy:
        machine.baseline_healthy, machine.baseline_reason = False, "no probe write was committed in time"
        cause = "no probe write was committed in time"
    machine.sent_through = 0
    return effects, cause


def _live(machine: Supervision, heard: life.Heard, now: Now) -> list[Effect]:
    """One step of the sidecar process's table. A refused pair changes nothing."""
    outcome = life.step(machine.process, heard, now.mono)
    if isinstance(outcome, MachineRefused):
        return []
    machine.process, effects = outcome
    return list(effects)


def _sidecar(machine: Supervision, heard: Any, now: Now) -> Answered:
    text = getattr(heard, "text", "") or getattr(heard, "reason", "")
    effects = _live(machine, heard, now)
    if machine.process.state == "crash_loop" and machine.restart_commands:
        effects += _restart_answers(machine, False, f"the sidecar does not stay up: {text}")
    return effects, text or type(heard).__name__


def _auth(machine: Supervision, heard: AuthStateChanged, now: Now) -> Answered:
    machine.auth, machine.auth_cause = heard.state, heard.cause
    machine.auth_mode, machine.auth_plan = heard.mode, heard.plan
    return [], heard.cause


def _baseline(machine: Supervision, heard: BaselineProbed, now: Now) -> Answered:
    machine.baseline_healthy, machine.baseline_reason = heard.healthy, heard.reason
    machine.baseline_at_ms = now.mono
    return [], heard.reason


def _restart(machine: Supervision, heard: RestartSidecarRequested, now: Now) -> Answered:
    if not stream_expected(machine)[0]:
        why = stream_expected(machine)[1]
        return [Send("facade", SupervisionDone(command_id=heard.command_id, ok=False, text=why))], ""
    machine.restart_commands = (*machine.restart_commands, heard.command_id)[-16:]
    effects: list[Effect] = []
    for role, kid in machine.kids.items():
        if BY_ROLE[role].stream_part and kid.state == "crash_loop":
            machine.kids[role] = replace(kid, window=RestartWindow())
            effects += _start(machine, role, now)
    return [*effects, *_live(machine, life.RestartOrdered(), now)], "restart ordered by a person"


def _restart_answers(machine: Supervision, ok: bool, text: str) -> list[Effect]:
    commands, machine.restart_commands = machine.restart_commands, ()
    return [Send("facade", SupervisionDone(command_id=each, ok=ok, text=text)) for each in commands]


def _stop(machine: Supervision, heard: StopTree, now: Now) -> Answered:
    if machine.stopping:
        return [], ""
    machine.stopping = True
    return _next_to_leave(machine, now), heard.reason


def _left(machine: Supervision, heard: Left, now: Now) -> Answered:
    kid = machine.kids[heard.role]
    if not machine.stopping or heard.incarnation != kid.incarnation:
        return [], ""
    machine.kids[heard.role] = replace(kid, state="stopped", pid=None)
    return _next_to_leave(machine, now), f"{heard.role} left"


def _next_to_leave(machine: Supervision, now: Now, kept: bool = False) -> list[Effect]:
    """The last started leaves first; the next one is asked when it is gone, so that its last words are heard."""
    machine.leave_asked_ms = now.mono
    for role in reversed(ROLES):
        if machine.kids[role].state in ("running", "starting"):
            # Ingest goes last, when it has kept how everybody else went: `_kept` and the tick come back here.
            waits = role == "ingest" and (machine.unkept or not kept)
            return [] if waits else [Send(role, Leave(reason="the tree stops"))]
    return [Send("root", TreeStopped(clean=machine.stop_clean)), Exit()]


def _kept(machine: Supervision, heard: TransitionsKept, now: Now) -> Answered:
    machine.unkept = tuple(each for each in machine.unkept if each.seq > heard.through_seq)
    if machine.stopping and not machine.unkept and _only_ingest_is_left(machine):
        return _next_to_leave(machine, now, kept=True), ""
    return [], ""


def _only_ingest_is_left(machine: Supervision) -> bool:
    return all(kid.state not in ("running", "starting") for role, kid in machine.kids.items() if role != "ingest")


def _settle(machine: Supervision, now: Now, cause: str) -> Effects:
    """Start or stop the sidecar as wanted, then tell what changed: transitions in order, status, answers."""
    effects: list[Effect] = []
    expected, why = stream_expected(machine)
    parts = all(machine.kids[each.role].state == "running" for each in CHILDREN if each.stream_part)
    if machine.stopping or not expected:
        if machine.process.state not in ("stopped", "stopping", "crash_loop") and not machine.stopping:
            effects += _live(machine, life.Unwanted(why), now)
    elif parts and machine.process.state == "stopped":
        effects += _live(machine, life.Wanted(), now)
    before, after = machine.status, status_of(machine, now)
    moves = changes(before, after)
    if not moves and before is not None and same(before, after):
        return (*effects, *_resend(machine))
    machine.revision += 1
    machine.status = after.model_copy(update={"revision": machine.revision})
    for what, who, old, new in moves:
        machine.transition_seq += 1
        moved = Transition(
            seq=machine.transition_seq, what=what, who=who, before=old, after=new, cause=cause or after.mode_reason,
            at_ms=now.wall, monotonic_ms=now.mono,
        )  # fmt: skip
        machine.unkept = (*machine.unkept, moved)[-UNKEPT_TRANSITIONS_MAX:]
    effects.append(Send("facade", StatusChanged(status=machine.status)))
    if machine.restart_commands and machine.process.state == "running" and machine.process.initialized:
        effects += _restart_answers(machine, True, f"sidecar runs as generation {machine.process.generation}")
    return (*effects, *_resend(machine))


def _resend(machine: Supervision) -> Effects:
    """Transitions go to ingest in order, and again at each tick until it says that they are kept."""
    if machine.kids["ingest"].state != "running":
        return NOTHING
    fresh = tuple(each for each in machine.unkept if each.seq > machine.sent_through)[:KEPT_AT_ONCE]
    if not fresh:
        return NOTHING
    machine.sent_through = fresh[-1].seq
    return (Send("ingest", KeepTransitions(transitions=fresh)),)


def _pong_from(machine: Supervision, heard: PongFrom, now: Now) -> Answered:
    return _pong(machine, heard.pong, now, heard.role)


HANDLERS: dict[type, Callable[[Supervision, Any, Now], Answered]] = {
    Ready: _ready,
    ActorExited: _exited,
    ActorFaulted: _faulted,
    PongFrom: _pong_from,
    Woke: _woke,
    SidecarStarted: _sidecar,
    SidecarSpawnFailed: _sidecar,
    SidecarExited: _sidecar,
    HandshakeChanged: _sidecar,
    StreamHealthChanged: _sidecar,
    AuthStateChanged: _auth,
    BaselineProbed: _baseline,
    RestartSidecarRequested: _restart,
    StopTree: _stop,
    Left: _left,
    TransitionsKept: _kept,
}
"""What the supervisor listens to; anything else is refused."""
