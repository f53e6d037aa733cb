"""The verb `simulate`. What it does is in `chaos/simulation.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hybrid_capture.console import Screen
from hybrid_capture.problems import USAGE, Problem
from hybrid_capture.verbs import Json, verb


@verb
def simulate(
    seeds: Annotated[int | None, typer.Option("--seeds", min=1, help="So many; 500 unless told otherwise.")] = None,
    minutes: Annotated[float | None, typer.Option("--minutes", min=0.01, help="At most so long.")] = None,
    first: Annotated[int, typer.Option("--first", min=0, help="The first seed.")] = 0,
    jobs: Annotated[int | None, typer.Option("--jobs", min=1, help="Processes side by side; one a processor.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="This one alone, with its story.")] = None,
    record: Annotated[
        Path | None,
        typer.Option("--record", help="With --seed: a new file for what every machine was asked and decided."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Play the whole tree on a clock of its own while everything breaks, and check it after each step.

    Needs no codex and no runtime, touches no state folder. The same seed is the same story. The first seed that breaks
    a promise is shrunk, told and named, and the exit code is 1. Prints what was never exercised.

    \b
    Example:
      hybrid-capture simulate --seeds 500
      hybrid-capture simulate --minutes 10 --first 100000 --json
      hybrid-capture simulate --seed 17
      hybrid-capture simulate --seed 17 --record seed-17.jsonl
    """
    from chaos.simulating import report

    if seed is not None and (seeds is not None or minutes is not None or first):
        raise Problem("BAD_OPTIONS", "--seed is one seed alone: leave --seeds, --minutes and --first out", USAGE)
    if record is not None and seed is None:
        raise Problem("BAD_OPTIONS", "--record writes one simulation down: say which with --seed", USAGE)
    screen = Screen(as_json)
    if seed is None:
        return report.simulate(seeds, minutes, first, jobs, screen)
    return report.replay(seed, screen, record)
