"""One fault on a running house, and the phases that follow it, measured at a listener.

With HYBRID_CAPTURE_SAMPLES=FILE the phases are appended there as JSON lines, one per fault: ms from the fault to the
first status that shows it, to everything running again, and to a stored turn. HYBRID_CAPTURE_FAULTS says how many.
"""

from __future__ import annotations

import os
import signal
import statistics
import time
from pathlib import Path
from typing import Any

import orjson

from messages.settings import Timing
from tests.live.house import House

FAULTS = int(os.environ.get("HYBRID_CAPTURE_FAULTS", "20"))
PATIENT = Timing(
    restarts_max=10_000, actor_backoff_ms=0, backoff_min_ms=20, backoff_max_ms=20,
    ping_interval_ms=100, ping_deadline_ms=400, liveness_interval_ms=200, liveness_deadline_ms=300,
)  # fmt: skip
"""So many faults within a minute would be a crash loop; the loop has tests of its own."""


def fault(house: House, name: str, how: signal.Signals) -> dict[str, float]:
    """One fault; ms until it is seen, until everything runs again, until a turn is stored."""
    before = house.runtime.status()
    generation = before["sidecar"]["generation"]
    pids = {each["name"]: each["pid"] for each in before["actors"]}
    with house.runtime.subscribe() as events:
        assert events.next(5) is not None  # the status as it is
        begun = time.monotonic()
        house.kill(name, how)
        noticed = None
        while True:
            event = events.next(30)
            assert event is not None, f"{name} did not come back"
            if event.get("event") != "status":
                continue
            status = event["status"]
            now_ms = (time.monotonic() - begun) * 1000
            if noticed is None and _shows(status, name, pids, generation):
                noticed = now_ms
            if noticed is not None and _healthy(status, name, pids, generation):
                healthy = now_ms
                break
    house.turn(house.thread(), "SCN:plain after")
    return {"noticed": noticed, "healthy": healthy, "stored": (time.monotonic() - begun) * 1000}


def _shows(status: dict[str, Any], name: str, pids: dict[str, int], generation: int) -> bool:
    if status["mode"] != "HYBRID_ACTIVE":
        return True
    if name == "codex":
        return bool(status["sidecar"]["generation"] != generation)
    return any(each["name"] == name and each["pid"] != pids[name] for each in status.get("actors", []))


def _healthy(status: dict[str, Any], name: str, pids: dict[str, int], generation: int) -> bool:
    if status["mode"] != "HYBRID_ACTIVE":
        return False
    if name in ("codex", "sidecar"):
        return bool(status["sidecar"]["generation"] > generation)
    return name not in pids or any(e["name"] == name and e["pid"] not in (None, pids[name]) for e in status["actors"])


def report(name: str, how: signal.Signals, samples: list[dict[str, float]]) -> None:
    file = os.environ.get("HYBRID_CAPTURE_SAMPLES")
    if file:
        with Path(file).open("ab") as out:
            for sample in samples:
                out.write(orjson.dumps({"process": name, "signal": how.name, **sample}) + b"\n")
    # Bounds here are deadlines of the tree, not targets: those are measured in benchmarks/.
    assert statistics.median(sample["healthy"] for sample in samples) < 20_000
