"""One fault on a running house, and how long each phase after it took.

With HYBRID_CAPTURE_SAMPLES=FILE the phases are appended there as JSON lines, one per fault. HYBRID_CAPTURE_FAULTS says
how many of every kind (`make kills`: 20). `benchmarks/recovery.py` prints them as a table.
"""

from __future__ import annotations

import os
import signal
import statistics
from pathlib import Path

import orjson

from chaos.drilling.phases import PATIENT, SPINE, Watch, before, logged, now_ms, returned, shows
from tests.live.house import House
from tests.unhurried import unhurried

__all__ = ["FAULTS", "HANGS", "KILLED", "QUICK", "SPINE", "SPINE_FAULTS", "STOPPED", "fault", "report"]

QUICK = PATIENT.model_copy(
    update={"ping_interval_ms": 100, "ping_deadline_ms": 400, "liveness_interval_ms": 200, "liveness_deadline_ms": 300}
)
"""What is silent counts as hung soon, so that a hang can be repeated often: for benchmarks, on a quiet machine."""
FAULTS = int(os.environ.get("HYBRID_CAPTURE_FAULTS", "20"))
HANGS = int(os.environ.get("HYBRID_CAPTURE_FAULTS", "6"))
"""A stopped leaf is waited for until its deadline: more than a second each."""
SPINE_FAULTS = int(os.environ.get("HYBRID_CAPTURE_FAULTS", "5"))
"""Each costs a whole new tree and the next spare root: two seconds of a core, and nearly as many of waiting."""


OFTEN = {"restarts_max": 10_000, "actor_backoff_ms": 0, "backoff_min_ms": 20, "backoff_max_ms": 20}
"""So many faults within a minute would be a crash loop; the loop has tests of its own."""
KILLED = unhurried(**OFTEN)
STOPPED = unhurried(
    **OFTEN, ping_interval_ms=100, ping_deadline_ms=1_000, liveness_interval_ms=200, liveness_deadline_ms=1_000
)
"""A user's deadlines would take an hour to repeat so often. Shorter ones take a busy machine for a hang."""


def fault(house: House, name: str, how: signal.Signals) -> dict[str, float | None]:
    """One fault, and the ms from it to each phase (`chaos/drilling/phases.py`)."""
    was, watch = before(house), Watch()
    with house.runtime.subscribe(watch.hear):
        begun = now_ms()
        house.kill(name, how)
        visible = watch.first(shows(name, was), begun, f"the end of {name}")
        active = watch.first(returned(name, was), visible, f"{name} again")
    house.turn(house.thread(), "SCN:plain after")
    seen = {"visible": visible - begun, "active": active - begun, "caught_up": now_ms() - begun}
    return {**seen, **logged(house, name, begun)}


def report(name: str, how: signal.Signals, samples: list[dict[str, float | None]]) -> None:
    file = os.environ.get("HYBRID_CAPTURE_SAMPLES")
    if file:
        with Path(file).open("ab") as out:
            for sample in samples:
                out.write(orjson.dumps({"process": name, "signal": how.name, **sample}) + b"\n")
    # Bounds here are deadlines of the tree, not targets: those are measured in benchmarks/.
    assert statistics.median(sample["active"] or 0 for sample in samples) < 30_000
