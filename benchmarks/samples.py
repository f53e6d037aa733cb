"""How measured samples are told: count, median, p95, p99 and maximum, and the machine they belong to."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from statistics import median


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
