"""Playing several drills one after another, and telling how it goes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from chaos.drilling import journal, report
from chaos.drilling.experiment import Experiment, find, packaged
from chaos.drilling.phases import NAMES
from chaos.drilling.running import Played, Repetition, play
from hybrid_capture.codex_binary import resolve_codex
from hybrid_capture.console import Screen

Ended = Literal["ok", "failed", "interrupted"]


def play_all(
    names: list[str], codex: Path | None, repetitions: int | None, seed: int, out: Path, screen: Screen
) -> Ended:
    """Play these drills, or all that come along; write journals and samples into `out`.

    Errors: BadExperiment, CodexNotFound, OSError (the folder cannot be written).
    """
    wanted = {name: find(name) for name in names} if names else packaged()
    binary = resolve_codex(codex, env_path=os.environ.get("PATH", "")) if codex else None
    server: Literal["scripted", "real"] = "real" if binary else "scripted"
    failed, results = False, []
    for name, experiment in wanted.items():
        if server not in experiment.ours.servers:
            screen.note(f"{name} is for the scripted app-server alone: left out")
            continue
        played = _play(Path(name).stem, experiment, binary, repetitions, seed, screen)
        paths = journal.write(out, played)
        results.append(report.read(paths[1]))
        failed |= not played.ok
        if played.interrupted:
            screen.say("interrupted: what was measured so far is written, what was done is undone")
            return "interrupted"
    if results:
        report.tell(results, screen)
    return "failed" if failed else "ok"


def _play(
    name: str, experiment: Experiment, binary: Path | None, repetitions: int | None, seed: int, screen: Screen
) -> Played:
    screen.say(f"{name}: {experiment.title}", "bold")

    def told(one: Repetition) -> None:
        seen = ", ".join(f"{phase} {one.phases[phase]:.0f}" for phase in NAMES if one.phases.get(phase) is not None)
        screen.say(f"  {one.number:>3}  {seen or 'nothing to be noticed'}" + (" ms" if seen else ""))
        for failure in one.failures:
            screen.say(f"       FAILED: {failure}", "red")
        screen.record({"event": "repetition", "drill": name, **one.sample()})

    return play(name, experiment, codex=binary, repetitions=repetitions, seed=seed, told=told)
