"""Samples and recoveries: what plots are drawn of."""

from __future__ import annotations

from typing import Any

from actors.machines.meter import RECOVERIES_MAX, SAMPLES_MAX, Meter
from messages.renderer_reads import RecoveryLine
from messages.status import (
    ActorStatus,
    AuthStatus,
    BaselineStatus,
    HandshakeStatus,
    SidecarStatus,
    TreeStatus,
)


def status(at_ms: int, ingest: Any = "running", sidecar: Any = "running", generation: int = 1) -> TreeStatus:
    return TreeStatus(
        revision=at_ms, mode="HYBRID_ACTIVE", mode_reason="", kill_switch=False, at_ms=at_ms,
        sidecar=SidecarStatus(state=sidecar, generation=generation, pid=1, restarts_in_window=0),
        handshake=HandshakeStatus(initialize_sent=True, initialized=True), stream_healthy=True, stream_reason="",
        auth=AuthStatus(state="authenticated", mode=None, plan=None),
        baseline=BaselineStatus(healthy=True, reason=""),
        actors=(ActorStatus(name="ingest", pid=1, state=ingest, restarts=2),),
    )  # fmt: skip


def test_rates_are_of_the_time_between_two_samples() -> None:
    meter = Meter()
    meter.sample(100, 1_000)
    for latency in (*range(1, 100), None):
        meter.stored(latency)
    meter.status(status(2_000, generation=3))
    meter.sample(400, 3_000)
    meter.sample(400, 4_000)
    first, second = meter.data().samples
    assert (first.frames_per_s, first.records_per_s, first.restarts) == (150.0, 50.0, 4)
    assert (first.latency_p50_ms, first.latency_p99_ms) == (50.0, 99.0)
    assert (second.frames_per_s, second.latency_p50_ms) == (0.0, None)


def test_a_ledger_that_began_anew_is_no_negative_rate() -> None:
    meter = Meter()
    meter.sample(100, 1_000)
    meter.sample(30, 2_000)
    assert meter.data().samples[0].frames_per_s == 30.0


def test_a_part_that_starts_has_no_fault_and_one_that_went_has_one_until_it_is_back() -> None:
    meter = Meter()
    meter.status(status(1, ingest="starting", sidecar="starting"))
    meter.status(status(2))
    assert meter.data().recoveries == ()
    meter.status(status(3, ingest="backing_off"))
    meter.status(status(4, ingest="starting", sidecar="crash_loop"))
    meter.status(status(9, sidecar="crash_loop"))
    assert meter.data().recoveries == (
        RecoveryLine(child="ingest", fault_at_ms=3, healthy_at_ms=9),
        RecoveryLine(child="codex", fault_at_ms=4, healthy_at_ms=None),
    )
    meter.status(status(10, sidecar="stopping"))
    assert meter.data().recoveries[1].healthy_at_ms == 10, "an end that was asked for is no fault"


def test_both_are_bounded() -> None:
    meter = Meter()
    for moment in range(SAMPLES_MAX + 5):
        meter.sample(moment, moment * 1_000)
    for moment in range(2 * RECOVERIES_MAX + 5):
        meter.status(status(moment, ingest="running" if moment % 2 == 0 else "backing_off"))
    assert len(meter.data().samples) == SAMPLES_MAX
    assert len(meter.data().recoveries) == RECOVERIES_MAX
