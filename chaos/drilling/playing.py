"""Playing several drills, one after another or some at once, and telling how it goes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import orjson

from chaos.drilling import journal, report
from chaos.drilling.experiment import Experiment, find, packaged
from chaos.drilling.phases import NAMES
from chaos.drilling.running import Played, Repetition, play
from hybrid_capture.codex_binary import resolve_codex
from hybrid_capture.console import Screen
from hybrid_capture.problems import DONE, INTERRUPTED

Ended = Literal["ok", "failed", "interrupted"]
Server = Literal["scripted", "real"]
JOBS_MAX = 16


def play_all(
    names: list[str], codex: Path | None, repetitions: int | None, seed: int, out: Path, screen: Screen, jobs: int = 1
) -> Ended:
    """Play these drills, or all that come along, `jobs` at once; write journals and samples into `out`.

    Errors: BadExperiment, CodexNotFound, OSError (the folder cannot be written).
    """
    heed_termination()
    wanted = {name: find(name) for name in names} if names else packaged()
    binary = resolve_codex(codex, env_path=os.environ.get("PATH", "")) if codex else None
    server: Server = "real" if binary else "scripted"
    for name in [name for name, experiment in wanted.items() if server not in experiment.ours.servers]:
        screen.note(f"{name} is for the scripted app-server alone: left out")
        del wanted[name]
    if min(jobs, len(wanted)) > 1:
        ended = _at_once(list(wanted), binary, repetitions, seed, out, screen, jobs)
    else:
        ended = _one_by_one(wanted, binary, repetitions, seed, out, screen)
    if ended == "interrupted":
        screen.say("interrupted: what was measured so far is written, what was done is undone")
        return ended
    written = [out / f"{Path(name).stem}-{server}.samples.jsonl" for name in wanted]
    if results := [report.read(path) for path in written if path.exists()]:
        report.tell(results, screen)
    return ended


def heed_termination() -> None:
    """SIGTERM is Ctrl-C, and Ctrl-C is heard also by a job in the background, which a shell starts deaf to it."""
    if threading.current_thread() is threading.main_thread():
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.default_int_handler)


def _one_by_one(
    wanted: dict[str, Experiment], codex: Path | None, repetitions: int | None, seed: int, out: Path, screen: Screen
) -> Ended:
    failed = False
    for name, experiment in wanted.items():
        played = _play(Path(name).stem, experiment, codex, repetitions, seed, screen)
        journal.write(out, played)
        failed |= not played.ok
        if played.interrupted:
            return "interrupted"
    return "failed" if failed else "ok"


def _at_once(
    names: list[str], codex: Path | None, repetitions: int | None, seed: int, out: Path, screen: Screen, jobs: int
) -> Ended:
    """Each drill in a process of its own, so that none waits for another one's listener. An interruption is passed on
    once: each undoes what it did."""
    words = [sys.executable, "-m", "hybrid_capture", "drill", "run", "--json", "--seed", str(seed), "--out", str(out)]
    words += ["--codex", str(codex)] if codex else []
    words += ["-n", str(repetitions)] if repetitions else []
    codes: list[int] = []
    running: list[subprocess.Popen[bytes]] = []
    telling, over = threading.Lock(), threading.Event()

    def one(name: str) -> None:
        if over.is_set():
            return
        process = subprocess.Popen(
            [*words, name], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True
        )
        running.append(process)
        assert process.stdout is not None
        for line in process.stdout:
            heard = orjson.loads(line)
            if heard.get("event") == "repetition":
                with telling:
                    _told(str(heard.pop("drill")), {key: heard[key] for key in heard if key != "event"}, screen, True)
        codes.append(process.wait())

    with ThreadPoolExecutor(min(jobs, JOBS_MAX)) as pool:
        try:
            list(pool.map(one, names))
        except KeyboardInterrupt:
            over.set()
            for process in running:
                process.terminate()
    if over.is_set() or INTERRUPTED in codes:
        return "interrupted"
    return "failed" if any(code != DONE for code in codes) else "ok"


def _play(
    name: str, experiment: Experiment, binary: Path | None, repetitions: int | None, seed: int, screen: Screen
) -> Played:
    screen.say(f"{name}: {experiment.title}", "bold")

    def told(one: Repetition) -> None:
        _told(name, one.sample(), screen)

    return play(name, experiment, codex=binary, repetitions=repetitions, seed=seed, told=told)


def _told(name: str, sample: dict[str, Any], screen: Screen, among_others: bool = False) -> None:
    phases = sample["phases"]
    seen = ", ".join(f"{phase} {phases[phase]:.0f}" for phase in NAMES if phases.get(phase) is not None)
    which = f"{name} {sample['n']:>3}" if among_others else f"{sample['n']:>3}"
    screen.say(f"  {which}  {seen or 'nothing to be noticed'}" + (" ms" if seen else ""))
    for failure in sample["failures"]:
        screen.say(f"       FAILED: {failure}", "red")
    screen.record({"event": "repetition", "drill": name, **sample})
