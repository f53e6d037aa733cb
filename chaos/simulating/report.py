"""What `hybrid-capture simulate` shows: progress, what was never exercised, and of a failure its shrunk story."""

from __future__ import annotations

import itertools
import os
import time
from pathlib import Path
from typing import Any

from chaos.simulating.coverage import RARE
from chaos.simulating.plan import Plan, plan_of
from chaos.simulating.shrinking import shrink
from chaos.simulation import Outcome, Search, play, search
from hybrid_capture.console import Screen
from hybrid_capture.problems import DONE, WRONG

PROGRESS_S = 2.0
SEEDS_DEFAULT = 500


def simulate(seeds: int | None, minutes: float | None, first: int, jobs: int | None, screen: Screen) -> int:
    """Go through seeds from `first`: so many, or for so long, whichever ends first. Exit code 1 on a failure.

    `jobs`: processes side by side; as many as there are processors unless given.
    """
    wanted = range(first, first + seeds) if seeds is not None else itertools.count(first)
    if seeds is None and minutes is None:
        wanted = range(first, first + SEEDS_DEFAULT)
    told_s, found = 0.0, Search()
    for found in search(wanted, None if minutes is None else minutes * 60, jobs=jobs or os.cpu_count() or 1):
        if found.seconds - told_s >= PROGRESS_S:
            told_s = found.seconds
            screen.note(f"{found.seeds} seeds, {found.steps} steps, {found.steps_per_s} steps/s")
    if found.failed:
        _failure(found.failed[0], screen)
    _summary(found, screen)
    return WRONG if found.failed else DONE


def replay(seed: int, screen: Screen, record: Path | None = None) -> int:
    """One seed again, with its story; `record` is a new file for its decisions. Errors: OSError."""
    began = time.monotonic()
    outcome = play(plan_of(seed), whole_story=True, record=record)
    if not outcome.well:
        _failure(outcome, screen)
        return WRONG
    for line in (*map(str, outcome.plan.steps), "", *outcome.story):
        screen.say(line)
    screen.say(f"seed {seed} holds: {outcome.steps} steps in {time.monotonic() - began:.2f} s, {outcome.trace_hash}")
    screen.record({"seed": seed, "ok": True, "steps": outcome.steps, "traceHash": outcome.trace_hash})
    if record is not None:
        screen.note(f"written to {record}: `hybrid-capture trace replay {record}` asks the machines again")
    return DONE


def shrunk(outcome: Outcome) -> Outcome:
    """The same failure with as few steps as can be found."""

    def fails(plan: Plan) -> bool:
        return play(plan).problem == outcome.problem

    return play(shrink(outcome.plan, fails))


def _failure(outcome: Outcome, screen: Screen) -> None:
    seed = outcome.plan.seed
    screen.note(f"seed {seed} breaks: {outcome.problem}. Shrinking ...")
    small = shrunk(outcome)
    small = small if small.problem else outcome
    screen.say(f"seed {seed} breaks: {small.problem}", "bold red")
    screen.say(small.text)
    screen.say(f"\n{len(small.plan.steps)} of {len(outcome.plan.steps)} steps are needed:")
    for step in small.plan.steps:
        screen.say(str(step))
    screen.say("\nthe story (>> arrives, << leaves, ** happens):")
    for line in small.story:
        screen.say(line)
    screen.say(f"\nagain: hybrid-capture simulate --seed {seed}")
    screen.record(
        {
            "seed": seed,
            "ok": False,
            "problem": small.problem,
            "text": small.text,
            "steps": [str(step) for step in small.plan.steps],
            "stepsBefore": len(outcome.plan.steps),
            "story": small.story,
            "traceHash": outcome.trace_hash,
        }
    )


def _summary(found: Search, screen: Screen) -> None:
    never = found.coverage.never()
    every = len(found.coverage.all())
    virtual = f"{found.virtual_ms // 60_000} min of virtual time"
    screen.say(
        f"{found.seeds} seeds, {found.steps} steps ({found.steps_per_s}/s), {virtual}: {len(found.failed)} failed"
    )
    screen.say(f"{every - len(never)} of {every} table rows, messages and kinds of fault were exercised; never:")
    for word in never:
        screen.say(f"  {word}: {RARE[word]}" if word in RARE else f"  {word}")
    for word, count in found.refused.most_common():
        screen.say(f"refused {count} times: {word}")
    record: dict[str, Any] = {
        "seeds": found.seeds,
        "failed": [outcome.plan.seed for outcome in found.failed],
        "steps": found.steps,
        "stepsPerS": found.steps_per_s,
        "seconds": round(found.seconds, 2),
        "virtualMs": found.virtual_ms,
        "neverExercised": never,
        "refused": dict(found.refused),
        "hits": dict(found.coverage.hits),
    }
    screen.record(record)
