"""The phases of one fault, on the monotonic clock, seen from outside.

At a listener in the host: `visible`, the first status that shows the fault; `active`, the wanted end with a new process
where one was lost. From the transition log of the file: `noticed`, `decided` (a new process is asked for), `restarted`
(it reported). `caught_up`: a new turn is durable and the books balance. The log's clock is the host's: one per machine.
What was not seen is None, never 0.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chaos.drilling.stage import Stage
from messages.settings import Timing

SPINE = ("supervisor", "admin", "root")
NAMES = ("noticed", "visible", "decided", "restarted", "active", "caught_up")
"""In the order in which they are told."""
WAIT_S = 60.0
PATIENT = Timing(restarts_max=10_000, actor_backoff_ms=0, backoff_min_ms=20, backoff_max_ms=20)
"""So many faults within a minute would be a crash loop. What is silent counts as hung as late as it does for a user:
with shorter deadlines a busy machine was blamed on the parts that waited for it."""
FIRST = Timing(restarts_max=10_000, backoff_max_ms=Timing().backoff_min_ms)
"""A user's deadlines: only that faults come often counts for nothing."""
TIMINGS = {"patient": PATIENT, "first": FIRST, "default": Timing()}

Status = dict[str, Any]


class NotSeen(Exception):
    """Something that the drill waited for did not come; the text names it."""


@dataclass
class Before:
    """How things stood before the fault."""

    generation: int
    pids: dict[str, int]


@dataclass
class Watch:
    """Statuses as a listener in the host hears them, each with its moment in ms of the monotonic clock."""

    heard: list[tuple[float, Status]] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def hear(self, event: dict[str, Any]) -> None:
        """On the runtime's thread."""
        if event.get("event") == "status":
            with self.changed:
                self.heard.append((now_ms(), event["status"]))
                self.changed.notify_all()

    def first(self, fits: Callable[[Status], bool], since_ms: float, what: str, wait_s: float = WAIT_S) -> float:
        """The moment of the first status after `since_ms` that fits. Errors: NotSeen."""
        end, place = time.monotonic() + wait_s, 0
        with self.changed:
            while True:
                while place < len(self.heard):
                    at_ms, status = self.heard[place]
                    place += 1
                    if at_ms >= since_ms and fits(status):
                        return at_ms
                if not self.changed.wait(max(0.0, end - time.monotonic())):
                    last = self.heard[-1][1] if self.heard else {}
                    said = f"{last.get('mode')}: {last.get('mode_reason')}"
                    raise NotSeen(f"{what} was not seen within {wait_s:g} s (last: {said})")


def now_ms() -> float:
    """The monotonic clock of the machine, in ms."""
    return time.monotonic_ns() / 1e6


def before(stage: Stage) -> Before:
    status = stage.runtime.status()
    return Before(status["sidecar"]["generation"], {each["name"]: each["pid"] for each in status["actors"]})


def shows(part: str, was: Before) -> Callable[[Status], bool]:
    """Whether a status shows that this part was lost."""

    def fits(status: Status) -> bool:
        if status["mode"] != "HYBRID_ACTIVE":
            return True
        if part == "codex":
            return bool(status["sidecar"]["generation"] != was.generation)
        return any(each["name"] == part and each["pid"] != was.pids.get(part) for each in status.get("actors", []))

    return fits


def returned(part: str, was: Before) -> Callable[[Status], bool]:
    """Whether a status shows HYBRID_ACTIVE with another process for this part."""

    def fits(status: Status) -> bool:
        if status["mode"] != "HYBRID_ACTIVE":
            return False
        if part in ("codex", "sidecar"):
            return bool(status["sidecar"]["generation"] > was.generation)
        known = was.pids.get(part)
        return known is None or any(e["name"] == part and e["pid"] not in (None, known) for e in status["actors"])

    return fits


def logged(stage: Stage, part: str, begun_ms: float) -> dict[str, float | None]:
    """What the transition log says of the fault. The supervisor is its witness, so of the end of the spine the log
    knows only what the new tree wrote: its start is the decision."""
    who = "sidecar" if part == "codex" else part
    kind = "sidecar" if part == "codex" else "actor"
    rows = stage.rows(f"SELECT what, who, after, monotonic_ms FROM transitions WHERE monotonic_ms >= {int(begun_ms)}")
    ours = [(after, at - begun_ms) for what, of, after, at in rows if (what, of) == (kind, who)]
    if part in SPINE:
        ours = [("starting", at - begun_ms) for what, _, _, at in rows if what == "mode"][:1]
        ours += [("running", at - begun_ms) for what, _, after, at in rows if (what, after) == ("actor", "running")]
    first = min((at - begun_ms for *_, at in rows), default=None)
    return {
        "noticed": None if part in SPINE else min((at for _, at in ours), default=first),
        "decided": next((at for after, at in ours if after.startswith("starting")), None),
        "restarted": next((at for after, at in ours if after.startswith("running")), None),
    }
