"""The restart rule on both sides of its count and of its window."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.machines.restarts import CrashLoop, RestartIn, RestartWindow, after_exit, backoff_ms
from messages.settings import Timing

TIMING = Timing()


def exits_at(*times: int, timing: Timing = TIMING) -> list[RestartIn | CrashLoop]:
    window, decisions = RestartWindow(), []
    for at in times:
        window, decision = after_exit(window, at, timing, timing.backoff_min_ms)
        decisions.append(decision)
    return decisions


def test_the_third_exit_inside_the_window_is_a_crash_loop() -> None:
    assert exits_at(0, 20_000, 59_900) == [RestartIn(250), RestartIn(500), CrashLoop(2)]


def test_an_exit_after_the_window_is_not() -> None:
    assert exits_at(0, 30_000, 60_100) == [RestartIn(250), RestartIn(500), RestartIn(500)]


@pytest.mark.parametrize(("third", "refused"), [(59_999, True), (60_000, False), (60_001, False)])
def test_an_event_of_exactly_the_window_is_outside(third: int, refused: bool) -> None:
    assert isinstance(exits_at(0, 100, third)[2], CrashLoop) is refused


def test_a_refused_restart_is_not_counted() -> None:
    decisions = exits_at(0, 20_000, 59_000, 59_500, 60_000)
    assert [isinstance(each, CrashLoop) for each in decisions] == [False, False, True, True, False]


def test_no_restart_at_all_may_be_chosen() -> None:
    assert exits_at(0, timing=Timing(restarts_max=0)) == [CrashLoop(0)]


def test_the_wait_doubles_up_to_its_maximum() -> None:
    assert [backoff_ms(n, TIMING, 250) for n in range(1, 9)] == [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]


def test_an_actor_comes_back_at_once_and_then_after_the_smallest_wait() -> None:
    assert [backoff_ms(n, TIMING, TIMING.actor_backoff_ms) for n in range(1, 5)] == [0, 250, 500, 1_000]


def test_a_restart_has_a_number_from_one() -> None:
    with pytest.raises(AssertionError, match="number from 1"):
        backoff_ms(0, TIMING, 250)


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(st.lists(st.integers(0, 50_000), max_size=40), st.integers(0, 4))
def test_no_window_ever_holds_more_restarts_than_allowed(gaps: list[int], restarts_max: int) -> None:
    timing = Timing(restarts_max=restarts_max)
    times = [sum(gaps[: index + 1]) for index in range(len(gaps))]
    decisions = exits_at(*times, timing=timing)
    restarts = [at for at, decision in zip(times, decisions, strict=True) if isinstance(decision, RestartIn)]
    for at in restarts:
        assert sum(1 for other in restarts if at - 60_000 < other <= at) <= restarts_max
