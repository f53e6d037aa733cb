"""Telemetry that a drill sends while it breaks something, and what became of each record, by the sender's own books.

The exporters are those of `chaos/traffic/`, as patient as the tools' own at their best: what was not answered is sent
again, so nothing may be lost, and nothing stored twice.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from chaos.traffic.exporter import Exporter
from chaos.traffic.telemetry import Record, claude_record
from chaos.traffic.truth import Owner, Truth

BATCH = 500
STEADY_BATCH = 10
STEADY_PAUSE_S = 0.02
RUNNING = itertools.count(1)
"""Every sender has a session of its own, so that its records are counted alone."""
Rows = Callable[[str], list[tuple[Any, ...]]]


class Sender:
    """Exporters with one session of Claude Code."""

    def __init__(self, port: int, token: str, exporters: int = 1) -> None:
        self.truth = Truth()
        self.owner = Owner("claude", f"d0000000-0000-4000-8000-{next(RUNNING):012d}")
        self._exporters = [
            Exporter(self.truth, port, token, "claude", "json", False, seed, patient=True).start()
            for seed in range(exporters)
        ]
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._stopped = False

    def batch(self, size: int) -> list[Record]:
        """The next records."""
        now_ms = time.time_ns() // 1_000_000
        numbers = [self.truth.number() for _ in range(size)]
        return [claude_record(self.owner, n, now_ms, "tool_result", n, "p1", tool_name="Bash") for n in numbers]

    def flood(self, records: int) -> None:
        """Hand over so many, as fast as they are taken."""
        for n, _ in enumerate(range(0, records, BATCH)):
            self._exporters[n % len(self._exporters)].put(self.batch(BATCH))

    def send_one(self) -> None:
        """One record; it waits its turn behind nothing."""
        self._exporters[0].put(self.batch(1))

    def steadily(self) -> None:
        """Small batches until `stop`."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._over.wait(STEADY_PAUSE_S):
            self._exporters[0].put(self.batch(STEADY_BATCH))

    def stop(self) -> None:
        """Send what waits; ends when the last word on each record is known. May be called again."""
        if self._stopped:
            return
        self._stopped = True
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        for each in self._exporters:
            each.stop()

    def lost(self, rows: Rows) -> int:
        """How many records were answered with 200 and are not stored, or stored twice, or were never answered."""
        query = f"""SELECT json_extract(e.body, '$.number') FROM events e JOIN sessions s ON s.id = e.session_row
            WHERE s.session_id = '{self.owner.session}'"""
        return miscounted(self.truth, (int(number) for (number,) in rows(query)))


def miscounted(truth: Truth, stored: Iterable[int]) -> int:
    """Records whose place in the store is not what the sender was told."""
    counts = Counter(stored)
    missing = truth.kept.keys() - counts.keys()
    strange = counts.keys() - truth.kept.keys() - truth.doubtful.keys()
    twice = [number for number, count in counts.items() if count > 1]
    return len(missing) + len(strange) + len(twice) + len(truth.doubtful)
