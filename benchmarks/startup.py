"""How long the command takes to answer when nothing has to be done, beside what the interpreter alone needs.

    python -m benchmarks.startup [n]

Target: `--help` within 150 ms.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time

from benchmarks.samples import line, print_result, row

REPEATS = 20
ALONE = "interpreter alone"
CASES: dict[str, list[str]] = {
    ALONE: ["-c", "pass"],
    "--help": ["-m", "hybrid_capture", "--help"],
    "--version": ["-m", "hybrid_capture", "--version"],
    "turn --help": ["-m", "hybrid_capture", "turn", "--help"],
    "status, nothing runs": ["-m", "hybrid_capture", "status", "--state-dir", ""],
}


def main(repeats: int = REPEATS) -> None:
    """All cases in turn, so that a slow moment of the machine hits all of them."""
    took: dict[str, list[float]] = {name: [] for name in CASES}
    with tempfile.TemporaryDirectory() as empty:
        for _ in range(repeats):
            for name, words in CASES.items():
                took[name].append(once([word or empty for word in words]))
    rows = [row(name, each, "ms", took[ALONE]) for name, each in took.items()]
    for each in rows:
        print(line(each))
    print_result("startup", rows)


def once(words: list[str]) -> float:
    """Start to exit, in ms."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *words], capture_output=True, check=False, timeout=60)
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else REPEATS)
