"""The page says what was measured, and what was not."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from benchmarks import page
from benchmarks.__main__ import NAMES
from benchmarks.samples import row

POINTS = {"items": [{"count": 100, "cpu_s": 0.03, "disk_mb": 0.5}, {"count": 1000, "cpu_s": 0.3, "disk_mb": 2.4}]}


TOLD = {"machine": "a machine", "versions": {}, "rows": [], "absent": [], "figures": {}, "took_s": 12.3}


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "results"
    folder.mkdir()
    monkeypatch.setattr(page, "RESULTS", folder)
    monkeypatch.setattr(page, "PAGE", tmp_path / "benchmarks.md")
    monkeypatch.setattr(page, "PLOT", tmp_path / "growth.svg")
    return folder


def test_what_was_measured_stands_with_its_machine_and_the_rest_is_named(results: Path) -> None:
    samples = [1234.5, 1234.5, 1230.0]
    rows = [row("theirs", [617.25], "MB/s", rate=True), row("ours", samples, "MB/s", [617.25], rate=True)]
    peers = {**TOLD, "rows": rows, "absent": ["ccusage (`make peers`)"], "versions": {"python": "3.11.7"}}
    (results / "peers.json").write_bytes(orjson.dumps(peers))
    growth = {**TOLD, "machine": "another machine", "figures": {"points": POINTS}}
    (results / "growth.json").write_bytes(orjson.dumps(growth))
    page.write(("peers", "growth", "storing"))
    said = page.PAGE.read_text()
    assert "## peers" in said
    assert "a machine; python 3.11.7, in 12 s." in said
    assert "| theirs | 1 | 617 | 617 | MB/s |  |" in said
    assert "| ours | 3 | 1,234 | 1,230 | MB/s | 2 |" in said
    assert "Absent here: ccusage (`make peers`)" in said
    assert "| 1,000 | 0.3 | 2.4 |" in said
    assert "## Not measured yet\n\n`storing`." in said
    assert "another machine" in said


def test_the_plot_has_a_dot_for_every_point() -> None:
    drawn = page.plot(POINTS)
    assert drawn.count("<circle") == 2
    assert ">1,000</text>" in drawn


def test_every_benchmark_says_what_it_measures() -> None:
    assert all(page.titles(NAMES).values())
