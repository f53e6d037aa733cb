"""How a runtime stands, for a person. JSON goes out as it came in and is not touched here."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from hybrid_capture.client import ANSWER_DEADLINE_S, attach
from hybrid_capture.console import MODE_STYLES, Screen
from hybrid_capture.problems import DONE, Problem
from hybrid_capture.statefolder import find_runtime

AWAY_S = 5.0
"""How long a runtime that is just starting is given to answer."""


def status(folder: Path, screen: Screen) -> int:
    """Print how the runtime of this state folder stands. Errors: NotRunning, Unanswered, Problem."""
    here = find_runtime(folder)
    told = _status(folder)
    told["runtime"] = {"pid": here.pid, "kind": here.kind, "run_id": here.run_id, "state_dir": str(folder.absolute())}
    screen.record(told)
    screen.say(told["mode"], f"bold {MODE_STYLES.get(told['mode'], '')}")
    screen.say(told["mode_reason"])
    screen.table(("part", "state", "pid", "more"), _status_rows(told))
    return DONE


def _status(folder: Path) -> dict[str, Any]:
    until = time.monotonic() + AWAY_S
    with attach(folder) as client:
        while True:
            answer = client.ask({"command": "getStatus"}, ANSWER_DEADLINE_S)
            if answer["answer"] == "status":
                told: dict[str, Any] = answer["status"]
                return told
            if answer["code"] != "AWAY" or time.monotonic() > until:
                raise Problem(answer["code"], answer["text"])
            time.sleep(0.1)


def _status_rows(told: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    sidecar, auth, baseline = told["sidecar"], told["auth"], told["baseline"]
    handshake = "initialized" if told["handshake"]["initialized"] else "no handshake"
    error = f"; last: {sidecar['last_error']}" if sidecar["last_error"] else ""
    more = f"generation {sidecar['generation']}, {sidecar['restarts_in_window']} restarts in a minute, {handshake}"
    ledger = told["ledger"]
    if "missing" in ledger:
        books = ("ledger", "unknown", "", ledger["missing"])
    else:
        counts = ", ".join(f"{count} {name}" for name, count in sorted(ledger["dispositions"].items()))
        balanced = "balanced" if ledger["balanced"] else "NOT BALANCED"
        books = ("ledger", balanced, "", f"{ledger['received']} frames: {counts or '-'}; {ledger['staged']} staged")
    return [
        ("sidecar", sidecar["state"], str(sidecar["pid"] or ""), more + error),
        ("auth", auth["state"], "", " ".join(filter(None, (auth["mode"], auth["plan"])))),
        ("stream", "healthy" if told["stream_healthy"] else "not healthy", "", told["stream_reason"]),
        ("kill switch", "on" if told["kill_switch"] else "off", "", told["config"]["fault"]),
        *((("fallback", "on", "", "until `hybrid-capture recover hybrid`"),) if told["fallback"] else ()),
        ("baseline", "healthy" if baseline["healthy"] else "not healthy", "", baseline["reason"]),
        *(
            (
                f"source {each['name']}",
                "healthy" if each["healthy"] else "not healthy",
                "",
                " ".join(filter(None, (each["address"], each["reason"]))),
            )
            for each in told.get("sources", ())
        ),
        books,
        ("possible now", ", ".join(told["actions"]), "", ""),
        *(
            (f"actor {each['name']}", each["state"], str(each["pid"] or ""), f"{each['restarts']} restarts")
            for each in told["actors"]
        ),
    ]
