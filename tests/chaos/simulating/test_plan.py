"""A plan is data that a seed decides."""

from __future__ import annotations

from actors.tree import ROLES
from chaos.simulating.acts import Acts
from chaos.simulating.plan import FAULTS, TABLE, WISHES, plan_of


def test_a_seed_is_a_plan() -> None:
    assert plan_of(5) == plan_of(5)
    assert plan_of(5) != plan_of(6)


def test_steps_come_in_the_order_of_their_time() -> None:
    for seed in range(50):
        times = [step.at_ms for step in plan_of(seed).steps]
        assert times == sorted(times)


def test_every_fault_and_wish_is_drawn() -> None:
    drawn = {step.what for seed in range(400) for step in plan_of(seed).steps}
    assert drawn == set(TABLE)


def test_every_fault_can_be_done() -> None:
    assert [name for name in FAULTS if not hasattr(Acts, f"_{name}")] == []
    assert [name for name in WISHES if hasattr(Acts, f"_{name}")] == []


def test_every_part_of_the_tree_is_killed_and_hung() -> None:
    steps = [step for seed in range(400) for step in plan_of(seed).steps]
    for fault in ("kill", "kill_midway", "hang"):
        assert {step.args[0] for step in steps if step.what == fault} == set(ROLES)


def test_a_step_prints_as_its_time_and_words() -> None:
    step = next(step for seed in range(50) for step in plan_of(seed).steps if step.what == "hang")
    assert str(step).split() == [str(step.at_ms), "ms", "hang", str(step.args[0]), str(step.args[1])]
