"""What `simulate` prints: progress, what was never exercised, and a failure made small."""

from __future__ import annotations

import json

import pytest

from chaos.simulating import report
from hybrid_capture.console import Screen


def test_seeds_that_hold_are_summed_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert report.simulate(3, None, 0, 1, Screen(json=True)) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["seeds"] == 3
    assert told["failed"] == []
    assert told["steps"] > 500
    assert "message KeepRecords" not in told["hits"] or told["hits"]["message KeepRecords"] > 0
    assert all(told["hits"].get(word, 0) == 0 for word in told["neverExercised"])


def test_a_failure_is_shrunk_and_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("chaos.simulating.oversight.RESTARTS_MAX", 0)
    assert report.simulate(20, None, 0, 1, Screen(json=True)) == 1
    failure, summary = map(json.loads, capsys.readouterr().out.splitlines())
    assert failure["problem"] == "the third restart in 60 s is refused"
    assert len(failure["steps"]) == 1 < failure["stepsBefore"]
    assert any(">>" in line for line in failure["story"])
    assert summary["failed"] == [failure["seed"]]
    assert report.replay(failure["seed"], Screen(json=True)) == 1


def test_one_seed_is_told_with_its_story(capsys: pytest.CaptureFixture[str]) -> None:
    assert report.replay(3, Screen(json=False)) == 0
    said = capsys.readouterr().out
    assert " >> " in said
    assert "seed 3 holds" in said
