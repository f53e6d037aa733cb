from __future__ import annotations

import pytest

from actors.machines.leaving import LEAVE_DEADLINE_MS
from actors.tree import ROLES
from messages.status import Role
from tests.actors.machines.tree_house import TreeHouse, active, kill_thrice


def test_they_leave_in_the_opposite_order_and_the_root_hears_of_it() -> None:
    house = active()
    house.stop()
    house.run(1_000)
    assert house.left == list(reversed(ROLES))
    assert (house.stopped, house.over) == ([True], True)


def test_how_everybody_left_is_kept_before_ingest_leaves() -> None:
    house = active()
    house.stop()
    house.run(1_000)
    gone = {each.who for each in house.log if each.what == "actor" and each.after == "stopped"}
    assert gone == set(ROLES) - {"ingest"}


@pytest.mark.parametrize("role", ROLES)
def test_an_actor_that_dies_while_leaving_does_not_stop_the_others(role: Role) -> None:
    house = active()
    house.stop()
    house.die(role)
    house.run(20_000)
    assert len(house.stopped) == 1
    assert [each for each in reversed(ROLES) if each != role] == [each for each in house.left if each != role]


@pytest.mark.parametrize("role", ROLES)
def test_an_actor_that_hangs_while_leaving_is_killed_and_only_that_one(role: Role) -> None:
    house = active()
    house.hung.add(role)
    house.stop()
    house.run(20_000)
    assert house.stopped == [False]
    assert house.left == [each for each in reversed(ROLES) if each != role]


def test_an_actor_that_answers_and_does_not_leave_is_killed_at_the_deadline() -> None:
    house = active()
    house.stop()
    house.turns = [turn for turn in house.turns if turn[0] != "leave"]  # the facade stays
    house.run(LEAVE_DEADLINE_MS + 2_000)
    assert house.stopped == [False]
    assert house.left == [role for role in reversed(ROLES) if role != "facade"]


def test_an_actor_that_has_only_just_started_is_asked_when_it_can_hear() -> None:
    house = TreeHouse()
    house.slow_start = {"facade"}
    house.rest()
    house.stop()
    house.report("facade")
    house.run(1_000)
    assert (house.stopped, house.left) == ([True], list(reversed(ROLES)))


@pytest.mark.parametrize("role", ROLES)
def test_a_tree_with_a_part_that_was_given_up_stops_too(role: Role) -> None:
    house = kill_thrice(active(), role)
    house.stop()
    house.run(1_000)
    assert len(house.stopped) == 1


def test_nothing_is_started_while_the_tree_stops() -> None:
    house = active()
    house.exit_process()
    house.die("auth")
    house.rest()
    house.die("auth")
    before = len(house.starts), len(house.sidecar_starts)
    house.stop()
    house.run(20_000)
    assert (len(house.starts), len(house.sidecar_starts)) == before
