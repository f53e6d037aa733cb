"""A soak's report: what grows per hour, how latency creeps, and what failed, from its samples alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chaos.soaking.faults import Fault
from chaos.soaking.gauges import Gauge
from chaos.soaking.report import later_half, page, slope, summary
from chaos.soaking.soak import Soaked

GAUGE = Gauge(0.0, "HYBRID_ACTIVE", 13, 100.0, 200, 1.0, 0.5, 10, {"ingest": 12.0})


def soaked() -> Soaked:
    """Memory grows in the first half alone; descriptors grow by ten a minute all the time."""
    done = Soaked(0.1, 7, "scripted", datetime(2026, 11, 1, tzinfo=UTC), seconds=360.0)
    for minute in range(7):
        memory = 100.0 + 10 * min(minute, 3)
        done.gauges.append(replace(GAUGE, at_s=60.0 * minute, memory_mib=memory, descriptors=200 + 10 * minute))
    done.faults += [Fault(10.0, "kill ingest", 40.0), Fault(99.0, "kill ingest", 60.0), Fault(120.0, "hang auth", None)]
    done.turns += [(30.0, 100.0), (100.0, 110.0), (200.0, 120.0), (350.0, 500.0)]
    return done


def test_a_slope_is_growth_per_hour() -> None:
    assert slope([(0, 1.0), (1800, 2.0), (3600, 3.0)]) == pytest.approx(2.0)
    assert slope([(0, 1.0), (60, 1.0), (120, 1.0)]) == 0
    assert slope([(0, 1.0), (60, 2.0)]) is None, "two points prove no trend"
    assert slope([(60, 1.0)] * 5) is None


def test_what_is_warm_by_half_time_and_still_grows_is_told() -> None:
    measures = summary(soaked())["measures"]
    assert measures["memory"]["slope_per_hour"] == 0
    assert (measures["memory"]["first"], measures["memory"]["last"], measures["memory"]["max"]) == (100, 130, 130)
    assert measures["descriptors"]["slope_per_hour"] == pytest.approx(600)
    assert later_half([]) == []


def test_latency_is_told_by_quarter_so_that_creeping_shows() -> None:
    quarters = summary(soaked())["latency"]["by_quarter"]
    assert [(each["n"], each["median_ms"]) for each in quarters] == [(1, 100), (1, 110), (1, 120), (1, 500)]


def test_a_fault_whose_end_was_not_seen_has_no_figure_and_is_no_zero() -> None:
    faults = summary(soaked())["faults"]
    assert faults["kill ingest"] == {"n": 2, "median_ms": 50, "p95_ms": 60, "max_ms": 60}
    assert faults["hang auth"]["n"] == 0
    assert faults["hang auth"]["median_ms"] is None


def test_the_page_stands_alone_and_says_what_failed() -> None:
    done = soaked()
    done.failures.append("1 items <are> missing")
    text = page(summary(done))
    assert "1 items &lt;are&gt; missing" in text
    assert text.count("<svg") == 7
    assert "http" not in text.replace("<!doctype html>", "")
    assert "<script" not in text


def test_a_soak_without_a_single_look_is_told_too() -> None:
    told = summary(Soaked(0.1, 7, "scripted", datetime(2026, 11, 1, tzinfo=UTC)))
    assert told["measures"]["memory"]["max"] is None
    assert "Not measured" in page(told)
