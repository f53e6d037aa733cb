"""How measured samples are told: count, median, p99 and ratio, and the machine and the versions they belong to."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import orjson
import psutil

Result = dict[str, Any]
ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
"""Where `make peers` puts what others make."""
LOAD = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
"""Of the minute before this process began: afterwards its own work is in it."""


def share(samples: Sequence[float], part: float) -> float:
    """The sample below which `part` (0 to 1) of them lie: nearest rank."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, max(0, round(part * len(ordered)) - 1))]


def row(
    what: str, samples: Sequence[float], unit: str, beside: Sequence[float] | None = None, *, rate: bool = False
) -> Result:
    """One line of a table. `ratio` is its median by the median of `beside`.

    `rate`: more is better, so that p99 is what 99 of 100 samples reach or pass.
    """
    ordered = [-each for each in samples] if rate else list(samples)
    found: Result = {
        "what": what, "unit": unit, "n": len(samples), "median": _short(median(samples)),
        "p99": _short(abs(share(ordered, 0.99))),
    }  # fmt: skip
    if beside:
        found["ratio"] = _short(median(samples) / median(beside))
    return found


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def line(found: Mapping[str, Any]) -> str:
    """A row of a table for the terminal."""
    ratio = f", ratio {found['ratio']:g}" if "ratio" in found else ""
    return f"{found['what']}: n {found['n']}, median {found['median']:,g}, p99 {found['p99']:,g} {found['unit']}{ratio}"


def machine() -> str:
    """What the figures belong to."""
    memory = psutil.virtual_memory().total / 2**30
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores of {_processor()}, {memory:.0f} GiB"
    return f"{system}, load before {LOAD:.1f}"


def _processor() -> str:
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    except OSError:
        found = None
    return found.group(1).strip() if found else platform.processor() or "an unnamed processor"


def versions() -> dict[str, str]:
    """What is always part of a run."""
    known = {"hybrid-capture": version("hybrid-capture"), "python": platform.python_version()}
    said = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    if said.returncode == 0:
        known["commit"] = said.stdout.strip()
    return known | {"sqlite": sqlite3.sqlite_version, "kernel": platform.release()}


def print_result(
    benchmark: str,
    rows: Sequence[Result],
    figures: Mapping[str, Any] | None = None,
    *,
    peers: Mapping[str, str] | None = None,
    absent: Sequence[str] = (),
) -> None:
    """The result of a run as one line of JSON, the last that is printed.

    `rows` are the table; `figures` what stands beside it; `peers` the versions of what was measured beside ours;
    `absent` sentences about what could not be measured here, and how it could.
    """
    found = {
        "benchmark": benchmark, "machine": machine(), "versions": {**versions(), **(peers or {})}, "rows": [*rows],
        "absent": [*absent], "figures": figures or {},
    }  # fmt: skip
    print(orjson.dumps(found).decode())


def print_table(rows: Sequence[Result], absent: Sequence[str] = ()) -> None:
    """The same for a person."""
    for each in rows:
        print(line(each))
    for missing in absent:
        print(f"absent: {missing}", flush=True)
