"""A host program that embeds capture: one session from the first word to what the store has of it.

    python examples/embed.py --state-dir ~/.my-host/capture --cwd ~/project "explain this repository"

What a host has to think about, in the order in which it comes up here: where things are kept; that capture degrades
instead of failing; live lines, which are redacted and may be missed; approvals, which are the host's to decide; what is
durable, and when; an end in order. Everything else is the runtime's: processes, restarts, login evidence, redaction.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from hybrid_capture import CaptureRuntime, Settings

PATIENCE_S = 600.0
ASKED_MAX = 10
"""How often the ledger is asked for."""


class Host:
    """The part of a host that talks to capture. One turn at a time."""

    def __init__(self, runtime: CaptureRuntime, allow: bool) -> None:
        self._runtime = runtime
        self._allow = allow

    def take_turn(self, prompt: str, cwd: Path | None) -> dict[str, Any]:
        """Say something in a new session; gives what the store has when the turn is durable."""
        with self._runtime.subscribe(live=True) as events:  # before the turn, so that nothing of it is missed
            thread = self._do({"command": "startThread", "cwd": str(cwd) if cwd else None})["threadId"]
            turn = self._do({"command": "startTurn", "threadId": thread, "text": prompt})["turnId"]
            while (event := events.next(PATIENCE_S)) is not None:
                if event["event"] == "gap":
                    print(f"({event['missed']} events were missed; the store has them all)")
                elif event["event"] == "approvalRequested":
                    self._decide(event)
                elif event["event"] == "live":
                    print(event["text"], end="")
                elif event["event"] == "turnStored" and event["turnId"] == turn:
                    break
            else:
                raise SystemExit(f"the turn was not stored within {PATIENCE_S:g} s")
        return self._read(thread)

    def _decide(self, asked: dict[str, Any]) -> None:
        """Codex waits for this answer; without one in time it is no. The token is good for this one answer."""
        decision = "accept" if self._allow else "decline"
        print(f"[{asked['kind']}: {asked['summary'].splitlines()[0] if asked['summary'] else '?'} -> {decision}]")
        self._do({"command": "submitApproval", "token": asked["token"], "decision": decision})

    def _do(self, command: dict[str, Any]) -> dict[str, Any]:
        done = self._runtime.do(command)
        if done.get("ok"):
            result: dict[str, Any] = done["result"]
            return result
        raise SystemExit(f"{command['command']}: {done.get('text')} ({done.get('code')})")

    def _read(self, session_id: str) -> dict[str, Any]:
        answer = self._runtime.command({"command": "getSession", "sessionId": session_id})
        if answer["answer"] != "data":
            raise SystemExit(f"the session could not be read: {answer.get('text')}")
        data: dict[str, Any] = answer["data"]
        return data


def told_of(runtime: CaptureRuntime) -> None:
    """A listener costs a host nothing while nothing happens, and hears of every change of mode when it does."""
    heard: list[str] = []

    def listen(event: dict[str, Any]) -> None:
        mode = event["status"]["mode"] if event["event"] == "status" else None
        if mode is not None and heard[-1:] != [mode]:
            heard.append(mode)
            print(f"[capture is {mode}: {event['status']['mode_reason']}]")

    runtime.subscribe(listen)


def main(arguments: list[str] | None = None) -> int:
    """Capture one turn and print what was stored."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("prompt")
    parser.add_argument("--state-dir", type=Path, required=True, help="kept by this host alone; made when missing")
    parser.add_argument("--cwd", type=Path, help="the project that codex works in")
    parser.add_argument("--codex", type=Path, help="looked for on PATH otherwise")
    parser.add_argument("--codex-home", type=Path, help="CODEX_HOME; codex's own default otherwise")
    parser.add_argument("--allow", action="store_true", help="accept what codex asks for; declined otherwise")
    given = parser.parse_args(arguments)

    settings = Settings(
        state_dir=given.state_dir,
        codex=given.codex,
        codex_home=given.codex_home,
        otlp_port=0,  # any free port: a host does not take the one that `hybrid-capture run` has
    )
    with CaptureRuntime(settings) as runtime:
        told_of(runtime)
        # Without a login or without codex this mode never comes. Capture of telemetry and files goes on all the same.
        status = runtime.wait_until(
            lambda each: each["mode"] == "HYBRID_ACTIVE" or _hopeless(each), what="a live session", timeout_s=60.0
        )
        if status["mode"] != "HYBRID_ACTIVE":
            print(f"no live session: {status['mode_reason']}", file=sys.stderr)
            return 1
        stored = Host(runtime, given.allow).take_turn(given.prompt, given.cwd)
        print(f"\nstored as {stored['session']['sessionId']}:")
        for item in stored["items"]:
            print(f"  {item['kind']:<18} {item['status'] or '':<10} {' '.join(item['text'].split())[:80]}")
        ledger = _books(runtime)
        if "missing" in ledger:
            print(f"the ledger: {ledger['missing']}")
        else:
            print(f"received {ledger['received']} lines, balanced: {ledger['balanced']}")
    return 0


def _books(runtime: CaptureRuntime) -> dict[str, Any]:
    """A status waits a second for the ledger and is given without it while the store is busy: it is asked again."""
    for _ in range(ASKED_MAX):
        ledger: dict[str, Any] = runtime.status().get("ledger", {"missing": "the capture tree is down"})
        if "missing" not in ledger:
            break
    return ledger


def _hopeless(status: dict[str, Any]) -> bool:
    """Waiting alone does not mend this."""
    needs_login = status["auth"]["state"] in ("needs_login", "logged_out") and status["handshake"]["initialized"]
    return bool(needs_login or status["sidecar"]["state"] == "crash_loop" or status["kill_switch"])


if __name__ == "__main__":
    sys.exit(main())
