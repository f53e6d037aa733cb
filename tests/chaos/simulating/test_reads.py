"""Renderers of the simulation read the real pages: each is answered once, also when nothing is stored or it is late."""

from __future__ import annotations

import pytest

from chaos.simulating import reads
from chaos.simulating.coverage import Coverage
from chaos.simulating.plan import Plan, Step
from chaos.simulating.wishes import _LOOKS
from chaos.simulation import play

WORK = (Step(500, "startThread", ("r1",)), Step(900, "startTurn", ("r1", 0)))
LOOKS = tuple(Step(4_000 + 150 * n, "look", ("r1", name)) for n, name in enumerate(_LOOKS))
CHANGES = (Step(6_000, "updateIngestConfig", ("r2", 1, 1)), Step(6_100, "updateIngestConfig", ("r2", 0, 0)))
PLAN = Plan(1, 16_000, (*WORK, *LOOKS, Step(5_800, "snapshot", ("r1",)), *CHANGES))


def test_every_read_every_snapshot_and_every_change_of_the_config_is_answered() -> None:
    coverage = Coverage()
    outcome = play(PLAN, coverage)
    assert outcome.problem == "", outcome.text
    rows = [row for row in Coverage().all() if row.startswith(("policy Get", "policy Search"))]
    assert not [row for row in rows if row != "policy GetStatus" and not coverage.hits[row]]
    assert coverage.hits["supervision ConfigChanged"] > 0
    assert coverage.hits["supervision ConfigRefused"] > 0, "the second had an old revision"
    assert coverage.hits["message ThreadSnapshotWanted"] == 1


def test_a_read_that_comes_after_its_deadline_was_answered_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads, "LATE_ONE_IN", 1)
    assert play(PLAN).problem == ""
