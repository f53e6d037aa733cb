"""The `run` verb: a runtime in the foreground that says how it stands, and ends in order when it is told to."""

from __future__ import annotations

import contextlib
import os
import time
from typing import Any

from hybrid_capture.console import MODE_STYLES, Screen
from hybrid_capture.inbox import SIGNAL, Event, Inbox, signals_to
from hybrid_capture.panel_address import NoPanel
from hybrid_capture.problems import DONE, NO_RUNTIME, Problem
from hybrid_capture.root_process import root_log
from hybrid_capture.runtime import CaptureRuntime
from hybrid_capture.settings import Settings

GATEWAY_S = 15.0
"""How long the gateway, which starts beside the tree, is waited for: on a busy machine it takes seconds to load."""


def run(settings: Settings, screen: Screen) -> int:
    """Capture until SIGINT, SIGTERM or SIGHUP. Errors: those of `CaptureRuntime.start`; Problem when it gave up."""
    inbox = Inbox()
    runtime = CaptureRuntime(settings, kind="run")
    runtime.subscribe(lambda event: inbox.put(event) if event.get("event") == "status" else None)
    with signals_to(inbox, "SIGINT", "SIGTERM", "SIGHUP"):
        runtime.start()
        try:
            screen.record({"event": "ready", "pid": os.getpid(), "stateDir": str(runtime.state_dir)})
            _tell_addresses(runtime, settings.otlp, screen)
            screen.say(f"capturing into {runtime.state_dir} (pid {os.getpid()}); Ctrl-C stops it")
            _watch(runtime, inbox, screen)
            screen.say("stopping: everything staged is accounted for first")
        finally:
            runtime.stop("the command line was told to stop")
    screen.record({"event": "stopped"})
    screen.say("stopped")
    return DONE


def _tell_addresses(runtime: CaptureRuntime, wanted: bool, screen: Screen) -> None:
    """Where the tools export to, and where the panel is, for one browser. The tokens stay in the state folder."""
    addresses = runtime.addresses
    panel = ""
    with contextlib.suppress(NoPanel):
        panel = runtime.panel_address(timeout_s=GATEWAY_S)
    fault = addresses["fault"] or ("" if wanted else "the OTLP receiver is switched off")
    line: Event = {"event": "listening", "otlp": addresses["otlp"] or None, "panel": panel or None}
    screen.record({**line, "fault": fault} if fault else line)
    screen.say(f"telemetry goes to {addresses['otlp']}" if addresses["otlp"] else f"no telemetry: {fault}")
    if panel:
        screen.say(f"the panel is at {panel} (once, for ten minutes; `hybrid-capture panel` gives another)")


def _watch(runtime: CaptureRuntime, inbox: Inbox, screen: Screen) -> None:
    last: Event = {}
    while (event := inbox.next()) != SIGNAL:
        assert event is not None, "without a deadline something always comes"
        status = event["status"]
        _tell(last, status, screen)
        last = status
        if runtime.given_up:
            text = f"{runtime.given_up}: see {root_log(runtime.state_dir)}, then start it again"
            raise Problem("GAVE_UP", text, NO_RUNTIME)


def _tell(before: Event, status: Event, screen: Screen) -> None:
    mode, reason = status["mode"], status["mode_reason"]
    if screen.json:
        told = changes(before, status)
        if not told and reason != before.get("mode_reason"):
            told = [{"event": "status"}]
        for change in told:
            screen.record({**change, "mode": mode, "modeReason": reason, "atMs": _at_ms(status)})
    elif (mode, reason) != (before.get("mode"), before.get("mode_reason")):
        at = time.strftime("%H:%M:%S", time.localtime(_at_ms(status) / 1000))
        screen.say(f"{at}  {mode:<18}  {reason}", MODE_STYLES.get(mode, "") if mode != before.get("mode") else "dim")


def changes(before: Event, after: Event) -> list[Event]:
    """The transitions between two statuses, in the words of the transition log; the mode comes last.

    The first status is a transition from "". A status without a tree names the mode alone.
    """
    old, new = words(before), words(after)
    return [
        {"event": "transition", "what": what, "who": who, "before": old.get((what, who), ("", ""))[0],
         "after": word, "cause": cause}
        for (what, who), (word, cause) in new.items()
        if word != old.get((what, who), ("", ""))[0]
    ]  # fmt: skip


def words(status: Event) -> dict[tuple[str, str], tuple[str, str]]:
    """`(what, who)` -> one word, and why it holds."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for actor in status.get("actors", ()):
        found["actor", actor["name"]] = (actor["state"], f"{actor['restarts']} restarts")
    if "sidecar" in status:
        sidecar, handshake = status["sidecar"], status["handshake"]
        state = f"{sidecar['state']} (generation {sidecar['generation']})"
        found["sidecar", "sidecar"] = (state, sidecar["last_error"] or "")
        greeted = "initialized" if handshake["initialized"] else "none"
        greeted = "initialize_sent" if handshake["initialize_sent"] and greeted == "none" else greeted
        found["handshake", "handshake"] = (greeted, "")
        found["auth", "auth"] = (status["auth"]["state"], status["auth"]["mode"] or "")
        found["stream", "stream"] = (_health(status["stream_healthy"]), status["stream_reason"])
        for source in status.get("sources", ()):
            found["source", source["name"]] = (_health(source["healthy"]), source["reason"])
        found["baseline", "baseline"] = (_health(status["baseline"]["healthy"]), status["baseline"]["reason"])
        found["kill_switch", "kill_switch"] = ("on" if status["kill_switch"] else "off", status["config"]["fault"])
        found["fallback", "fallback"] = ("on" if status["fallback"] else "off", "")
    if status:
        found["mode", "mode"] = (status["mode"], status["mode_reason"])
    return found


def _health(healthy: bool) -> str:
    return "healthy" if healthy else "not healthy"


def _at_ms(status: dict[str, Any]) -> int:
    return int(status.get("at_ms") or time.time() * 1000)
