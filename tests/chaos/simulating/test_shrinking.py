"""A failing plan becomes the smallest one that still fails."""

from __future__ import annotations

from chaos.simulating.plan import Plan, Step
from chaos.simulating.shrinking import AFTER_MS, shrink


def plan(count: int) -> Plan:
    return Plan(1, 10_000, tuple(Step(number * 100, f"step{number}") for number in range(count)))


def words(small: Plan) -> list[str]:
    return [step.what for step in small.steps]


def test_only_what_is_needed_stays() -> None:
    small = shrink(plan(23), lambda tried: {"step3", "step17"} <= set(words(tried)))
    assert words(small) == ["step3", "step17"]
    assert small.duration_ms == 1_700 + AFTER_MS


def test_a_failure_that_needs_nothing_has_no_steps() -> None:
    assert words(shrink(plan(9), lambda _: True)) == []


def test_a_failure_that_needs_all_of_it_keeps_all_of_it() -> None:
    assert shrink(plan(6), lambda tried: len(tried.steps) == 6 and tried.duration_ms == 10_000) == plan(6)


def test_plays_are_bounded() -> None:
    plays: list[Plan] = []

    def fails(tried: Plan) -> bool:
        plays.append(tried)
        return len(tried.steps) >= 30

    shrink(plan(60), fails, plays_max=20)
    assert len(plays) <= 21
