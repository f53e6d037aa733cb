"""The transition log on its way to the store: numbered without a hole, held until ingest says that it is kept."""

from __future__ import annotations

from typing import Any

from actors.machines.effects import NOTHING, Effects, Send
from actors.machines.standing import Now, Supervision
from messages.records import KeepTransitions, TransitionsKept
from messages.status import Transition

UNKEPT_TRANSITIONS_MAX = 10_000
"""Transitions held while ingest is away. Over: further ones are only pushed to listeners, and get no number, since the
log takes no holes."""
KEPT_AT_ONCE = 200
"""Transitions of one message to ingest."""


def note(machine: Supervision, moves: list[tuple[Any, str, str, str]], cause: str, now: Now) -> None:
    """Number what changed (`standing.changes`); it leaves with `sent`."""
    for what, who, old, new in moves:
        if len(machine.unkept) >= UNKEPT_TRANSITIONS_MAX:
            break
        machine.transition_seq += 1
        moved = Transition(
            seq=machine.transition_seq, what=what, who=who, before=old, after=new, cause=cause,
            at_ms=now.wall, monotonic_ms=now.mono,
        )  # fmt: skip
        machine.unkept = (*machine.unkept, moved)


def sent(machine: Supervision) -> Effects:
    """Transitions go to ingest in order, and again at each tick until it says that they are kept."""
    if machine.kids["ingest"].state != "running":
        return NOTHING
    fresh = tuple(each for each in machine.unkept if each.seq > machine.sent_through)[:KEPT_AT_ONCE]
    if not fresh:
        return NOTHING
    machine.sent_through = fresh[-1].seq
    return (Send("ingest", KeepTransitions(transitions=fresh)),)


def kept(machine: Supervision, heard: TransitionsKept) -> None:
    """These are durable."""
    machine.unkept = tuple(each for each in machine.unkept if each.seq > heard.through_seq)
