"""A failing plan made small: steps are left out as long as the same invariant breaks without them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chaos.simulating.plan import Plan, Step

PLAYS_MAX = 300
AFTER_MS = 500
"""How much of a plan is left behind its last step."""

Fails = Callable[[Plan], bool]


def shrink(plan: Plan, fails: Fails, plays_max: int = PLAYS_MAX) -> Plan:
    """The smallest plan found that still fails; `fails` plays it. At most `plays_max` plays.

    First halves are left out, then quarters, at last single steps, until no single step can go (ddmin). The seed stays,
    so each message keeps its pace; what the app-server says may change with the steps that are gone.
    """
    plays = 0

    def still(steps: tuple[Step, ...], duration_ms: int) -> bool:
        nonlocal plays
        plays += 1
        return fails(replace(plan, steps=steps, duration_ms=duration_ms))

    steps, duration_ms = plan.steps, plan.duration_ms
    size = max(1, len(steps) // 2)
    while plays < plays_max:
        begin, gone = 0, False
        while begin < len(steps) and plays < plays_max:
            fewer = steps[:begin] + steps[begin + size :]
            if still(fewer, duration_ms):
                steps, gone = fewer, True
            else:
                begin += size
        if size > 1:
            size = max(1, size // 2)
        elif not gone:
            break
    shorter_ms = (steps[-1].at_ms if steps else 0) + AFTER_MS
    if shorter_ms < duration_ms and still(steps, shorter_ms):
        duration_ms = shorter_ms
    return replace(plan, steps=steps, duration_ms=duration_ms)
