"""What plots are drawn of: a sample every few seconds, and how long a part was away. Memory only, bounded.

Fed with what the facade hears anyway, and one question to ingest per sample.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from messages.renderer_reads import MetricsData, MetricsSample, RecoveryLine
from messages.status import TreeStatus

SAMPLE_MS = 5_000
SAMPLES_MAX = 720
"""An hour; the oldest falls out."""
RECOVERIES_MAX = 200
"""The oldest falls out."""
LATENCIES_MAX = 4_096
"""Of one sample; what is stored beyond is counted, and its latency is not."""


@dataclass(slots=True)
class Meter:
    """Counts between two samples, and the samples."""

    _samples: deque[MetricsSample] = field(default_factory=lambda: deque(maxlen=SAMPLES_MAX))
    _recoveries: deque[RecoveryLine] = field(default_factory=lambda: deque(maxlen=RECOVERIES_MAX))
    _away: dict[str, int] = field(default_factory=dict)
    """Parts that are not well now, since when."""
    _well: set[str] = field(default_factory=set)
    """Parts that were well once: before that they are starting, and have no fault."""
    _records: int = 0
    _latencies: list[int] = field(default_factory=list)
    _received: int | None = None
    _begun_ms: int | None = None
    _restarts: int = 0

    def stored(self, latency_ms: int | None) -> None:
        """An item is durable; so long after it was complete, where that is known."""
        self._records += 1
        if latency_ms is not None and len(self._latencies) < LATENCIES_MAX:
            self._latencies.append(max(0, latency_ms))

    def status(self, status: TreeStatus) -> None:
        """See who went and who came back."""
        parts: dict[str, bool] = {each.name: each.state == "running" for each in status.actors}
        # An end that was asked for is none.
        parts["codex"] = status.sidecar.state in ("running", "stopped", "stopping")
        for name, well in parts.items():
            if not well and name in self._well and name not in self._away:
                self._away[name] = status.at_ms
                self._recoveries.append(RecoveryLine(child=name, fault_at_ms=status.at_ms, healthy_at_ms=None))
            elif well and name in self._away:
                began = self._away.pop(name)
                self._close(name, began, status.at_ms)
            if well:
                self._well.add(name)
        self._restarts = sum(each.restarts for each in status.actors) + max(0, status.sidecar.generation - 1)

    def _close(self, name: str, began: int, healthy_at_ms: int) -> None:
        for place, line in enumerate(self._recoveries):
            if (line.child, line.fault_at_ms, line.healthy_at_ms) == (name, began, None):
                self._recoveries[place] = line.model_copy(update={"healthy_at_ms": healthy_at_ms})

    def sample(self, received: int, now_ms: int) -> None:
        """Close the counts since the sample before. `received` is the ledger's; a smaller one is a new run's."""
        if self._begun_ms is not None and self._received is not None and now_ms > self._begun_ms:
            seconds = (now_ms - self._begun_ms) / 1000
            frames = received - self._received if received >= self._received else received
            ranked = sorted(self._latencies)
            self._samples.append(
                MetricsSample(
                    at_ms=now_ms,
                    frames_per_s=round(frames / seconds, 3),
                    records_per_s=round(self._records / seconds, 3),
                    latency_p50_ms=_at(ranked, 0.50),
                    latency_p99_ms=_at(ranked, 0.99),
                    restarts=self._restarts,
                )
            )
        self._begun_ms, self._received, self._records = now_ms, received, 0
        self._latencies = []

    def data(self) -> MetricsData:
        """Everything that is kept."""
        return MetricsData(samples=tuple(self._samples), recoveries=tuple(self._recoveries))


def _at(ranked: list[int], share: float) -> float | None:
    return float(ranked[min(len(ranked) - 1, int(share * len(ranked)))]) if ranked else None
