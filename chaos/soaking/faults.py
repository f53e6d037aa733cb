"""One fault at a time, drawn by lot: which, on whom, and how long it took until all was well again."""

from __future__ import annotations

import contextlib
import random
import time
from dataclasses import dataclass

import psutil

from chaos.drilling.actions import Scene, lock_store, log_in, log_out, send_signal, thaw, unlock_store
from chaos.drilling.stage import Stage

KILLED = (
    "codex",
    "sidecar",
    "stager",
    "auth",
    "facade",
    "ingest",
    "baseline",
    "gateway",
    "supervisor",
    "admin",
    "root",
)
KINDS = {
    **{f"kill {part}": 3 for part in KILLED}, **{f"hang {part}": 1 for part in KILLED}, "lock store": 2, "log out": 2,
}  # fmt: skip
"""How often each is drawn, in relation to the others."""
LOCKED_S = 3.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault and its end."""

    at_s: float
    kind: str
    healthy_ms: float | None
    """From the fault to HYBRID_ACTIVE; None when it was not seen again in time."""


def draw(chance: random.Random) -> str:
    return chance.choices(tuple(KINDS), tuple(KINDS.values()))[0]


def play(stage: Stage, kind: str, at_s: float) -> Fault:
    """Do it, undo it, wait until capture is whole again."""
    scene, begun = Scene(stage), time.monotonic()
    what, _, part = kind.partition(" ")
    try:
        with contextlib.suppress(psutil.Error, StopIteration, ProcessLookupError):
            if what == "lock":
                lock_store(scene)
                time.sleep(LOCKED_S)
            elif what == "log":
                log_out(scene)
            else:
                known = stage.pid_of(part)
                send_signal(scene, part, "SIGKILL" if what == "kill" else "SIGSTOP")
                _until_gone(stage, part, known)
    finally:
        unlock_store(scene)
        if what == "log":
            log_in(scene)
    try:
        stage.active()
        healthy_ms: float | None = (time.monotonic() - begun) * 1000
    except (AssertionError, TimeoutError):
        healthy_ms = None
    finally:
        thaw(scene)
    return Fault(round(at_s, 1), kind, healthy_ms)


def _until_gone(stage: Stage, part: str, known: int) -> None:
    """Until the process is not the part's any more: a status from before the fault would look healthy."""
    end = time.monotonic() + stage.patience_s
    while time.monotonic() < end:
        with contextlib.suppress(Exception):  # whoever could answer may be what was just killed
            if stage.pid_of(part) != known:
                return
        time.sleep(0.02)
