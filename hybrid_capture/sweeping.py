"""What a root ends by force: whatever an earlier tree of its folder left, and, at its own end, whatever it leaves."""

from __future__ import annotations

import contextlib
import os
import time

import psutil

from actors import leftovers, lifeline
from messages.records import AuditNote

REAP_DEADLINE_S = 2.0


def sweep(state_dir: str, spared: tuple[int, float] | None = None) -> tuple[AuditNote, ...]:
    """End whatever an earlier tree of this folder left, however it ended; gives what the audit has to know of it. The
    last gateway is spared: it hands over, and ends by itself.

    The host owns the folder, so nobody else's living tree can be in it. A scan that failed is told, and capture starts
    all the same: a leftover is a nuisance, no capture is a loss.
    """
    at_ms = time.time_ns() // 1_000_000
    try:
        found = leftovers.belonging(state_dir)
    except leftovers.ScanFailed as failed:
        return (AuditNote(kind="scan_failed", subject="an earlier run", text=str(failed), at_ms=at_ms),)
    processes = [each for each in found.processes if (each.pid, lifeline.created_at(each.pid)) != spared]
    if not processes:
        return ()
    names = leftovers.told(processes)
    left = leftovers.end(processes)
    text = f"{names}; still there: {leftovers.told(left)}" if left else names
    return (AuditNote(kind="leftovers_ended", subject="an earlier run", text=text, at_ms=at_ms),)


def reap(deadline_s: float = REAP_DEADLINE_S, spared: int | None = None) -> int:
    """SIGKILL every descendant, orphans included, until none is left; gives how many are left at the deadline. One pid
    may be spared.

    The root is subreaper, so whatever its tree leaves behind is its own child. Elsewhere only known children are found.
    """
    end = time.monotonic() + deadline_s
    while True:
        collect()
        below = psutil.Process().children(recursive=True)
        alive = [each for each in below if each.pid != spared and lifeline.lives(each)]
        if not alive or time.monotonic() >= end:
            collect()
            return len(alive)
        leftovers.end(alive, 0.2)


def collect() -> None:
    """Wait for whatever has ended, orphans that became ours included: where init does not, it would stay a zombie."""
    if os.name == "posix":
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
