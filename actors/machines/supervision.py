"""What the supervisor decides: who is started again and when, who hangs, which mode holds, in which order all leave.

One machine for the whole tree, because the capture mode depends on all of it. The life of the sidecar process is a
table of its own in `process.py`; the restart rule is `restarts.py`; the mode is `modes.py`; what a person orders is
`orders.py` and `restart_orders.py`; the end is `leaving.py`; what is kept of all this is `transition_log.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from actors.machines import leaving, orders, restart_orders, transition_log
from actors.machines import process as life
from actors.machines.children import live as _live
from actors.machines.children import start_actor as _start
from actors.machines.decisions import decides
from actors.machines.effects import (
    ActorExited,
    ConfigChanged,
    ConfigRefused,
    ConfigSaved,
    ConfigSeen,
    Effect,
    Effects,
    Introduce,
    KillActor,
    MachineRefused,
    Send,
    WaitsForDisk,
    Wake,
    Woke,
)
from actors.machines.restarts import CrashLoop, after_exit
from actors.machines.standing import (
    NOT_PROBED,
    Handled,
    Kid,
    Now,
    Probed,
    Supervision,
    changes,
    same,
    sight_of,
    status_of,
    stream_expected,
)
from actors.tree import CHILDREN, ROLES
from messages.auth import AuthStateChanged
from messages.calls import (
    FallbackRequested,
    RecoverHybridRequested,
    RestartSidecarRequested,
    StatusChanged,
    SupervisionDone,
)
from messages.config import ChangeConfig, SetKillSwitch
from messages.lifecycle import (
    ActorFaulted,
    Left,
    Ping,
    Pong,
    Ready,
    StopTree,
    TreeFailed,
    TreeReady,
)
from messages.otlp import SourceProbed
from messages.records import BaselineProbed, StoreSetAside, TransitionsKept
from messages.settings import Timing
from messages.sidecar import HandshakeChanged, SidecarExited, SidecarSpawnFailed, SidecarStarted, StreamHealthChanged
from messages.status import Role


@decides
def begin(machine: Supervision, now: Now) -> Effects:
    """Start every child in order, and the clockwork."""
    machine.process = replace(machine.process, timing=machine.settings.timing)
    machine.store_at_ms = now.mono
    if machine.settings.otlp.enabled:
        machine.sources["otlp"] = replace(NOT_PROBED, at_ms=now.mono)
    effects: list[Effect] = []
    for role in ROLES:
        effects += _start(machine, role, now)
    effects.append(Wake(machine.settings.timing.ping_interval_ms, "tick"))
    return (*effects, *_settle(machine, now, "the tree starts"))


@decides
def step(machine: Supervision, heard: Any, now: Now) -> Effects | MachineRefused:
    """Apply one message; afterwards mode, transitions and status follow from what is known."""
    handler = HANDLERS.get(type(heard))
    if handler is None:
        return MachineRefused("stopping" if machine.stopping else "running", type(heard).__name__)
    effects, cause = handler(machine, heard, now)
    return tuple(sorted((*effects, *_settle(machine, now, cause)), key=_is_answer))


def _is_answer(effect: Effect) -> bool:
    """Answers leave last: who hears that it is done may ask for the next thing at once, and must meet the status that
    this one brought about."""
    return isinstance(effect, Send) and isinstance(effect.message, SupervisionDone)


def _ready(machine: Supervision, heard: Ready, now: Now) -> Handled:
    kid = machine.kids[heard.role]
    if heard.incarnation != kid.incarnation or kid.state != "starting":
        return [], ""
    machine.kids[heard.role] = replace(kid, state="running", pid=heard.pid, since_ms=now.mono, asked_ms=None)
    effects: list[Effect] = [Introduce()]
    if heard.role == "ingest":
        machine.sent_through = 0  # what was on its way to the old one is sent again
    if machine.stopping:
        effects += leaving.next_to_leave(machine, now)  # it could not be asked before: nobody knew its address
    return effects, f"{heard.role} is running"


def _announced(machine: Supervision) -> list[Effect]:
    """Once, when everybody runs or was given up, so that a person hears of it: the facade has to run."""
    kids = machine.kids
    settled = all(kid.state in ("running", "crash_loop") for kid in kids.values())
    if machine.announced or machine.stopping or not settled or kids["facade"].state != "running":
        return []
    machine.announced = True
    pids: dict[Role, int] = {role: kid.pid or 0 for role, kid in kids.items() if kid.state == "running"}
    return [Send("root", TreeReady(supervisor_pid=machine.pid, pids=pids))]


def _exited(machine: Supervision, heard: ActorExited, now: Now) -> Handled:
    kid = machine.kids[heard.role]
    if heard.incarnation != kid.incarnation or kid.state in ("backing_off", "crash_loop", "stopped"):
        return [], ""
    if machine.stopping:
        machine.kids[heard.role] = replace(kid, state="stopped", pid=None)
        return [*leaving.next_to_leave(machine, now)], f"{heard.role} left"
    text = kid.last_error or "process exited"
    effects: list[Effect] = []
    if heard.role == "sidecar":
        effects += _live(machine, life.OwnerLost(), now)
    if heard.role == "ingest":
        machine.store_healthy, machine.store_reason = False, "ingest is down"
    if heard.role == "baseline":
        # What its successor can do is for the next probe to show.
        machine.sources = {name: Probed(False, "the baseline is down", now.mono) for name in machine.sources}
    if heard.role == "auth":
        _unprove(machine, "auth was restarted: waiting for the account")
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


def _faulted(machine: Supervision, heard: ActorFaulted, now: Now) -> Handled:
    kid = machine.kids[heard.role]
    if heard.incarnation == kid.incarnation:
        machine.kids[heard.role] = replace(kid, last_error=f"fault while handling {heard.doing}: {heard.text}")
    return [], ""


def _pong(machine: Supervision, heard: Pong, now: Now, role: Role) -> Handled:
    kid = machine.kids[role]
    if heard.incarnation == kid.incarnation:  # to an older ping too: who answers late is slow, not hung
        machine.kids[role] = replace(kid, asked_ms=None, since_ms=now.mono)
    return [], ""


@dataclass(frozen=True, slots=True)
class PongFrom:
    """A pong with the role that the shell proved its sender to be."""

    role: Role
    pong: Pong


def _woke(machine: Supervision, heard: Woke, now: Now) -> Handled:
    if heard.name == "tick":
        return _tick(machine, now)
    if machine.stopping:
        return [], ""
    if heard.name == "sidecar_backoff":
        return _live(machine, life.BackoffOver(heard.epoch), now), "backoff is over"
    if heard.name.startswith("order:"):
        return orders.expired(machine, heard.name.removeprefix("order:"))
    if heard.name.startswith("restart_"):
        role = next(role for role in ROLES if heard.name == f"restart_{role}")
        kid = machine.kids[role]
        if heard.epoch == kid.epoch and kid.state == "backing_off":
            return _start(machine, role, now), f"{role} is started again"
    return [], ""


def _tick(machine: Supervision, now: Now) -> Handled:
    """Ping everybody, find who hangs, notice a silent baseline, resend what ingest did not confirm."""
    timing = machine.settings.timing
    effects: list[Effect] = [Wake(timing.ping_interval_ms, "tick")]
    cause = ""
    _forgive(machine, now)
    for role, kid in machine.kids.items():
        why = _late(kid, timing, now)
        if why:
            machine.kids[role] = replace(kid, last_error=why, since_ms=now.mono, asked_ms=None)
        elif not leaving.overdue(machine, role, now):
            continue
        effects.append(KillActor(role))
        machine.stop_clean = machine.stop_clean and not machine.stopping
    machine.pings += 1
    for role, kid in machine.kids.items():
        if kid.state == "running":
            effects.append(Send(role, Ping(n=machine.pings)))
            if kid.asked_ms is None:
                machine.kids[role] = replace(kid, asked_ms=now.mono)
    if machine.stopping:
        effects += leaving.log_is_kept(machine, now)
    else:
        cause = _silent_baseline(machine, now)
    machine.sent_through = 0
    return effects, cause


def _late(kid: Kid, timing: Timing, now: Now) -> str:
    """Why it counts as hung; empty when it does not."""
    if kid.state == "starting" and now.mono - kid.since_ms >= timing.start_deadline_ms:
        return "did not start in time"
    if kid.state == "running" and kid.asked_ms is not None and now.mono - kid.asked_ms >= timing.ping_deadline_ms:
        return f"hung: no answer for {now.mono - kid.asked_ms} ms"
    return ""


def late(machine: Supervision, now: Now) -> list[Role]:
    """Who counts as hung at the next tick, unless `WaitsForDisk` is heard of it before."""
    return [role for role, kid in machine.kids.items() if _late(kid, machine.settings.timing, now)]


def _at_disk(machine: Supervision, heard: WaitsForDisk, now: Now) -> Handled:
    """A disk that is slow is no fault of who waits for it, and SIGKILL would reach it no sooner than the disk's answer.
    Its deadline begins anew, as often as it is seen so; that the store does not commit meanwhile is told by its probes.
    """
    kid = machine.kids[heard.role]
    asked = None if kid.asked_ms is None else now.mono
    machine.kids[heard.role] = replace(kid, asked_ms=asked, since_ms=now.mono)
    return [], ""


def _forgive(machine: Supervision, now: Now) -> None:
    """A supervisor that was stopped itself, or a machine that slept, starts every deadline anew: what should have come
    meanwhile may wait unread."""
    timing, before = machine.settings.timing, machine.ticked_ms
    machine.ticked_ms = now.mono
    if before is None or now.mono - before < timing.ping_interval_ms + timing.ping_deadline_ms // 2:
        return
    for role, kid in machine.kids.items():
        asked = None if kid.asked_ms is None else now.mono
        machine.kids[role] = replace(kid, asked_ms=asked, since_ms=now.mono)
    machine.leave_asked_ms = machine.store_at_ms = now.mono
    machine.sources = {name: replace(probed, at_ms=now.mono) for name, probed in machine.sources.items()}


def _silent_baseline(machine: Supervision, now: Now) -> str:
    """A probe that does not come is as bad as one that failed; gives what was noticed."""
    deadline_ms = machine.settings.timing.probe_deadline_ms
    cause = ""
    if machine.store_healthy and now.mono - machine.store_at_ms >= deadline_ms:
        machine.store_healthy, machine.store_reason = False, "no probe write was committed in time"
        cause = machine.store_reason
    for name, probed in machine.sources.items():
        if probed.healthy and now.mono - probed.at_ms >= deadline_ms:
            machine.sources[name] = replace(probed, healthy=False, reason="no probe came back in time")
            cause = cause or f"no probe of {name} came back in time"
    return cause


def _sidecar(machine: Supervision, heard: Any, now: Now) -> Handled:
    text = getattr(heard, "text", "") or getattr(heard, "reason", "")
    return _live(machine, heard, now), text or type(heard).__name__


def _auth(machine: Supervision, heard: AuthStateChanged, now: Now) -> Handled:
    machine.auth, machine.auth_cause = heard.state, heard.cause
    machine.auth_mode, machine.auth_plan = heard.mode, heard.plan
    machine.auth_generation = heard.generation
    machine.auth_moves += 1
    return [], heard.cause


def _unprove(machine: Supervision, why: str) -> None:
    """What was proved of the login is void: whoever proved it is gone."""
    if machine.auth == "authenticated":
        machine.auth, machine.auth_mode, machine.auth_plan, machine.auth_cause = "authenticating", None, None, why


def _baseline(machine: Supervision, heard: BaselineProbed, now: Now) -> Handled:
    machine.store_healthy, machine.store_reason = heard.healthy, heard.reason
    machine.store_at_ms = now.mono
    return [], heard.reason


def _set_aside(machine: Supervision, heard: StoreSetAside, now: Now) -> Handled:
    """Nobody's numbers mean anything to a fresh store: the root begins a new run on it."""
    machine.store_healthy, machine.store_reason = False, heard.text
    return [Send("root", TreeFailed(text=heard.text))], heard.text


