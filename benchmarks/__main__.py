"""Every benchmark after another, or those that are named: `make bench`, `python -m benchmarks [NAME …]`.

Each prints its own table; the result that it ends with is kept in `benchmarks/results/`, and the page of all results
(`docs/benchmarks.md`) is written anew. `--page` writes the page alone. `python -m benchmarks.NAME` runs one and keeps
nothing.
"""

from __future__ import annotations

import subprocess
import sys

import orjson

from benchmarks.page import RESULTS, write

NAMES = (
    "startup", "wire", "redaction", "frames", "storing", "linkage", "otlp", "importing", "peers", "growth",
    "supervisors", "recovery", "catchup", "tracing", "renderers", "panel",
)  # fmt: skip
"""Frames, recovery and catchup need the real codex (`make codex`), peers and supervisors what others make (`make
peers`; Erlang is Debian's `erlang-base`), panel Debian's `chromium`."""


def measure(name: str) -> bool:
    """Run one and keep its result; false when it did not finish. What it prints is shown as it comes."""
    print(f"\n== {name}", flush=True)
    last = b""
    with subprocess.Popen([sys.executable, "-m", f"benchmarks.{name}"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            sys.stdout.buffer.write(line)
            sys.stdout.flush()
            last = line
    if process.returncode:
        return False
    try:
        result = orjson.loads(last)
    except ValueError:
        return True  # it ends in words: there is nothing to keep
    if isinstance(result, dict) and result.get("benchmark") == name:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.json").write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2) + b"\n")
    return True


def main() -> None:
    """The command."""
    asked = sys.argv[1:]
    broken = [] if asked == ["--page"] else [name for name in asked or NAMES if not measure(name)]
    write(NAMES)
    if broken:
        sys.exit(f"did not finish: {', '.join(broken)}")


if __name__ == "__main__":
    main()
