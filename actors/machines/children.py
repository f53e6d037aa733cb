"""What the supervisor does with its children: start an actor, and apply the process table to the sidecar's process."""

from __future__ import annotations

from dataclasses import replace

from actors.machines import process as life
from actors.machines.effects import Effect, MachineRefused, Start
from actors.machines.restarts import RestartWindow
from actors.machines.standing import Now, Supervision
from actors.tree import BY_ROLE
from messages.status import ActorState, Role


def start_actor(machine: Supervision, role: Role, now: Now) -> list[Effect]:
    """A new incarnation of this actor."""
    kid = machine.kids[role]
    born = replace(
        kid, state="starting", incarnation=kid.incarnation + 1, pid=None, since_ms=now.mono, asked_ms=None,
        epoch=kid.epoch + 1,
    )  # fmt: skip
    machine.kids[role] = born
    return [Start(role, born.incarnation)]


def start_given_up(machine: Supervision, states: tuple[ActorState, ...], now: Now) -> list[Effect]:
    """Start every part of stream or baseline in one of these states, with a fresh window: a person asked for it."""
    effects: list[Effect] = []
    for role, kid in machine.kids.items():
        if (BY_ROLE[role].stream_part or BY_ROLE[role].baseline_part) and kid.state in states:
            machine.kids[role] = replace(kid, window=RestartWindow())
            effects += start_actor(machine, role, now)
    return effects


def live(machine: Supervision, heard: life.Heard, now: Now) -> list[Effect]:
    """One step of the sidecar process's table. A refused pair changes nothing."""
    outcome = life.step(machine.process, heard, now.mono)
    if isinstance(outcome, MachineRefused):
        return []
    machine.process, effects = outcome
    return list(effects)
