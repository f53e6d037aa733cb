"""Batches on their way: the sender keeps them until they are settled, the receiver puts them in order."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.machines.window import BATCHES_MAX, Inbox, Outbox
from messages.stream import FrameBatch
from tests.actors.machines.stage_scene import batch


def outbox(*sizes: int, bytes_max: int = 100) -> Outbox:
    box = Outbox(1, bytes_max)
    for size in sizes:
        box.add(batch("x" * (size - 1), first=box.next_seq), 7)
    return box


def test_the_window_is_full_at_its_bytes_and_not_before() -> None:
    assert not outbox(99).full
    assert outbox(100).full


def test_the_window_is_full_at_its_number_of_batches() -> None:
    assert not outbox(*[1] * (BATCHES_MAX - 1), bytes_max=10_000).full
    assert outbox(*[1] * BATCHES_MAX, bytes_max=10_000).full


def test_what_is_settled_makes_room() -> None:
    box = outbox(60, 60)
    assert box.settle(1)
    assert (box.bytes_count, box.full, [each.first_seq for each in box.unsettled()]) == (60, False, [2])
    assert not box.settle(1), "known already"


def test_a_batch_that_is_settled_in_part_stays() -> None:
    box = Outbox(1, 100)
    box.add(batch("a", "b", "c"), 7)
    box.settle(2)
    assert len(box.unsettled()) == 1


def test_batches_are_consecutive() -> None:
    with pytest.raises(AssertionError, match="consecutive"):
        outbox(1).add(batch("x", first=3), 7)
    with pytest.raises(AssertionError, match="consecutive"):
        outbox(1).add(batch("x", first=2, generation=2), 7)


def test_the_oldest_tells_since_when_it_waits() -> None:
    assert outbox().oldest_at_ms is None
    assert outbox(1).oldest_at_ms == 7


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=12), st.randoms(use_true_random=False), st.integers(0, 10))
def test_whatever_the_order_and_the_repeats_each_frame_comes_out_once_and_in_order(
    sizes: list[int], random: object, repeats: int
) -> None:
    batches: list[FrameBatch] = []
    first = 1
    for size in sizes:
        batches.append(batch(*"x" * size, first=first))
        first += size
    arriving = batches + batches[:repeats]
    random.shuffle(arriving)  # type: ignore[attr-defined]  # a random.Random
    inbox = Inbox(1)
    out = [each for one in arriving for each in inbox.take(one)]
    assert [each.first_seq for each in out] == [each.first_seq for each in batches]
    assert not inbox.gap


def test_early_batches_are_held_up_to_a_bound() -> None:
    inbox = Inbox(1)
    for number in range(2, BATCHES_MAX + 20):
        assert inbox.take(batch("x", first=number)) == ()
    assert len(inbox.early) == BATCHES_MAX
    assert inbox.gap
    assert len(inbox.take(batch("x", first=1))) == BATCHES_MAX + 1
