"""Importing transcripts, beside what people use to look at the same files: `claude-code-log` and `ccusage`.

    make peers && python -m benchmarks.peers [MB] [rounds]

All read the same sessions of Claude Code (`tool_files.py`), of about a megabyte each, in one run, in turns. They do not
do the same: `hybrid-capture import` redacts, indexes and links what it reads and keeps all of it; `claude-code-log`
writes one HTML page per project; `ccusage` sums tokens and keeps nothing. CPU seconds are of all processes of a program
together; the wall clock stands beside them. Peers are installed below `.tools/` only and are no dependency of ours.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from benchmarks.samples import TOOLS, Result, print_result, print_table, row
from benchmarks.tool_files import transcript, write

CLAUDE_CODE_LOG = TOOLS / "peers" / "bin" / "claude-code-log"
CCUSAGE = TOOLS / "ccusage" / "node_modules" / ".bin" / "ccusage"
OURS = "hybrid-capture import"
SESSION_BYTES = 1_000_000
SAMPLE_S = 0.02
DEADLINE_S = 900


def run(words: Sequence[str], environment: dict[str, str], out: Path) -> Result:
    """Wall and CPU seconds of a program with all that it starts, and the most memory they have at once in MB."""
    spent: dict[int, float] = {}
    most = 0.0
    began = time.perf_counter()
    with out.open("wb") as sink:
        process = psutil.Popen(words, stdout=sink, stderr=subprocess.STDOUT, env={**os.environ, **environment})
        while process.poll() is None:
            rss = 0.0
            for each in [process, *process.children(recursive=True)]:
                try:
                    rss += each.memory_info().rss / 1e6
                    times = each.cpu_times()
                except psutil.Error:
                    continue
                spent[each.pid] = times.user + times.system
            most = max(most, rss)
            if time.perf_counter() - began > DEADLINE_S:
                process.kill()
            time.sleep(SAMPLE_S)
    assert process.returncode == 0, f"{words[0]} failed: {out.read_text(errors='replace')[-2000:]}"
    return {"wall_s": time.perf_counter() - began, "cpu_s": sum(spent.values()), "rss_mb": most}


def version(words: Sequence[str]) -> str:
    """What a program calls its version."""
    said = subprocess.run([*words, "--version"], capture_output=True, text=True, timeout=60, check=False).stdout
    return said.strip().split("\n")[-1].split(" ")[-1]


def main() -> None:
    """Measure, print, give the result."""
    given = [*map(int, sys.argv[1:]), *(20, 3)[len(sys.argv) - 1 :]]
    megabytes, rounds = given
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        project = folder / "claude" / "projects" / "-home-user-project"
        project.mkdir(parents=True)
        size = sum(
            write(project / f"{number}.jsonl", transcript(number), SESSION_BYTES)
            for number in range(max(1, megabytes * 1_000_000 // SESSION_BYTES))
        )
        ours = [sys.executable, "-m", "hybrid_capture"]
        programs = {
            OURS: [*ours, "import", str(project), "--json", "--state-dir"],
            "claude-code-log": [str(CLAUDE_CODE_LOG), str(project), "--no-cache", "--combined", "only", "--output"],
            "ccusage": [str(CCUSAGE), "daily", "--json", "--offline"],
        }
        there = {name: words for name, words in programs.items() if words[0] == ours[0] or Path(words[0]).exists()}
        absent = [f"{name} (`make peers`)" for name in programs if name not in there]
        runs: dict[str, list[Result]] = {name: [] for name in there}
        for number in range(rounds):
            for name, words in there.items():
                if words[-1].startswith("--") and words[-1] != "--offline":
                    words = [*words, str(folder / f"{name.split(' ')[0]}{number}")]
                environment = {"CLAUDE_CONFIG_DIR": str(folder / "claude"), "NO_COLOR": "1"}
                runs[name].append(run(words, environment, folder / "said"))
        versions = {name: version(words[:1]) for name, words in there.items() if words[0] != ours[0]}
    beside = {what: [_rate(size, sample[what]) for sample in runs[OURS]] for what in ("cpu_s", "wall_s")}
    rows: list[Result] = []
    for what, unit in (("cpu_s", "MB per CPU second"), ("wall_s", "MB/s")):
        rows += [
            row(name, [_rate(size, sample[what]) for sample in each], unit, beside[what], rate=True)
            for name, each in runs.items()
        ]
    rows += [row(f"{name}, most memory", [sample["rss_mb"] for sample in each], "MB") for name, each in runs.items()]
    print_table(rows, absent)
    print_result("peers", rows, {"MB": round(size / 1e6, 1)}, peers=versions, absent=absent)


def _rate(size: int, took_s: float) -> float:
    return size / 1e6 / took_s


if __name__ == "__main__":
    main()
