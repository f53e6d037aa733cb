"""How the tree stops: one after the other, the last started first, and ingest when it has kept how all others went."""

from __future__ import annotations

from dataclasses import replace

from actors.machines import orders, restart_orders
from actors.machines.effects import Effect, Exit, Send
from actors.machines.standing import Handled, Now, Supervision
from actors.tree import ROLES
from messages.lifecycle import Leave, Left, StopTree, TreeStopped
from messages.status import Role

LEAVE_DEADLINE_MS = 5_000
"""An actor that was asked to leave and is still there after this long gets SIGKILL."""


def stop(machine: Supervision, heard: StopTree, now: Now) -> Handled:
    """From here on nothing is started. Asked again, nothing happens."""
    if machine.stopping:
        return [], ""
    machine.stopping = True
    over = [*restart_orders.answer(machine, False, "the tree stops"), *orders.ended(machine)]
    return [*over, *next_to_leave(machine, now)], heard.reason


def left(machine: Supervision, heard: Left, now: Now) -> Handled:
    """One is gone by itself: the next one is asked."""
    kid = machine.kids[heard.role]
    if not machine.stopping or heard.incarnation != kid.incarnation or kid.state == "stopped":
        return [], ""
    machine.kids[heard.role] = replace(kid, state="stopped", pid=None)
    return next_to_leave(machine, now), f"{heard.role} left"


def next_to_leave(machine: Supervision, now: Now, kept: bool = False) -> list[Effect]:
    """The last started leaves first; the next one is asked when it is gone, so that its last words are heard."""
    role = _whose_turn(machine)
    if role is None:
        return [Send("root", TreeStopped(clean=machine.stop_clean)), Exit()]
    if role != machine.leaving:
        machine.leaving, machine.leave_asked_ms = role, now.mono
    # Ingest goes last, when it has kept how everybody else went: `log_is_kept` comes back here.
    waits = role == "ingest" and (machine.unkept or not kept)
    return [] if waits else [Send(role, Leave(reason="the tree stops"))]


def _whose_turn(machine: Supervision) -> Role | None:
    """Who leaves now, if the tree stops and anybody is left."""
    if not machine.stopping:
        return None
    return next((role for role in reversed(ROLES) if machine.kids[role].state in ("running", "starting")), None)


def overdue(machine: Supervision, role: Role, now: Now) -> bool:
    """It was asked to leave, and its time is over."""
    return role == _whose_turn(machine) and now.mono - machine.leave_asked_ms >= LEAVE_DEADLINE_MS


def log_is_kept(machine: Supervision, now: Now) -> list[Effect]:
    """Ingest's turn, if the tree stops, all others are gone and every transition is kept; else nothing."""
    if machine.stopping and not machine.unkept and _only_ingest_is_left(machine):
        return next_to_leave(machine, now, kept=True)
    return []


def _only_ingest_is_left(machine: Supervision) -> bool:
    return all(kid.state not in ("running", "starting") for role, kid in machine.kids.items() if role != "ingest")
