"""The simulation of the whole tree: seeds hold, the same seed is the same story, and what fails is told small."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from chaos.simulating.coverage import Coverage
from chaos.simulating.plan import Plan, Step, plan_of
from chaos.simulation import Outcome, play, played, search

ROOT = Path(__file__).resolve().parents[2]
HASHES = "from chaos.simulation import play, plan_of; print([play(plan_of(s)).trace_hash for s in (16, 17, 18)])"

FOUND = (
    "from chaos.simulation import search; *_, found = search(range(50, 58), failures_max=9, jobs={jobs}); "
    "print((found.seeds, found.steps, found.virtual_ms), sorted(found.coverage.hits.items()))"
)


def said_by(code: str, hash_seed: str = "0") -> str:
    """What a fresh process prints."""
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=60)
    return run.stdout


def test_seeds_hold() -> None:
    *_, found = search(range(15), failures_max=15)
    assert [(each.plan.seed, each.problem, each.text) for each in found.failed] == []
    assert found.seeds == 15
    assert found.steps > 8_000


def test_the_same_seed_is_the_same_story_in_every_process() -> None:
    """Whatever order a hash gives to a set of words."""
    said = [said_by(HASHES, hash_seed) for hash_seed in ("1", "2", "random")]
    assert said[0] == said[1] == said[2]
    assert len(set(said[0].split(","))) == 3


def test_another_seed_is_another_story() -> None:
    assert play(plan_of(17)).trace_hash != play(plan_of(18)).trace_hash


def test_without_faults_everybody_just_works() -> None:
    work = Step(500, "startThread", ("r1",)), Step(900, "startTurn", ("r1", 0)), Step(2_000, "export", (3, 2))
    calm = Plan(3, 6_000, work)
    coverage = Coverage()
    outcome = play(calm, coverage)
    assert outcome.well, outcome.text
    assert coverage.hits["message ItemStored"] > 0
    assert coverage.hits["message RecordsKept"] > 0
    assert coverage.hits["message ActorFaulted"] == 0


def test_side_by_side_finds_what_one_after_the_other_finds() -> None:
    # Each in a fresh process, as the verb does it: what other tests left in this one is not part of a seed.
    told = [said_by(FOUND.format(jobs=jobs)) for jobs in (1, 2)]
    assert told[0] == told[1]
    assert told[0].startswith("(8, ")


def test_a_search_ends_with_its_time() -> None:
    ticks = iter(range(100))
    *_, found = search(range(100), seconds=3, timer=lambda: float(next(ticks)))
    assert found.seeds == 3


def test_a_search_ends_with_the_first_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(seed: int) -> tuple[Outcome, object]:
        outcome, hits = real(seed)
        return replace(outcome, problem="x" if seed == 61 else ""), hits

    real = played
    monkeypatch.setattr("chaos.simulation.played", failing)
    *_, found = search(range(60, 70))
    assert [outcome.plan.seed for outcome in found.failed] == [61]
    assert found.seeds == 2
