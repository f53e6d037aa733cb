"""Plays simulations: one seed is one plan, one schedule, one outcome, always the same.

`play` takes a plan through to its rest and tells how it went; `search` goes through seeds until time or number is
over. What must hold is in `simulating/checks.py` and `rest.py`; a failure is made small in `simulating/shrinking.py`.
"""

from __future__ import annotations

import gc
import itertools
import multiprocessing
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from actors.machines import decisions
from actors.recording import Recording
from chaos.simulating.acts import Acts
from chaos.simulating.coverage import Coverage
from chaos.simulating.plan import Plan, plan_of
from chaos.simulating.rest import Rest
from chaos.simulating.scratch import scratch
from chaos.simulating.seams import seams
from chaos.simulating.story import told
from chaos.simulating.world import Violation, World

START_MS = 300
"""The tree comes up before anything happens to it."""
_NUMBERS = itertools.count()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one simulation went."""

    plan: Plan
    steps: int
    """Things that some actor handled."""
    virtual_ms: int
    trace_hash: str
    """Over every step: who handled what of whom, and when."""
    problem: str = ""
    """The invariant that was broken; empty when all is well."""
    text: str = ""
    refused: Counter[str] = field(default_factory=Counter)
    """What machines had no row for."""
    story: tuple[str, ...] = field(default=(), repr=False)

    @property
    def well(self) -> bool:
        return not self.problem


def play(
    plan: Plan, coverage: Coverage | None = None, whole_story: bool = False, record: Path | None = None
) -> Outcome:
    """One plan from its beginning to its rest. `whole_story` tells it also when all is well; `record` is a new file for
    what every machine was asked and decided. Errors: OSError when it cannot be made."""
    folder = scratch() / f"world-{next(_NUMBERS)}"
    folder.mkdir()
    world = World(plan, folder)
    problem = text = ""
    recording = None if record is None else Recording(record, b"simulated", {"from": "simulation", "seed": plan.seed})
    try:
        with seams(world, plan.whole_wire), (coverage or Coverage()).counting():
            decisions.watch(recording)
            _play(world, plan)
    except Violation as violation:
        problem, text = violation.name, str(violation).removeprefix(f"{violation.name}: ")
    finally:
        decisions.watch(None)
        if recording is not None:
            recording.close()
        world.checks.close()
        world.close()
    if coverage is not None:
        coverage.hits.update({f"message {name}": count for name, count in world.said.items()})
        coverage.hits.update({f"fault {name}": count for name, count in world.acted.items()})
    story = told(world) if problem or whole_story else ()
    return Outcome(
        plan, world.steps, world.clock.ms, world.trace_hash, problem, text, world.checks.refused, story
    )  # fmt: skip


def _play(world: World, plan: Plan) -> None:
    acts = Acts(world)
    world.outside.begin()
    world.run_until(START_MS)
    world.outside.subscribe()
    for step in plan.steps:
        world.run_until(step.at_ms + world.slept_ms)
        acts.act(step)
    world.run_until(plan.duration_ms + world.slept_ms)
    Rest(world, acts).come()


@dataclass(slots=True)
class Search:
    """Many seeds, and what came of them."""

    seeds: int = 0
    steps: int = 0
    virtual_ms: int = 0
    seconds: float = 0.0
    coverage: Coverage = field(default_factory=Coverage)
    refused: Counter[str] = field(default_factory=Counter)
    failed: list[Outcome] = field(default_factory=list)

    @property
    def steps_per_s(self) -> int:
        return int(self.steps / self.seconds) if self.seconds else 0

    def add(self, outcome: Outcome, hits: Counter[str]) -> None:
        """One more."""
        self.seeds += 1
        self.steps += outcome.steps
        self.virtual_ms += outcome.virtual_ms
        self.refused += outcome.refused
        self.coverage.hits += hits
        if not outcome.well:
            self.failed.append(outcome)


def search(
    seeds: Iterable[int],
    seconds: float | None = None,
    failures_max: int = 1,
    jobs: int = 1,
    timer: Callable[[], float] = time.monotonic,
) -> Iterator[Search]:
    """Go through seeds, telling after each how it stands; ends with them, with the time, or with `failures_max`.

    `jobs` processes work side by side; what they find is told in the order of the seeds all the same.
    """
    found = Search()
    began = timer()
    for outcome, hits in map(played, seeds) if jobs == 1 else _side_by_side(seeds, jobs):
        found.add(outcome, hits)
        found.seconds = timer() - began
        yield found
        if len(found.failed) >= failures_max or (seconds is not None and found.seconds >= seconds):
            return


def played(seed: int) -> tuple[Outcome, Counter[str]]:
    """One seed, and what it went through."""
    coverage = Coverage()
    # A world is a few megabytes that end with it: looking for cycles meanwhile costs a sixth of the time.
    gc.disable()
    try:
        return play(plan_of(seed), coverage), coverage.hits
    finally:
        gc.enable()


def _side_by_side(seeds: Iterable[int], jobs: int) -> Iterator[tuple[Outcome, Counter[str]]]:
    """Never more ahead than a few seeds each, so that it can end at any of them."""
    scratch()  # made here, the children's are inside it and go with it
    how = "fork" if sys.platform.startswith("linux") else "spawn"
    left = iter(seeds)
    with ProcessPoolExecutor(jobs, multiprocessing.get_context(how)) as pool:
        ahead = deque(pool.submit(played, seed) for seed in itertools.islice(left, jobs * 4))
        try:
            while ahead:
                yield ahead.popleft().result()
                ahead.extend(pool.submit(played, seed) for seed in itertools.islice(left, 1))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
