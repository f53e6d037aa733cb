"""The command that runs them all."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson
import pytest

from benchmarks import __main__ as command
from benchmarks import page


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(command, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(page, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(page, "PAGE", tmp_path / "benchmarks.md")
    return tmp_path / "results"


def test_a_benchmark_that_takes_too_long_is_stopped_and_has_no_result(results: Path) -> None:
    assert command.measure("wire", 0.01) == "was stopped after 0.01 s"
    assert not results.exists()


def test_a_result_is_kept_with_the_time_that_it_took(results: Path) -> None:
    said = {
        "benchmark": "wire",
        "machine": "a machine",
        "versions": {"python": "3.11.7"},
        "rows": [],
        "absent": [],
        "figures": {},
    }
    assert command.keep("wire", orjson.dumps(said), 1.23)
    assert orjson.loads((results / "wire.json").read_bytes())["took_s"] == 1.2
    page.write(("wire",))
    assert "a machine; python 3.11.7, in 1 s." in (results.parent / "benchmarks.md").read_text()


def test_words_at_the_end_are_no_result(results: Path) -> None:
    assert not command.keep("wire", b"and that was that\n", 1.0)
    assert not results.exists()


def test_a_name_that_there_is_not_is_refused(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", "wires"])
    with pytest.raises(SystemExit, match="there is no wires"):
        command.main()
