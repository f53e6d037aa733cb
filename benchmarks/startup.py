"""How long the command takes to answer when nothing has to be done: `python -m benchmarks.startup [n]`.

Target: `--help` within 150 ms. Beside it stands what the interpreter alone needs, since machines differ.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time

REPEATS = 20
CASES: dict[str, list[str]] = {
    "interpreter alone": ["-c", "pass"],
    "--help": ["-m", "hybrid_capture", "--help"],
    "--version": ["-m", "hybrid_capture", "--version"],
    "turn --help": ["-m", "hybrid_capture", "turn", "--help"],
    "status, nothing runs": ["-m", "hybrid_capture", "status", "--state-dir", ""],
}


def main(repeats: int = REPEATS) -> None:
    with tempfile.TemporaryDirectory() as empty:
        for name, words in CASES.items():
            took = sorted(once([word or empty for word in words]) for _ in range(repeats))
            p95 = took[int(0.95 * (len(took) - 1))]
            print(f"{name:<22} n={repeats}  median {statistics.median(took):6.1f} ms  p95 {p95:6.1f} ms")


def once(words: list[str]) -> float:
    """Start to exit, in ms."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *words], capture_output=True, check=False, timeout=60)
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else REPEATS)
