"""What a person ordered of the whole tree, and what came of it: recovery, fallback, kill switch.

An order is answered exactly once: at once when it is refused or nothing is to be done, else when its effect shows, when
it can no longer come, or at its deadline. The kill switch is written to the config file before anything else happens.
"""

from __future__ import annotations

from typing import Any, Literal

from actors.machines import process as life
from actors.machines.actions import ALREADY, FALLBACK, RECOVER, standing_of, why_not
from actors.machines.children import live, start_given_up
from actors.machines.effects import (
    ConfigChanged,
    ConfigRefused,
    ConfigSaved,
    ConfigSeen,
    Effect,
    NoteFallback,
    SaveConfig,
    SaveKillSwitch,
    Send,
    Wake,
)
from actors.machines.modes import mode_of
from actors.machines.standing import Handled, Now, Order, Supervision, facts_of, stream_expected
from actors.tree import BY_ROLE
from messages.auth import RetryAuthRequested
from messages.calls import FallbackRequested, RecoverHybridRequested, SupervisionDone
from messages.config import ChangeConfig, SetKillSwitch

ORDER_DEADLINE_MS = 60_000
"""An order whose effect does not show for this long has failed; what it set in motion goes on."""
ORDERS_MAX = 16
"""Orders that wait for their effect at once; one more recovery or fallback is refused, a kill switch never is."""

Code = Literal["FAILED", "NOT_NOW", "CONFLICT", "TIMED_OUT"]
Kind = Literal["recover", "fallback", "switch"]


def recover(machine: Supervision, heard: RecoverHybridRequested, now: Now) -> Handled:
    """Leave the fallback and every crash loop or wait, and have the account read if that is what is missing."""
    answer = _at_once(machine, heard.command_id, RECOVER)
    if answer:
        return answer, ""
    effects: list[Effect] = [NoteFallback(on=False)] if machine.fallback else []
    machine.fallback = False
    effects += start_given_up(machine, ("crash_loop", "backing_off"), now)
    process = machine.process
    if process.state in ("crash_loop", "backing_off"):
        effects += live(machine, life.RestartOrdered(), now)
    elif process.state == "running" and process.initialized and machine.auth != "authenticated":
        # Its own id: what auth says of it is not the end of the recovery.
        effects.append(Send("auth", RetryAuthRequested(command_id=f"{heard.command_id}/auth")))
    return [*effects, *_open(machine, heard.command_id, "recover")], "recovery ordered by a person"


def fall_back(machine: Supervision, heard: FallbackRequested, now: Now) -> Handled:
    """No live stream until `recoverHybrid`. The next start of the runtime streams again."""
    answer = _at_once(machine, heard.command_id, FALLBACK)
    if answer:
        return answer, ""
    machine.fallback = True
    effects: list[Effect] = [NoteFallback(on=True)]
    return [*effects, *_open(machine, heard.command_id, "fallback")], "fallback ordered by a person"


def turn_switch(machine: Supervision, heard: SetKillSwitch, now: Now) -> Handled:
    """Have it written first; `saved` or `not_saved` goes on from there."""
    if machine.stopping:
        return [_done(heard.command_id, False, "the tree stops")], ""
    return [SaveKillSwitch(heard.command_id, heard.on, heard.expected_revision)], ""


def saved(machine: Supervision, heard: ConfigSaved, now: Now) -> Handled:
    """The switch is durable: from here on it holds, whatever dies."""
    machine.config = heard.seen
    result = _switch(heard.seen)
    word = "on" if heard.seen.kill_switch else "off"
    cause = f"a person turned the stream kill switch {word} (revision {heard.seen.revision})"
    if heard.seen.kill_switch:
        return _open(machine, heard.command_id, "switch"), cause
    if machine.settings.kill_switch:
        text = "the switch is off in the config, but the host's settings hold it on"
        return [_done(heard.command_id, False, text, result=result)], cause
    expected, why = stream_expected(machine)
    text = "the stream kill switch is off: the live stream resumes" if expected else f"the switch is off; still, {why}"
    return [_done(heard.command_id, True, text, result=result)], cause


def change_config(machine: Supervision, heard: ChangeConfig, now: Now) -> Handled:
    """Have it written; nothing of it holds before the next start."""
    if machine.stopping:
        return [_done(heard.command_id, False, "the tree stops")], ""
    return [SaveConfig(heard.command_id, heard.changes, heard.expected_revision)], ""


def changed(machine: Supervision, heard: ConfigChanged, now: Now) -> Handled:
    """The file has the choices."""
    machine.config = heard.seen
    text = "written; it holds from the next start on"
    cause = f"a person changed the config (revision {heard.seen.revision})"
    return [_done(heard.command_id, True, text, result={"revision": heard.seen.revision})], cause


