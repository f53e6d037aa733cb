"""How long the command takes to answer when nothing has to be done, and Claude Code's hook: the wheel in an environment
of its own, as a user has it, beside what the interpreter alone needs.

    python -m benchmarks.startup [n]

Targets: `--help` within 150 ms, the hook's script within 50 ms. Wall and CPU of each start, all cases in turn.
"""

from __future__ import annotations

import os
import resource
import shlex
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import orjson

from benchmarks.samples import ROOT, line, print_result, row
from hybrid_capture.setup import hook

REPEATS = 20
ALONE = "interpreter alone"
EVENT = orjson.dumps(
    {
        "session_id": "0199a213-6f53-7d02-9f3e-2b1c5d6e7f80",
        "transcript_path": "/home/me/.claude/projects/-home-me-project/0199a213-6f53-7d02-9f3e-2b1c5d6e7f80.jsonl",
        "cwd": "/home/me/project",
        "hook_event_name": "SessionStart",
        "source": "startup",
    }
)


def main(repeats: int = REPEATS) -> None:
    """All cases in turn, so that a slow moment of the machine hits all of them."""
    with tempfile.TemporaryDirectory(prefix="hc-startup-") as folder:
        cases = installed(Path(folder))
        took: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
        for words in cases.values():
            once(words, Path(folder))  # what is compiled at a first start
        for _ in range(repeats):
            for name, words in cases.items():
                took[name].append(once(words, Path(folder)))
    rows = []
    for what, which in (("wall", 0), ("CPU", 1)):
        alone = [each[which] for each in took[ALONE]]
        rows += [row(f"{name}, {what}", [each[which] for each in took[name]], "ms", alone) for name in cases]
    for each in rows:
        print(line(each))
    print_result("startup", rows)


def installed(folder: Path) -> dict[str, list[str]]:
    """The wheel and what it needs in a fresh environment, and what is started there by name."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=True)
    binaries = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    python = str(binaries / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", str(wheel)], check=True, stderr=subprocess.DEVNULL)
    hook.install(folder / "state")
    command, empty = str(binaries / "hybrid-capture"), folder / "empty"
    empty.mkdir(mode=0o700)
    return {
        ALONE: [python, "-c", "pass"],
        "--help": [command, "--help"],
        "--version": [command, "--version"],
        "turn --help": [command, "turn", "--help"],
        "status, nothing runs": [command, "status", "--state-dir", str(empty)],
        "hook script": shlex.split(hook.command(folder / "state", Path(python))),
    }


def once(words: list[str], cwd: Path) -> tuple[float, float]:
    """Start to exit: wall and CPU, in ms."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(words, input=EVENT, cwd=cwd, capture_output=True, check=False, timeout=60)
    wall_s, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall_s * 1000, cpu_s * 1000


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else REPEATS)
