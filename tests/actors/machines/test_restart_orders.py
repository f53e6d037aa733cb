from __future__ import annotations

import pytest

from messages.status import Role
from tests.actors.machines.tree_house import active, kill_thrice


def test_a_restart_of_a_running_process_is_answered_when_the_next_one_speaks() -> None:
    house = active()
    command = house.order_restart()
    assert command not in house.answers
    house.rest()
    assert house.answers[command].text == "sidecar runs as generation 2"


def test_a_restart_that_does_not_help_is_answered_with_the_reason() -> None:
    house = active()
    house.greets = False
    command = house.order_restart()
    house.run(200)
    for _ in range(3):
        house.exit_process(text="exit code 7")
        house.run(1_000)
    assert not house.answers[command].ok
    assert "exit code 7" in house.answers[command].text


@pytest.mark.parametrize("role", ["stager", "auth", "sidecar", "ingest"])
def test_a_restart_brings_back_a_part_that_was_given_up(role: Role) -> None:
    house = kill_thrice(active(), role)
    command = house.order_restart()
    house.run(2_000)
    if role == "auth":
        house.auth("authenticated")
    assert house.answers[command].ok
    assert house.status.mode == "HYBRID_ACTIVE"


@pytest.mark.parametrize("role", ["stager", "auth", "sidecar", "ingest"])
def test_a_restart_is_answered_when_the_part_is_given_up_again(role: Role) -> None:
    house = kill_thrice(active(), role)
    house.greets = False
    command = house.order_restart()
    for _ in range(3):
        house.die(role)
        house.run(1_000)
    assert house.done[command] == 1


def test_a_restart_ordered_while_the_sidecar_actor_is_away_starts_when_it_is_back() -> None:
    house = active()
    house.slow_start = {"sidecar"}
    house.die("sidecar")
    command = house.order_restart()
    assert house.process is None
    house.report("sidecar")
    house.rest()
    assert house.answers[command].ok


def test_many_restarts_are_each_answered_once() -> None:
    house = active()
    house.greets = False
    for _ in range(20):
        house.order_restart()
    assert sum(house.done.values()) == 4, "over the bound each is refused at once"
    house.rest()
    house.greet(2)
    assert [house.done[command] for command in house.ordered] == [1] * 20


def test_a_tree_that_stops_answers_what_was_ordered() -> None:
    house = active()
    house.greets = False
    command = house.order_restart()
    house.stop()
    assert house.answers[command].text == "the tree stops"
    assert house.answers[house.order_restart()].text == "the tree stops"
