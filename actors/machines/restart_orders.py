"""The sidecar's restarts that a person ordered: answered when the next process speaks, or as soon as it cannot come."""

from __future__ import annotations

from actors.machines import process as life
from actors.machines.children import live, start_given_up
from actors.machines.effects import Effect, Send
from actors.machines.standing import Handled, Now, Supervision, stream_expected
from actors.tree import BY_ROLE
from messages.calls import RestartSidecarRequested, SupervisionDone

RESTARTS_ORDERED_MAX = 16
"""Restart commands that wait for their effect at once; one more is refused."""


def restart(machine: Supervision, heard: RestartSidecarRequested, now: Now) -> Handled:
    """A new process, whatever state the old one is in; parts that were given up get another try."""
    expected, why = stream_expected(machine)
    if machine.stopping:
        why = "the tree stops"
    elif expected and len(machine.restart_commands) >= RESTARTS_ORDERED_MAX:
        why = f"{RESTARTS_ORDERED_MAX} restarts are under way already"
    if why:
        return [Send("facade", SupervisionDone(command_id=heard.command_id, ok=False, text=why))], ""
    machine.restart_commands = (*machine.restart_commands, heard.command_id)
    effects = start_given_up(machine, ("crash_loop",), now)
    return [*effects, *live(machine, life.RestartOrdered(), now)], "restart ordered by a person"


def outcomes(machine: Supervision) -> list[Effect]:
    """What the ordered restarts came to, as soon as it shows; nothing while it is open."""
    process, kids = machine.process, machine.kids
    if not machine.restart_commands:
        return []
    expected, why = stream_expected(machine)
    if not expected:
        return answer(machine, False, why)
    if process.state == "running" and process.initialized:
        return answer(machine, True, f"sidecar runs as generation {process.generation}")
    if process.state == "crash_loop":
        return answer(machine, False, f"the sidecar does not stay up: {process.last_error}")
    for role, kid in kids.items():
        if BY_ROLE[role].stream_part and kid.state == "crash_loop":
            return answer(machine, False, f"{role} crash-loops: {kid.last_error}")
    return []


def answer(machine: Supervision, ok: bool, text: str) -> list[Effect]:
    """The same to all of them: one process is what they all asked for."""
    commands, machine.restart_commands = machine.restart_commands, ()
    return [Send("facade", SupervisionDone(command_id=each, ok=ok, text=text)) for each in commands]
