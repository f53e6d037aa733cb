"""The open items: bounded, oldest first, and every way out has a name."""

from __future__ import annotations

from actors.machines.stage import FINISHED_MAX, Stage
from tests.actors.machines.stage_scene import PlainLive

A, B = ("t", "u", "a"), ("t", "u", "b")


def new(items_max: int = 10, bytes_max: int = 100) -> Stage:
    return Stage(items_max, bytes_max, PlainLive)


def say(stage: Stage, key: tuple[str, str, str], text: str) -> None:
    item = stage.items[key]
    item.frames += 1
    item.fresh.append(text)
    stage.touched[key] = item


def test_bytes_are_counted_as_utf8_at_the_end_of_a_batch() -> None:
    stage = new()
    stage.open(A, "k")
    say(stage, A, "é")
    assert list(stage.settle_batch()) == []
    assert (stage.bytes_count, stage.items[A].bytes_count, stage.staged()[0].bytes_count) == (2, 2, 2)


def test_an_item_that_is_lost_in_the_middle_of_a_batch_names_all_its_bytes() -> None:
    stage = new()
    stage.open(A, "k")
    say(stage, A, "abc")
    list(stage.settle_batch())
    say(stage, A, "de")
    loss = stage.lose(A, "superseded")
    assert loss is not None
    assert (loss.frames, loss.bytes_count, stage.bytes_count, stage.touched) == (2, 5, 0, {})


def test_losing_what_is_not_open_is_nothing() -> None:
    assert new().lose(A, "x") is None


def test_eviction_takes_the_oldest_until_both_bounds_hold() -> None:
    stage = new(items_max=2, bytes_max=5)
    for key in (A, B, ("t", "u", "c")):
        stage.open(key, "k")
        say(stage, key, "xyz")
    list(stage.settle_batch())
    assert [(each.item_id, each.reason) for each in stage.evict()] == [("a", "stage_full"), ("b", "stage_full")]
    assert stage.evict() == []


def test_one_item_over_the_bound_goes_itself() -> None:
    stage = new(bytes_max=2)
    stage.open(A, "k")
    say(stage, A, "xyz")
    list(stage.settle_batch())
    assert len(stage.evict()) == 1
    assert stage.bytes_count == 0


def test_completed_items_are_remembered_up_to_a_bound() -> None:
    stage = new()
    for number in range(FINISHED_MAX + 10):
        stage.close(("t", "u", str(number)))
    assert len(stage.finished) == FINISHED_MAX
    assert ("t", "u", "0") not in stage.finished


def test_an_item_that_opens_again_is_not_finished() -> None:
    stage = new()
    stage.close(A)
    stage.open(A, "k")
    assert A not in stage.finished


def test_items_opened_unwatched_are_never_shown() -> None:
    stage = new()
    stage.open(A, "k")
    stage.watched = True
    say(stage, A, "secret/")
    assert list(stage.settle_batch()) == []


def test_only_what_fits_is_given_up_and_in_order() -> None:
    stage = new()
    for key in (A, B, ("t", "v", "a")):
        stage.open(key, "k")
    losses = stage.lose_where(lambda key: key[1] == "u", "turn_failed")
    assert [each.item_id for each in losses] == ["a", "b"]
    assert list(stage.items) == [("t", "v", "a")]
