"""`GET /metrics` in Prometheus' form, made when it is asked for: nothing is counted twice, nothing runs meanwhile.

Every name begins with `hybrid_capture_`; docs/metrics.md lists them. No label holds anything that somebody wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hybrid_capture.panel_app import bearer, unknown
from hybrid_capture.panel_hub import Hub
from hybrid_capture.sockets import Sockets
from messages.status import AuthState, CaptureMode, SidecarState

PREFIX = "hybrid_capture_"


class Numbers(Collector):
    """One scrape: a status, the newest sample, and what the gateway counts itself."""

    def __init__(
        self, status: dict[str, Any] | None, sample: dict[str, Any] | None, hub: Hub, sockets: Sockets
    ) -> None:
        self._status = status
        self._sample = sample
        self._hub = hub
        self._sockets = sockets

    def collect(self) -> Iterator[Metric]:
        yield _gauge("up", "1 when the capture tree answered.", float(self._status is not None))
        if self._status is not None:
            yield from _tree(self._status)
        if self._sample is not None:
            yield _gauge(
                "frames_per_second", "Frames of the app-server, of the last sample.", self._sample["framesPerS"]
            )
            yield _gauge("records_per_second", "Items made durable, of the last sample.", self._sample["recordsPerS"])
            latency = GaugeMetricFamily(
                f"{PREFIX}store_latency_milliseconds", "Completed item to durable row, of the last sample.",
                labels=["quantile"],
            )  # fmt: skip
            for name, quantile in (("latencyP50Ms", "0.5"), ("latencyP99Ms", "0.99")):
                if self._sample[name] is not None:
                    latency.add_metric([quantile], self._sample[name])
            yield latency
        yield _gauge("renderer_sessions", "Sessions of the panel's socket.", len(self._hub.sessions))
        yield _gauge("renderer_connections", "Connections of the panel's socket.", self._sockets.count)
        yield _counter("renderer_sessions_opened", "Sessions since the gateway began.", self._hub.opened)
        refused = CounterMetricFamily(
            f"{PREFIX}renderer_refused", "Connections turned away since the gateway began.", labels=["why"]
        )
        for why, count in sorted(self._hub.refused.items()):
            refused.add_metric([why], count)
        yield refused


def _tree(status: dict[str, Any]) -> Iterator[Metric]:
    yield _one_of("mode", "1 for the capture mode that holds.", "mode", get_args(CaptureMode), status["mode"])
    sidecar = status["sidecar"]
    yield _one_of("sidecar_state", "1 for the app-server's state.", "state", get_args(SidecarState), sidecar["state"])
    yield _one_of("auth_state", "1 for the login's state.", "state", get_args(AuthState), status["auth"]["state"])
    yield _gauge("sidecar_generation", "Processes of the app-server in this run.", sidecar["generation"])
    yield _gauge("stream_healthy", "1 when the live stream is healthy.", float(status["stream_healthy"]))
    yield _gauge("baseline_healthy", "1 when the durable baseline is healthy.", float(status["baseline"]["healthy"]))
    yield _gauge("kill_switch", "1 when the stream kill switch is on.", float(status["kill_switch"]))
    sources = GaugeMetricFamily(f"{PREFIX}source_healthy", "1 when this source works.", labels=["source"])
    for each in status["sources"]:
        sources.add_metric([each["name"]], float(each["healthy"]))
    yield sources
    actors = GaugeMetricFamily(f"{PREFIX}actor_up", "1 when this actor runs.", labels=["actor"])
    restarts = CounterMetricFamily(f"{PREFIX}actor_restarts", "Restarts in this run.", labels=["actor"])
    for each in status["actors"]:
        actors.add_metric([each["name"]], float(each["state"] == "running"))
        restarts.add_metric([each["name"]], each["restarts"])
    yield actors
    yield restarts
    ledger = status.get("ledger", {})
    if "received" in ledger:
        yield _counter("frames_received", "Frames and records in the ledger of this run.", ledger["received"])
        ends = CounterMetricFamily(f"{PREFIX}frames", "What became of them.", labels=["disposition"])
        for disposition, count in ledger["dispositions"].items():
            ends.add_metric([disposition], count)
        yield ends
        yield _gauge("frames_staged", "Frames that are staged now.", ledger["staged"])
        yield _gauge("ledger_balanced", "1 when every frame is accounted for.", float(ledger["balanced"]))


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, text, value=value)


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(PREFIX + name, text, value=value)


def _one_of(name: str, text: str, label: str, words: tuple[str, ...], holds: str) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, text, labels=[label])
    for word in words:
        family.add_metric([word], float(word == holds))
    return family


def metrics_app(hub: Hub, sockets: Sockets) -> Starlette:
    """The application; mounted by the gateway."""

    async def metrics(request: Request) -> Response:
        if not hub.tokens.is_run(bearer(request)):
            hub.refuse("metrics")
            return unknown()
        answer = await hub.ask("getStatus") or {}
        told = (await hub.ask("getMetrics") or {}).get("data", {}) if answer else {}
        samples = told.get("samples", [])
        registry = CollectorRegistry()
        registry.register(Numbers(answer.get("status"), samples[-1] if samples else None, hub, sockets))
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return Starlette(routes=[Route("/metrics", metrics)])
