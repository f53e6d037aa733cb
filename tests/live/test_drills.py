"""Drills on a real tree: what they promise of themselves, and that a broken promise is told."""

from __future__ import annotations

from pathlib import Path

import orjson
import psutil
import pytest

from chaos.drilling.experiment import packaged, parse
from chaos.drilling.running import Repetition, play
from chaos.drilling.stage import alive
from tests.hybrid_capture.command import Verb, say

pytestmark = pytest.mark.live


def test_a_drill_measures_each_phase_writes_its_evidence_and_leaves_nothing(tmp_path: Path) -> None:
    before = set(psutil.Process().children(recursive=True))
    out = tmp_path / "out"
    # Four faults on two trees, each hang until its deadline: on a busy machine they take their time.
    run = Verb("drill", "run", "kill-stager", "hang-auth", "-n", "2", "--out", out, "--json").end(180.0)
    assert run.code == 0, run.err
    told = run.lines
    assert [each.get("drill") for each in told[:4]] == ["kill-stager"] * 2 + ["hang-auth"] * 2
    for each in told[:4]:
        assert each["failures"] == []
        assert (each["silent_drops"], each["orphans"]) == (0, 0)
        phases = each["phases"]
        assert 0 < phases["noticed"] <= phases["restarted"] <= phases["active"] <= phases["caught_up"]
    report = say("drill", "report", "--out", str(out), "--html", str(tmp_path / "page.html"), "--json")
    assert report.code == 0, report.err
    assert {each["drill"] for each in report.json["drills"]} == {"kill-stager", "hang-auth"}
    assert "kill-stager" in (tmp_path / "page.html").read_text()
    verdict = say("gates", "evaluate", "--samples", str(out), "--out", str(tmp_path / "v.json"), "--json")
    assert verdict.code == 1, "two drills of two repetitions are no evidence"
    assert alive(set(psutil.Process().children(recursive=True)) - before) == set()


@pytest.mark.parametrize("name", ["crash-loop", "auth-loss", "locked-store", "full-disk", "corrupt-config"])
def test_the_drill_ends_as_it_says(name: str) -> None:
    heard: list[Repetition] = []
    played = play(name, packaged()[name], codex=None, repetitions=1, seed=1, told=heard.append)
    assert played.ok, [each.failures for each in heard]
    assert heard[0].phases["visible"] is not None


def test_a_drill_that_does_not_hold_fails_by_name_and_is_still_undone() -> None:
    document = packaged()["locked-store"].document()
    document["steady-state-hypothesis"]["probes"][0]["tolerance"] = "OTEL_ONLY"
    document["method"][0] |= {"provider": {**document["method"][0]["provider"], "func": "unheard_of"}, "pauses": {}}
    document["extensions"][0]["ends"] = "unchanged"  # nothing happens, so nobody need wait for it to be seen
    wrong = parse(orjson.dumps(document), "wrong.json")
    heard: list[Repetition] = []
    from chaos.drilling import running

    patience, running.SETTLE_S = running.SETTLE_S, 0.2
    try:
        played = play("wrong", wrong, codex=None, repetitions=1, seed=1, told=heard.append)
    finally:
        running.SETTLE_S = patience
    assert not played.ok
    assert any("the mode is 'HYBRID_ACTIVE', not 'OTEL_ONLY'" in each for each in heard[0].failures)
    assert any("has no unheard_of" in each for each in heard[0].failures)
    assert len(heard[0].rollbacks) == 1
