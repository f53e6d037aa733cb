"""How measured samples are told: count, median, p95, p99 and maximum, and the machine they belong to."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from statistics import median
from typing import Any

import orjson

Result = dict[str, Any]


def share(samples: Sequence[float], part: float) -> float:
    """The sample below which `part` (0 to 1) of them lie: nearest rank."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, max(0, round(part * len(ordered)) - 1))]


def told(name: str, samples: Sequence[float], unit: str = "ms") -> str:
    """One line: what was measured, and how it spreads."""
    shares = f"p95 {share(samples, 0.95):.1f}, p99 {share(samples, 0.99):.1f}, max {max(samples):.1f} {unit}"
    return f"{name}: n {len(samples)}, median {median(samples):.1f}, {shares}"


def machine() -> str:
    """What the figures belong to."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return f"{system}, Python {platform.python_version()}, load {load:.1f}"


def spread(samples: Sequence[float]) -> dict[str, float]:
    """The same as figures, for a result."""
    return {
        "n": len(samples), "median": round(median(samples), 2), "p95": round(share(samples, 0.95), 2),
        "p99": round(share(samples, 0.99), 2), "max": round(max(samples), 2),
    }  # fmt: skip


def print_result(benchmark: str, result: Result) -> None:
    """The result of a run as one line of JSON, with the machine it belongs to: the last line that is printed."""
    print(orjson.dumps({"benchmark": benchmark, "machine": machine(), **result}).decode())
