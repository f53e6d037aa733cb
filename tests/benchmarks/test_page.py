"""The page says what was measured, and what was not."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from benchmarks import page
from benchmarks.__main__ import NAMES

POINTS = {"items": [{"count": 100, "cpu_s": 0.03, "disk_mb": 0.5}, {"count": 1000, "cpu_s": 0.3, "disk_mb": 2.4}]}


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "results"
    folder.mkdir()
    monkeypatch.setattr(page, "RESULTS", folder)
    monkeypatch.setattr(page, "PAGE", tmp_path / "benchmarks.md")
    monkeypatch.setattr(page, "PLOT", tmp_path / "growth.svg")
    return folder


def test_what_was_measured_stands_with_its_machine_and_the_rest_is_named(results: Path) -> None:
    told = {"benchmark": "peers", "machine": "a machine", "programs": {"one": {"mb_per_s": 1234.5, "n": 3}}}
    (results / "peers.json").write_bytes(orjson.dumps(told))
    (results / "growth.json").write_bytes(orjson.dumps({"machine": "another machine", "points": POINTS}))
    page.write(("peers", "growth", "storing"))
    said = page.PAGE.read_text()
    assert "## peers" in said
    assert "a machine" in said
    assert "| programs one mb_per_s | 1,234 |" in said
    assert "| 1,000 | 0.3 | 2.4 |" in said
    assert "## Not measured yet\n\n`storing`." in said
    assert "another machine" in said


def test_the_plot_has_a_dot_for_every_point() -> None:
    drawn = page.plot(POINTS)
    assert drawn.count("<circle") == 2
    assert ">1,000</text>" in drawn


def test_every_benchmark_says_what_it_measures() -> None:
    assert all(page.titles(NAMES).values())