def _source(machine: Supervision, heard: SourceProbed, now: Now) -> Handled:
    machine.sources[heard.source] = Probed(heard.healthy, heard.reason, now.mono)
    return [], f"{heard.source}: {heard.reason}"


def _kept(machine: Supervision, heard: TransitionsKept, now: Now) -> Handled:
    transition_log.kept(machine, heard)
    return leaving.log_is_kept(machine, now), ""


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
    if machine.auth_generation != machine.process.generation:
        _unprove(machine, "a new process: waiting for its account")
    effects += [*_announced(machine), *restart_orders.outcomes(machine), *orders.outcomes(machine)]
    sight = sight_of(machine, now)
    if sight == machine.sight:
        return (*effects, *transition_log.sent(machine))
    machine.sight = sight
    before, after = machine.status, status_of(machine, now)
    moves = changes(before, after)
    if not moves and before is not None and same(before, after):
        return (*effects, *transition_log.sent(machine))
    machine.revision += 1
    machine.status = after.model_copy(update={"revision": machine.revision})
    transition_log.note(machine, moves, cause or after.mode_reason, now)
    effects.append(Send("facade", StatusChanged(status=machine.status)))
    return (*effects, *transition_log.sent(machine))


def _pong_from(machine: Supervision, heard: PongFrom, now: Now) -> Handled:
    return _pong(machine, heard.pong, now, heard.role)


HANDLERS: dict[type, Callable[[Supervision, Any, Now], Handled]] = {
    Ready: _ready,
    ActorExited: _exited,
    ActorFaulted: _faulted,
    WaitsForDisk: _at_disk,
    PongFrom: _pong_from,
    Woke: _woke,
    SidecarStarted: _sidecar,
    SidecarSpawnFailed: _sidecar,
    SidecarExited: _sidecar,
    HandshakeChanged: _sidecar,
    StreamHealthChanged: _sidecar,
    AuthStateChanged: _auth,
    BaselineProbed: _baseline,
    StoreSetAside: _set_aside,
    SourceProbed: _source,
    RestartSidecarRequested: restart_orders.restart,
    RecoverHybridRequested: orders.recover,
    FallbackRequested: orders.fall_back,
    SetKillSwitch: orders.turn_switch,
    ChangeConfig: orders.change_config,
    ConfigSaved: orders.saved,
    ConfigChanged: orders.changed,
    ConfigRefused: orders.not_saved,
    ConfigSeen: orders.seen,
    StopTree: leaving.stop,
    Left: leaving.left,
    TransitionsKept: _kept,
}
"""What the supervisor listens to; anything else is refused."""
