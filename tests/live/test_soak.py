"""A short soak on a real tree: load, a fault, and books that balance at its end."""

from __future__ import annotations

from pathlib import Path

import orjson
import psutil
import pytest

from chaos.drilling.stage import alive
from chaos.soaking.faults import Fault
from chaos.soaking.gauges import Gauge
from chaos.soaking.report import page, summary
from chaos.soaking.soak import soak

pytestmark = pytest.mark.live
SECONDS = 6.0


def test_a_short_soak_breaks_something_loses_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    before = set(psutil.Process().children(recursive=True))
    heard: list[Gauge | Fault] = []
    done = soak(SECONDS / 3600, seed=5, codex=None, told=heard.append, fault_s=2.0)
    assert done.failures == []
    assert done.faults
    assert done.faults == [each for each in heard if isinstance(each, Fault)]
    assert all(each.healthy_ms for each in done.faults)
    assert done.traffic["records"] > 0
    assert done.traffic["unanswered"] == 0
    assert done.gauges[-1].rows >= done.traffic["records"], "telemetry is stored record by record"
    told = summary(done)
    assert orjson.loads(orjson.dumps(told))["measures"]["memory"]["max"] > 0
    assert "<svg" in page(told)
    assert alive(set(psutil.Process().children(recursive=True)) - before) == set()
