"""Every benchmark after another, or those that are named: `make bench`, `python -m benchmarks [NAME …]`.

Each prints its own table; the result that it ends with is kept in `benchmarks/results/`, and the page of all results
(`docs/benchmarks.md`) is written anew. `--page` writes the page alone. `python -m benchmarks.NAME` runs one and keeps
nothing.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time

import orjson
import psutil

from benchmarks.page import RESULTS, write

LIMITS_S = {
    "startup": 180, "wire": 60, "redaction": 120, "frames": 180, "storing": 90, "round_trips": 150, "linkage": 150,
    "otlp": 120, "otlp_peer": 420, "importing": 180, "peers": 240, "growth": 600, "supervisors": 240, "recovery": 300,
    "catchup": 120, "tracing": 300, "renderers": 90, "panel": 120,
}  # fmt: skip
"""What there is, in this order, and when each is stopped: at least twice what it takes on two quiet cores.

Frames, recovery and catchup need the real codex (`make codex`), round_trips, otlp_peer, peers and supervisors what
others make (`make peers`; Erlang is Debian's `erlang-base`), panel Debian's `chromium`.
"""
NAMES = tuple(LIMITS_S)


def measure(name: str, limit_s: float) -> str:
    """Run one and keep its result; why there is none, or nothing. What it prints is shown as it comes."""
    print(f"\n== {name}", flush=True)
    last = b""
    began = time.monotonic()
    process = psutil.Popen([sys.executable, "-m", f"benchmarks.{name}"], stdout=subprocess.PIPE)
    late = threading.Event()

    def stop() -> None:
        late.set()
        end(process)

    timer = threading.Timer(limit_s, stop)
    timer.start()
    try:
        for line in process.stdout:
            sys.stdout.buffer.write(line)
            sys.stdout.flush()
            last = line
        process.wait()
    finally:
        timer.cancel()
        end(process)
    took_s = time.monotonic() - began
    if late.is_set():
        return f"was stopped after {limit_s:g} s"
    print(f"-- {name}: {took_s:.0f} s", flush=True)
    return f"ended with {process.returncode}" if not keep(name, last, took_s) or process.returncode else ""


def keep(name: str, said: bytes, took_s: float) -> bool:
    """Keep the result that a benchmark ended with; false when it is none."""
    try:
        result = orjson.loads(said)
    except ValueError:
        return False
    assert result["benchmark"] == name, result
    RESULTS.mkdir(exist_ok=True)
    kept = orjson.dumps({**result, "took_s": round(took_s, 1)}, option=orjson.OPT_INDENT_2)
    (RESULTS / f"{name}.json").write_bytes(kept + b"\n")
    return True


def end(process: psutil.Popen) -> None:
    """End a benchmark and all that it started and that is still below it."""
    with contextlib.suppress(psutil.Error):
        for each in [*process.children(recursive=True), process]:
            with contextlib.suppress(psutil.Error):
                each.kill()


def main() -> None:
    """The command."""
    asked = sys.argv[1:]
    strange = [name for name in asked if name not in LIMITS_S and name != "--page"]
    if strange:
        sys.exit(f"there is no {', '.join(strange)}; there are {', '.join(NAMES)}, and --page")
    broken = []
    for name in () if asked == ["--page"] else asked or NAMES:
        why = measure(name, LIMITS_S[name])
        if why:
            broken.append(f"{name} {why}")
    write(NAMES)
    if broken:
        sys.exit(f"no result: {', '.join(broken)}")


if __name__ == "__main__":
    main()
