"""Let atheris look for bytes that break a target: `python -m fuzz [TARGET…] [--minutes M]`.

One process per target, one after the other. What breaks one is kept in `fuzz/crashes/TARGET-…` and told; the exit code
is 1 then. New beginnings go to a temporary folder: `corpus/` stays small, and what is worth keeping is added by hand.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
INPUT_BYTES_MAX = 4096
ONE_INPUT_S = 10
MEMORY_MB = 1024


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", help="All of them otherwise.")
    parser.add_argument("--minutes", type=float, default=1.0, help="For each target.")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given, rest = parser.parse_known_args()
    if given.one:
        _fuzz(given.one, [*given.targets, *rest])  # the folders look like targets to the parser
    from fuzz.targets import TARGETS

    broken = []
    for name in given.targets or TARGETS:
        with tempfile.TemporaryDirectory() as found:
            (HERE / "crashes").mkdir(exist_ok=True)
            words = [
                found, str(HERE / "corpus" / name), f"-max_total_time={int(given.minutes * 60)}",
                f"-max_len={INPUT_BYTES_MAX}", f"-timeout={ONE_INPUT_S}", f"-rss_limit_mb={MEMORY_MB}",
                f"-artifact_prefix={HERE / 'crashes'}/{name}-", "-print_final_stats=1",
            ]  # fmt: skip
            print(f"{name}: {given.minutes:g} min", flush=True)
            done = subprocess.run([sys.executable, "-m", "fuzz", "--one", name, *words], check=False)
        if done.returncode:
            broken.append(name)
    print(f"broken: {', '.join(broken)}: see fuzz/crashes/" if broken else "nothing broke", flush=True)
    return 1 if broken else 0


def _fuzz(name: str, words: list[str]) -> None:
    """Never comes back: libFuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["actors", "messages", "storage", "tomllib", "fuzz"]):
        from fuzz.targets import TARGETS
    atheris.Setup([name, *words], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
