"""Chance is decided by its seed, its stream and its number alone."""

from __future__ import annotations

from chaos.simulating.chance import Chance, mix


def test_draws_repeat() -> None:
    assert [Chance(1, 2).below(1_000) for _ in range(3)] == [Chance(1, 2).below(1_000)] * 3


def test_streams_do_not_move_each_other() -> None:
    one, other = Chance(7, 1), Chance(7, 2)
    expected = [Chance(7, 2).below(99)]
    for _ in range(5):
        one.below(10)
    assert [other.below(99)] == expected


def test_draws_stay_within_their_bounds_and_reach_them() -> None:
    chance = Chance(3, 3)
    drawn = {chance.between(2, 5) for _ in range(200)}
    assert drawn == {2, 3, 4, 5}


def test_neighbours_are_not_alike() -> None:
    assert len({mix(1, 1, number) % 1_000 for number in range(100)}) > 85
