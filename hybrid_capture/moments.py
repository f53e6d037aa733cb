"""Moments as the verbs have them: now, in ms since the epoch, and how one is told to a person."""

from __future__ import annotations

import time


def now_ms() -> int:
    """The wall clock, in ms."""
    return time.time_ns() // 1_000_000


def when(at_ms: int) -> str:
    """Local time of a moment."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at_ms / 1000))
