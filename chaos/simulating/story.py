"""A simulation told line by line: `>>` arrives, `<<` leaves, `**` happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thespian.actors import ChildActorExited, WakeupMessage, WatchMessage

from actors.envelope import Envelope
from chaos.simulating.clock import START_MONO_US
from chaos.simulating.hosted import Carried
from chaos.simulating.plan import Step

if TYPE_CHECKING:
    from chaos.simulating.world import World

DULL = frozenset({"Ping", "Pong"})
AFTER_A_FAULT, AT_THE_END = 12, 24
"""Lines that are told."""
LINE_CHARS_MAX = 200


def told(world: World) -> tuple[str, ...]:
    """What followed each fault or wish, and the end; without what repeats every second."""
    lines = [line for at_us, who, what, sent in world.story if (line := _line(at_us, who, what, sent))]
    shown: list[str] = []
    last = -1
    follows = 0
    for number, line in enumerate(lines):
        follows = AFTER_A_FAULT if " ** " in line else follows - 1
        if follows >= 0 or number >= len(lines) - AT_THE_END:
            if last != number - 1 and shown:
                shown.append("...")
            shown.append(line)
            last = number
    return tuple(shown)


def _line(at_us: int, who: str, what: Any, sent: tuple[Any, ...]) -> str:
    at = f"{(at_us - START_MONO_US) / 1000:>10.1f} ms"
    if isinstance(what, Step | str):
        return f"{at}  {who:<13} ** {str(what).split('ms  ')[-1]}"
    word = _word(what)
    leaves = [f"{to} {_word(message)}" for to, message in sent if getattr(message, "kind", "") not in DULL]
    if not word or (word.endswith("tick") and not leaves):
        return ""
    tail = f"  << {'; '.join(leaves)}" if leaves else ""
    return f"{at}  {who:<13} >> {word}{tail}"[:LINE_CHARS_MAX]


def _word(what: Any) -> str:
    if isinstance(what, Carried):
        return "" if what.kind in DULL else str(what.message)
    if isinstance(what, Envelope):
        return "" if what.kind in DULL else str(what)
    if isinstance(what, WakeupMessage):
        return f"wake {what.payload.name}"
    if isinstance(what, WatchMessage):
        return "the app-server's pipes"
    if isinstance(what, ChildActorExited):
        return f"{what.childAddress.hosted.name} exited"
    return type(what).__name__
