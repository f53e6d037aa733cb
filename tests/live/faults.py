"""One fault on a running house, and the phases that follow it.

With HYBRID_CAPTURE_SAMPLES=FILE the phases are appended there as JSON lines, one per fault. HYBRID_CAPTURE_FAULTS says
how many. `benchmarks/recovery.py` prints them as a table.
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
SPINE = ("supervisor", "admin", "root")


def fault(house: House, name: str, how: signal.Signals) -> dict[str, float | None]:
    """One fault, and the ms from it to each phase; None for a phase that was not seen.

    At a listener in the host: `visible`, the first status that shows it; `active`, HYBRID_ACTIVE with a new process;
    `stored`, a new turn is durable. From the transition log: `noticed`, `decided` (a new process is asked for),
    `restarted` (it reported). The log's monotonic clock is the host's: one clock per machine.
    """
    before = house.runtime.status()
    generation = before["sidecar"]["generation"]
    pids = {each["name"]: each["pid"] for each in before["actors"]}
    with house.runtime.subscribe() as events:
        assert events.next(5) is not None  # the status as it is
        begun = time.monotonic()
        house.kill(name, how)
        visible = None
        while True:
            event = events.next(30)
            assert event is not None, f"{name} did not come back"
            if event.get("event") != "status":
                continue
            status = event["status"]
            now_ms = (time.monotonic() - begun) * 1000
            if visible is None and _shows(status, name, pids, generation):
                visible = now_ms
            if visible is not None and _healthy(status, name, pids, generation):
                active = now_ms
                break
    house.turn(house.thread(), "SCN:plain after")
    stored = (time.monotonic() - begun) * 1000
    return {"visible": visible, "active": active, "stored": stored, **_logged(house, name, begun * 1000)}


def _logged(house: House, name: str, begun_ms: float) -> dict[str, float | None]:
    """What the transition log says of the fault. The supervisor is its witness, so of the end of the spine the log
    knows only what the new tree wrote: its start is the decision."""
    who = "sidecar" if name == "codex" else name
    kind = "sidecar" if name == "codex" else "actor"
    rows = house.rows(f"SELECT what, who, after, monotonic_ms FROM transitions WHERE monotonic_ms >= {int(begun_ms)}")
    ours = [(after, at - begun_ms) for what, of, after, at in rows if (what, of) == (kind, who)]
    if name in SPINE:
        ours = [("starting", at - begun_ms) for what, _, _, at in rows if what == "mode"][:1]
        ours += [("running", at - begun_ms) for what, _, after, at in rows if (what, after) == ("actor", "running")]
    return {
        "noticed": None if name in SPINE else min((at for _, at in ours), default=None),
        "decided": next((at for after, at in ours if after.startswith("starting")), None),
        "restarted": next((at for after, at in ours if after.startswith("running")), None),
    }


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


def report(name: str, how: signal.Signals, samples: list[dict[str, float | None]]) -> None:
    file = os.environ.get("HYBRID_CAPTURE_SAMPLES")
    if file:
        with Path(file).open("ab") as out:
            for sample in samples:
                out.write(orjson.dumps({"process": name, "signal": how.name, **sample}) + b"\n")
    # Bounds here are deadlines of the tree, not targets: those are measured in benchmarks/.
    assert statistics.median(sample["active"] or 0 for sample in samples) < 20_000
