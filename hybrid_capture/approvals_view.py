"""The `approvals` verbs: what the app-server waits for, whoever started the turn, and the one answer to each.

A verb is a renderer of its own and is shown the open questions with tokens of its own, which it uses and never prints.
What it prints, and takes, is a short name that decides nothing.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from hybrid_capture.asking import TICK_S, Asking, Decision, Keyboard, clock_of, name_of, show, submit, without_token
from hybrid_capture.client import RendererClient, attach
from hybrid_capture.console import Screen
from hybrid_capture.inbox import GONE, SIGNAL, Event, Inbox, signals_to
from hybrid_capture.moments import now_ms
from hybrid_capture.problems import DONE, NO_RUNTIME, USAGE, Problem, result_of

NAME_CHARS_MIN = 4
"""A name may be cut to this many of its characters."""


def listed(folder: Path, screen: Screen) -> int:
    """What waits for a decision now. Errors: NotRunning, Unanswered, Problem."""
    inbox = Inbox()
    with attach(folder, inbox.put) as client:
        questions = _open(client, inbox)
    now = now_ms()
    for event in questions:
        screen.record(without_token(event))
    if not questions:
        screen.say("nothing waits for a decision")
        return DONE
    rows = [
        (name_of(each), each["kind"], clock_of(each["expiresAtMs"] - now), each["sessionId"], _first_line(each))
        for each in questions
    ]
    screen.table(("id", "kind", "left", "session", "asks for"), rows)
    return DONE


def answer(folder: Path, name: str, decision: Decision, screen: Screen) -> int:
    """Answer the question of this name, or whose name begins so. Errors: NotRunning, Unanswered, Problem."""
    if len(name) < NAME_CHARS_MIN:
        raise Problem("BAD_NAME", f"give at least {NAME_CHARS_MIN} characters of an id of `approvals list`", USAGE)
    inbox = Inbox()
    with attach(folder, inbox.put) as client:
        found = [each for each in _open(client, inbox) if name_of(each).startswith(name)]
        if len(found) != 1:
            what = f"{len(found)} open requests begin with {name}" if found else f"no open request is called {name}"
            raise Problem("UNKNOWN_ID", f"{what}: see `hybrid-capture approvals list`")
        body = {"command": "submitApproval", "token": found[0]["token"], "decision": decision}
        result_of(client.do(body))
    screen.record({"decided": decision, "id": name_of(found[0]), "sessionId": found[0]["sessionId"]})
    screen.say(f"decided: {decision} ({found[0]['kind']} {name_of(found[0])})", "yellow")
    return DONE


def watch(folder: Path, ask: bool, for_s: float | None, screen: Screen) -> int:
    """Show every request as it comes, and with `ask` take the decisions of whoever sits here; until Ctrl-C.

    Errors: NotRunning, Unanswered, Problem when the runtime ends.
    """
    inbox = Inbox()
    client = attach(folder, inbox.put)
    client.on_link(inbox.heard_link)
    with signals_to(inbox, "SIGINT", "SIGTERM"), client:
        result_of(client.ask({"command": "subscribe"}))
        if not for_s:
            screen.note("waiting for requests; Ctrl-C ends this, and leaves what is open to others")
        _watch(client, inbox, ask, None if for_s is None else time.monotonic() + for_s, screen)
    return DONE


def _watch(client: RendererClient, inbox: Inbox, ask: bool, until_s: float | None, screen: Screen) -> None:
    def decide(event: Event, decision: Decision) -> None:
        submit(client, event, decision, screen)

    asking = Asking(screen, Keyboard(inbox), decide, now_ms)
    shown: dict[str, str] = {}
    while until_s is None or time.monotonic() < until_s:
        event = inbox.next(TICK_S if until_s is None else min(TICK_S, until_s - time.monotonic()))
        asking.tick()
        if event is None:
            continue
        if event == SIGNAL:
            return
        if event == GONE:
            raise Problem("RUNTIME_GONE", "the runtime ended: what was open ended with it", NO_RUNTIME)
        if event["event"] == "typed":
            asking.typed(event["line"])
        elif event["event"] == "approvalRequested" and event["token"] not in shown:
            shown[event["token"]] = name_of(event)
            screen.record(without_token(event))
            if ask:
                asking.asked(event)
            else:
                show(event, screen, now_ms())
        elif event["event"] == "approvalClosed" and event["token"] in shown:
            name = shown.pop(event["token"])
            screen.record({"id": name, **without_token(event)})
            asking.closed(event["token"], event["outcome"])
            screen.say(f"  {name}: {event['outcome']}", "dim")


def _open(client: RendererClient, inbox: Inbox) -> list[Event]:
    """Every question that stands now. Subscribing brings them all, before the answer to anything asked after it."""
    result_of(client.ask({"command": "subscribe"}))
    client.ask({"command": "getStatus"})
    found: dict[str, Event] = {}
    while (event := inbox.next(0)) is not None:
        if event["event"] == "approvalRequested":
            found[event["token"]] = event
        elif event["event"] == "approvalClosed":
            found.pop(event["token"], None)
    return list(found.values())


def _first_line(event: dict[str, Any]) -> str:
    return next(iter(str(event["summary"]).splitlines()), "")
