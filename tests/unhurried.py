"""Deadlines with which nobody is taken for hung, late or unhealthy only because the machine has other work.

Longer than a busy machine makes anybody wait, shorter than the patience of the tests: what really hangs is found all
the same. A test that is about a deadline gives its own, beside these.
"""

from __future__ import annotations

from messages.settings import Timing

SLOWLY = {
    "restart_window_ms": 600_000,  # as many faults as the rule counts come less quickly, too
    "start_deadline_ms": 25_000,
    "initialize_deadline_ms": 25_000,
    "ping_deadline_ms": 12_000,
    "liveness_late_ms": 10_000,
    "liveness_deadline_ms": 12_000,
    "settle_deadline_ms": 12_000,
    "probe_deadline_ms": 12_000,
}


def unhurried(**changes: int) -> Timing:
    """These deadlines, and what the test is about."""
    return Timing(**{**SLOWLY, **changes})


def as_environment() -> dict[str, str]:
    """The same for a program that reads its settings."""
    return {f"HYBRID_CAPTURE_TIMING__{name.upper()}": str(value) for name, value in SLOWLY.items()}