def not_saved(machine: Supervision, heard: ConfigRefused, now: Now) -> Handled:
    """The file was not written, or somebody else changed it meanwhile: nothing of the wish holds."""
    code: Code = "CONFLICT" if heard.conflict else "FAILED"
    answer = _done(heard.command_id, False, heard.text, code, _switch(heard.seen))
    return [answer], seen(machine, heard.seen, now)[1]


def seen(machine: Supervision, heard: ConfigSeen, now: Now) -> Handled:
    """Somebody else changed the file."""
    machine.config = heard
    word = "on" if heard.kill_switch else "off"
    return [], heard.fault or f"config.toml says that the stream kill switch is {word} (revision {heard.revision})"


def expired(machine: Supervision, command_id: str) -> Handled:
    """Its deadline came."""
    if not any(order.command_id == command_id for order in machine.orders):
        return [], ""
    machine.orders = tuple(order for order in machine.orders if order.command_id != command_id)
    _, why = mode_of(facts_of(machine))
    text = f"not done within {ORDER_DEADLINE_MS // 1000} s: {why}"
    return [_done(command_id, False, text, "TIMED_OUT")], ""


def ended(machine: Supervision) -> list[Effect]:
    """The tree stops: nothing more comes of what was ordered."""
    orders, machine.orders = machine.orders, ()
    return [_done(order.command_id, False, "the tree stops") for order in orders]


def outcomes(machine: Supervision) -> list[Effect]:
    """Answers to the orders whose effect shows now, or can no longer come."""
    effects: list[Effect] = []
    still_open: list[Order] = []
    for order in machine.orders:
        came = _recovered(machine, order) if order.kind == "recover" else _silenced(machine, order)
        if came is None:
            still_open.append(order)
        else:
            effects.append(came)
    machine.orders = tuple(still_open)
    return effects


def _recovered(machine: Supervision, order: Order) -> Effect | None:
    process = machine.process
    expected, why = stream_expected(machine)
    if not expected:
        return _done(order.command_id, False, why)
    if mode_of(facts_of(machine))[0] == "HYBRID_ACTIVE":
        return _done(order.command_id, True, f"hybrid is active as generation {process.generation}")
    if process.state == "crash_loop":
        return _done(order.command_id, False, f"the sidecar does not stay up: {process.last_error}")
    for role, kid in machine.kids.items():
        if BY_ROLE[role].stream_part and kid.state == "crash_loop":
            return _done(order.command_id, False, f"{role} crash-loops: {kid.last_error}")
    proved = process.initialized and machine.auth_generation == process.generation
    if proved and machine.auth_moves > order.auth_moves and machine.auth in ("needs_login", "logged_out"):
        return _done(order.command_id, False, f"auth is {machine.auth}: {machine.auth_cause}")
    return None


def _silenced(machine: Supervision, order: Order) -> Effect | None:
    """The effect of the fallback and of the switch: there is no process any more."""
    if stream_expected(machine)[0]:
        return _done(order.command_id, False, "a later command brought the live stream back")
    if machine.process.state not in ("stopped", "crash_loop"):
        return None
    if order.kind == "switch":
        text = "the stream kill switch is on and durable; the sidecar is stopped"
        return _done(order.command_id, True, text, result=_switch(machine.config))
    return _done(order.command_id, True, "capture runs on OTEL only until recoverHybrid; the sidecar is stopped")


def _at_once(machine: Supervision, command_id: str, action: str) -> list[Effect]:
    """The answer to an order that changes nothing: refused by the table, done already, too many."""
    assert machine.status is not None, "orders come after the beginning"
    why = "the tree stops" if machine.stopping else why_not(machine.status, action)
    if not why and len(machine.orders) >= ORDERS_MAX:
        why = f"{ORDERS_MAX} orders are under way already"
    if why:
        return [_done(command_id, False, why, "NOT_NOW")]
    already = ALREADY.get((standing_of(machine.status), action))
    return [_done(command_id, True, already)] if already else []


def _open(machine: Supervision, command_id: str, kind: Kind) -> list[Effect]:
    machine.orders = (*machine.orders, Order(command_id, kind, machine.auth_moves))
    return [Wake(ORDER_DEADLINE_MS, f"order:{command_id}")]


def _switch(seen: ConfigSeen) -> dict[str, Any]:
    return {"on": seen.kill_switch, "revision": seen.revision}


def _done(command_id: str, ok: bool, text: str, code: Code = "FAILED", result: dict[str, Any] | None = None) -> Effect:
    done = SupervisionDone(command_id=command_id, ok=ok, text=text, code=code, result=result or {})
    return Send("facade", done)
