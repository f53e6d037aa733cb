"""Which recovery commands make sense now: one table. The facade allows by it, and every status shows its row.

It looks at a status only, so whoever has the status can check it: the panel, a test, a replay.
"""

from __future__ import annotations

from typing import Literal

from actors.tree import BY_ROLE
from messages.status import TreeStatus

Standing = Literal["killed", "disabled", "fallback", "down", "greeted", "active"]
"""How the live stream stands, as far as recovery goes. Of the baseline only its actors are in it: no command here
mends a disk or frees a port.

`killed` by the switch · `disabled` in the settings · `fallback` by a person · `down`: no process that speaks, or a part
was given up · `greeted`: it speaks, and auth or health is missing · `active`: all there.
"""

RECOVER, FALLBACK, AUTH, RESTART, SWITCH = (
    "recoverHybrid", "fallbackToOtelOnly", "retryAuth", "restartSidecar", "setStreamKillSwitch",
)  # fmt: skip

OFFERED: dict[Standing, tuple[str, ...]] = {
    "killed": (SWITCH,),
    "disabled": (SWITCH,),
    "fallback": (RECOVER, SWITCH),
    "down": (RECOVER, FALLBACK, RESTART, SWITCH),
    "greeted": (RECOVER, FALLBACK, AUTH, RESTART, SWITCH),
    "active": (FALLBACK, AUTH, RESTART, SWITCH),
}
"""What is shown to a person."""

ALREADY: dict[tuple[Standing, str], str] = {
    ("active", RECOVER): "already active",
    ("fallback", FALLBACK): "already on OTEL only",
}
"""What is not shown, and changes nothing, but is no mistake either: a second click. It succeeds with this text."""


def standing_of(status: TreeStatus) -> Standing:
    """The row of the table."""
    if status.kill_switch:
        return "killed"
    if status.fallback:
        return "fallback"
    if not status.stream_expected:
        return "disabled"
    needed = [each for each in status.actors if BY_ROLE[each.name].stream_part or BY_ROLE[each.name].baseline_part]
    parts = all(each.state == "running" for each in needed)
    if not (parts and status.sidecar.state == "running" and status.handshake.initialized):
        return "down"
    return "active" if status.auth.state == "authenticated" and status.stream_healthy else "greeted"


def offered_actions(status: TreeStatus) -> tuple[str, ...]:
    """The recovery commands that make sense in this status, in the order in which a person should think of them."""
    return OFFERED[standing_of(status)]


def why_not(status: TreeStatus, action: str) -> str:
    """Why this command is refused now, as a sentence; empty when it is offered or changes nothing."""
    standing = standing_of(status)
    if action in OFFERED[standing] or (standing, action) in ALREADY:
        return ""
    return {
        "killed": "not possible while the stream kill switch is on: turn it off first",
        "disabled": "not possible while live streaming is switched off in the settings",
        "fallback": "not possible in the fallback: recoverHybrid first",
    }.get(standing, f"not possible while the sidecar is {status.sidecar.state} and its stream not ready")
