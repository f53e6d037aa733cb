"""Asking again and again, for every actor library alike: the standard library only, since peers have their own."""

from __future__ import annotations

import time
from collections.abc import Callable

WARM = 200
"""Questions that do not count, before those that do."""


def asked(ask: Callable[[], object], n: int) -> list[float]:
    """µs for each of `n` questions, one at a time."""
    took = []
    for number in range(WARM + n):
        began = time.perf_counter_ns()
        ask()
        if number >= WARM:
            took.append((time.perf_counter_ns() - began) / 1e3)
    return took
