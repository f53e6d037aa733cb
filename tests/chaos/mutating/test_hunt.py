"""The hunt: a bug that is seen is told with who saw it; one that nobody sees fails it."""

from __future__ import annotations

import json

import pytest

from chaos.mutating import hunt
from chaos.mutating.table import MUTANTS, Mutant

BY_NAME = {mutant.name: mutant for mutant in MUTANTS}


def test_the_simulation_sees_a_bug() -> None:
    (verdict,) = hunt.hunt([BY_NAME["keep transitions behind a hole"]])
    assert verdict.by == "simulation"
    assert "the transition log is complete and in order" in verdict.text


def test_the_tests_of_the_file_see_a_bug() -> None:
    (verdict,) = hunt.hunt([BY_NAME["count the 60,000th ms as inside"]])
    assert verdict.by == "tests"
    assert verdict.text.startswith("test_an_event_of_exactly_the_window")


def test_a_bug_that_nobody_sees_fails_the_hunt(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unseen = hunt.Verdict("skip an acknowledgement", "", "", 1.0)
    monkeypatch.setattr(hunt, "hunt", lambda mutants: iter([unseen for _ in mutants]))
    assert hunt.main(["skip an acknowledgement"]) == 1
    assert "SURVIVED" in capsys.readouterr().out


def test_a_hunt_that_breaks_is_no_catch(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Mutant("no such bug", "actors/tree.py", "x", "y", ())
    (verdict,) = hunt.hunt([gone])
    assert verdict.by == ""
    assert verdict.text.startswith("the hunt itself failed")


def test_a_hunt_can_be_read_by_a_program(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(
        hunt, "hunt", lambda mutants: iter([hunt.Verdict("skip an acknowledgement", "tests", "t", 1.0)])
    )
    assert hunt.main(["--json", "skip an acknowledgement"]) == 0
    assert json.loads(capsys.readouterr().out)["by"] == "tests"


def test_a_quick_hunt_is_for_the_simulation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = hunt.Verdict("x", "simulation", "seed 1", 1.0)
    monkeypatch.setattr(hunt, "hunt", lambda mutants: iter([seen for _ in mutants]))
    assert hunt.main(["--quick"]) == 0
    count = sum(mutant.first == "simulation" for mutant in MUTANTS)
    assert 20 < count < len(MUTANTS)
    assert f"{count} of {count} bugs were seen" in capsys.readouterr().out
