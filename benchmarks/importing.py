"""How fast files are imported, redacted and indexed, beside parsing them alone; and what following idle files costs.

    python -m benchmarks.importing [MB] [rounds] [idle files]

Import is the verb itself on generated files (`tool_files.py`), redacted, indexed and with its evidence, per tool. The
floor is one process that reads the same bytes and parses each line with orjson. CPU seconds stand beside the wall
clock: other work on the machine stretches only the latter. The last line is JSON.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson
import psutil

from benchmarks.samples import Result, machine, print_result, print_table, row
from benchmarks.tool_files import rollout, transcript, write
from chaos.scripted import write_executable
from chaos.scripts import ProcessScript
from hybrid_capture.settings import Settings
from tests.live.house import House

SAMPLE_S = 0.05
IDLE_S = 65.0
"""Longer than a sweep's period, so at least one is in it."""


def floor(path: Path) -> float:
    """MB/s of reading and parsing alone."""
    began = time.perf_counter()
    with path.open("rb") as file:
        for line in file:
            orjson.loads(line)
    return path.stat().st_size / 1e6 / (time.perf_counter() - began)


def imported(path: Path, state: Path) -> tuple[float, float, float]:
    """MB/s of one import, MB/s by the CPU time of its busier process, and the most memory of a process in MB."""
    words = [sys.executable, "-m", "hybrid_capture", "import", str(path), "--state-dir", str(state), "--json"]
    most, spent = 0.0, {}
    with (state.parent / f"{state.name}.out").open("w+b") as out:
        process = psutil.Popen(words, stdout=out)
        while process.poll() is None:
            for each in [process, *process.children(recursive=True)]:
                try:
                    most = max(most, each.memory_info().rss / 1e6)
                    times = each.cpu_times()
                except psutil.Error:
                    continue
                spent[each.pid] = times.user + times.system
            time.sleep(SAMPLE_S)
        out.seek(0)
        summary = orjson.loads(out.read().splitlines()[-1])
    assert not summary["problems"], summary
    return summary["mb_per_s"], summary["bytes"] / 1e6 / max(spent.values()), most


def idle(folder: Path, files: int) -> float:
    """Percent of a core that the baseline actor takes with so many idle files below its folders."""
    projects = folder / "claude" / "projects"
    line = orjson.dumps({"type": "mode", "sessionId": "s", "mode": "normal"}) + b"\n"
    for number in range(files):
        project = projects / f"-p{number // 100}"
        if number % 100 == 0:
            project.mkdir(parents=True)
        (project / f"{number}.jsonl").write_bytes(line)
        os.utime(project / f"{number}.jsonl", (time.time() - 86_400,) * 2)
    codex = write_executable(folder / "codex", script=ProcessScript(auth="chatgpt"))
    settings = Settings(
        state_dir=folder / "state", codex=codex, codex_home=folder, cwd=folder, streaming=False, otlp=False,
        watch_codex=False, watch_claude=True, claude_home=folder / "claude",
    )  # fmt: skip
    with House(settings) as house:
        while house.rows("SELECT count(*) FROM files") != [(files,)]:
            time.sleep(0.5)
        pid = next(each["pid"] for each in house.runtime.status()["actors"] if each["name"] == "baseline")
        actor = psutil.Process(pid)
        time.sleep(2)
        before, began = sum(actor.cpu_times()[:2]), time.perf_counter()
        time.sleep(IDLE_S)
        return 100 * (sum(actor.cpu_times()[:2]) - before) / (time.perf_counter() - began)


def main() -> None:
    """Measure, print, give the result."""
    given = [*map(int, sys.argv[1:]), *(40, 3, 15_000)[len(sys.argv) - 1 :]]
    megabytes, rounds, files = given
    print(machine())
    rows: list[Result] = []
    figures: Result = {"MB of a file": megabytes}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name, lines in (("transcript", transcript), ("rollout", rollout)):
            path = folder / f"{name}.jsonl"
            write(path, lines(), megabytes * 1_000_000)
            subprocess.run(["cat", str(path)], stdout=subprocess.DEVNULL, check=True)
            bare: list[float] = []
            runs: list[tuple[float, float, float]] = []
            for number in range(rounds):
                bare.append(floor(path))
                runs.append(imported(path, folder / f"{name}{number}"))
            walls, spent = ([run[at] for run in runs] for at in range(2))
            rows += [
                row(f"{name}: parsed with orjson, nothing kept", bare, "MB/s", rate=True),
                row(f"{name}: imported", walls, "MB/s", bare, rate=True),
                row(f"{name}: imported, by its busier process", spent, "MB per CPU second", bare, rate=True),
            ]
            figures[f"{name}, most memory of a process, MB"] = round(max(run[2] for run in runs))
        if files:
            figures[f"{files} idle files, % of a core"] = round(idle(folder, files), 2)
    print_table(rows)
    print(", ".join(f"{name}: {value}" for name, value in figures.items()))
    print_result("importing", rows, figures)


if __name__ == "__main__":
    main()
