"""Stories of the stager, and the property that no frame is lost or counted twice, whatever the channels do."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messages.records import CheckpointRefused, StageOpened
from messages.settings import Limits
from messages.stream import DroppedLine, ResendFrames
from tests.actors.machines.stage_ops import play
from tests.actors.machines.stage_scene import (
    TIMING,
    Scene,
    batch,
    closed,
    new_stager,
    nothing,
    opened,
    ready,
    reset,
    settled,
    to_sidecar,
)


def refused(scene: Scene, code: str, through: int = 0) -> CheckpointRefused:
    first = scene.machine.outgoing[0]
    return CheckpointRefused.model_validate(
        {"generation": first.generation, "stager": 1, "through_seq": through, "code": code, "text": ""}
    )


# Opening a generation.


def test_a_new_generation_asks_ingest_where_to_continue() -> None:
    scene = Scene(new_stager()) >> opened()
    assert scene.said[0].message == StageOpened(generation=1, stager=1)
    scene >> reset() << settled(0)


def test_batches_before_the_answer_wait_and_are_read_in_order() -> None:
    scene = Scene(new_stager()) >> opened() >> batch("done i2", first=2) >> batch("done i1", first=1) >> reset()
    assert [item.item_id for item in scene.checkpoint.items] == ["i1"]
    scene >> scene.keep()
    assert [item.item_id for item in scene.checkpoint.items] == ["i2"]


def test_a_new_stager_continues_behind_what_is_stored() -> None:
    scene = Scene(new_stager(2)) >> opened() >> batch("done i1", first=1) >> batch("done i2", first=2)
    scene >> reset(through=1, stager=2)
    assert (scene.checkpoint.first_seq, scene.checkpoint.last_seq, scene.checkpoint.stager) == (2, 2, 2)
    assert settled(1) in scene.said


def test_a_batch_of_a_generation_that_was_not_introduced_is_not_settled() -> None:
    Scene(new_stager()) >> batch("done i1") << nothing
    ready() >> batch("done i1", generation=2) << nothing


def test_an_answer_to_an_older_stager_is_nothing() -> None:
    Scene(new_stager(2)) >> opened() >> reset(stager=1) << nothing


def test_a_repeated_answer_does_not_begin_the_generation_again() -> None:
    scene = ready() >> batch("start i1", "delta i1 a")
    scene >> reset() << nothing
    assert scene.machine.reading.stage.items


# Frames and their dispositions.


def test_deltas_wait_and_their_completed_item_absorbs_them() -> None:
    scene = ready() >> batch("start i1", "delta i1 hel", "delta i1 lo", "done i1 {}")
    (item,) = scene.checkpoint.items
    assert (item.item_id, item.merged_frames, item.body, scene.checkpoint.staged) == ("i1", 3, "{}", ())


def test_staged_text_is_never_in_a_checkpoint() -> None:
    scene = ready() >> batch("start i1", "delta i1 sk-secret", "turn u1 started")
    assert "sk-secret" not in scene.checkpoint.model_dump_json()
    assert scene.checkpoint.staged[0].bytes_count == len("sk-secret")


def test_a_late_delta_after_completion_is_merged_and_changes_nothing_else() -> None:
    scene = ready() >> batch("start i1", "done i1")
    scene >> scene.keep() << settled(2)
    scene >> batch("delta i1 late", "turn u1 started", first=3)
    assert scene.checkpoint.counts == {"merged": 1}
    assert scene.checkpoint.items == scene.checkpoint.losses == scene.checkpoint.staged == ()


def test_an_item_that_is_started_again_supersedes_its_first_attempt() -> None:
    scene = ready() >> batch("start i1", "delta i1 abc", "delta i1 d", "start i1", "delta i1 x", "done i1")
    (loss,), (item,) = scene.checkpoint.losses, scene.checkpoint.items
    assert (loss.reason, loss.frames, loss.bytes_count) == ("superseded", 3, 4)
    assert item.merged_frames == 2


@pytest.mark.parametrize(
    ("status", "reason"),
    [("interrupted", "turn_interrupted"), ("failed", "turn_failed"), ("completed", "turn_completed")],
)
def test_a_turn_that_ends_names_its_open_items(status: str, reason: str) -> None:
    scene = ready() >> batch("start i1", "delta i1 ab", "start u2/i1", f"turn u1 {status}")
    (loss,) = scene.checkpoint.losses
    assert (loss.turn_id, loss.item_id, loss.reason, loss.frames, loss.bytes_count) == ("u1", "i1", reason, 2, 2)
    assert [each.turn_id for each in scene.checkpoint.staged] == ["u2"]


def test_a_delta_of_a_turn_that_is_over_is_dropped_with_a_note() -> None:
    scene = ready() >> batch("turn u1 interrupted", "delta i9 x")
    assert scene.checkpoint.counts == {"dropped:turn_completed": 1}
    assert scene.checkpoint.audit[0].kind == "late_delta"


def test_the_same_item_id_in_two_turns_is_two_items() -> None:
    scene = ready() >> batch("start i1", "start u2/i1", "delta u2/i1 b", "done i1")
    assert (scene.checkpoint.items[0].turn_id, scene.checkpoint.items[0].merged_frames) == ("u1", 1)
    assert scene.checkpoint.staged[0].frames == 2


def test_deltas_whose_beginning_is_unknown_are_staged_all_the_same() -> None:
    scene = ready() >> batch("delta i1 a", "delta i1 b", "done i1")
    assert scene.checkpoint.items[0].merged_frames == 2


def test_over_the_bound_the_oldest_open_item_goes_with_a_name() -> None:
    scene = ready(Limits(open_items_max=2)) >> batch("start i1", "start i2", "start i3")
    assert [(each.item_id, each.reason) for each in scene.checkpoint.losses] == [("i1", "stage_full")]
    assert [each.item_id for each in scene.checkpoint.staged] == ["i2", "i3"]


def test_over_the_byte_bound_the_oldest_open_item_goes_with_its_size() -> None:
    scene = ready(Limits(staged_bytes_max=1024)) >> batch(f"delta i1 {'a' * 900}", f"delta i2 {'b' * 200}")
    assert [(each.item_id, each.bytes_count) for each in scene.checkpoint.losses] == [("i1", 900)]


def test_an_evicted_item_that_completes_is_stored_whole() -> None:
    scene = ready(Limits(open_items_max=1)) >> batch("start i1", "start i2", "delta i1 b")
    scene >> scene.keep() >> batch("done i1", first=4)
    assert scene.checkpoint.items[0].item_id == "i1"


def test_an_unknown_method_is_counted_always_and_named_once() -> None:
    scene = ready() >> batch("odd new/thing", "odd new/thing", "odd other")
    assert scene.checkpoint.counts == {"ignored_unknown": 3}
    assert [note.subject for note in scene.checkpoint.audit] == ["new/thing", "other"]


def test_lines_that_say_nothing_are_dropped_with_a_reason() -> None:
    long = DroppedLine(seq=2, bytes_count=9_000_000, reason="line_too_long")
    scene = ready() >> batch("garbage", "", "", "unshaped m", dropped=[long])
    assert scene.checkpoint.counts == {"dropped:malformed": 3, "dropped:line_too_long": 1}
    assert "9000000 bytes" in {note.text for note in scene.checkpoint.audit}


def test_a_flood_of_blank_lines_gets_no_audit_row_for_each() -> None:
    scene = ready() >> batch(*[""] * 5_000)
    checkpoint = scene.checkpoint
    assert checkpoint.counts == {"dropped:malformed": 5_000}
    assert len(checkpoint.audit) == 257
    assert checkpoint.audit[-1].text == "not written: 4744 malformed"


def test_usage_of_a_turn_is_the_sum_of_its_responses() -> None:
    scene = ready() >> batch("usage u1 3", "usage u1 4", "usage u2 1")
    assert [turn.usage for turn in scene.checkpoint.turns] == [{"total": 3}, {"total": 7}, {"total": 1}]


def test_tokens_that_are_told_again_without_a_new_response_count_once() -> None:
    scene = ready() >> batch("usage u1 3 3", "usage u1 3 3", "usage u1 4 7", "usage u1 4 7", "usage u2 4 11")
    assert [turn.usage for turn in scene.checkpoint.turns] == [{"total": 3}, {"total": 7}, {"total": 4}]
    assert scene.checkpoint.counts == {"control": 2}


# Order.


def test_a_repeated_batch_is_read_once_and_settled_again() -> None:
    scene = ready() >> batch("done i1")
    scene >> scene.keep() << settled(1)
    scene >> batch("done i1") << settled(1)


def test_a_repeated_batch_that_is_not_kept_yet_is_not_settled() -> None:
    ready() >> batch("done i1") >> batch("done i1") << settled(0)


def test_a_gap_is_asked_for_once() -> None:
    scene = ready() >> batch("done i2", first=2)
    scene << to_sidecar(ResendFrames(generation=1, through_seq=0))
    scene >> batch("done i3", first=3) << nothing
    scene >> batch("done i1", first=1)
    assert [item.item_id for item in scene.checkpoint.items] == ["i1", "i2", "i3"]


# Checkpoints.


def test_anything_durable_leaves_at_once() -> None:
    assert (ready() >> batch("turn u1 started")).checkpoint.turns


def test_deltas_alone_leave_when_it_is_time() -> None:
    scene = ready() >> batch("start i1", "delta i1 a") << nothing
    (wake,) = [each for each in scene.wakes if each.name == "checkpoint"]
    assert wake.after_ms == TIMING.checkpoint_ms
    assert (scene >> wake).checkpoint.staged[0].frames == 2


def test_an_old_wake_up_is_nothing() -> None:
    scene = ready() >> batch("start i1") >> batch("delta i1 a", first=2)
    first, second = [each for each in scene.wakes if each.name == "checkpoint"]
    scene >> first << nothing
    assert (scene >> second).checkpoint.last_seq == 2


def test_one_checkpoint_is_on_its_way_and_the_next_waits() -> None:
    scene = ready() >> batch("done i1") >> batch("done i2", first=2) << nothing
    scene >> scene.keep()
    assert (scene.checkpoint.first_seq, scene.checkpoint.last_seq) == (2, 2)


def test_what_is_not_confirmed_is_sent_again() -> None:
    scene = ready() >> batch("done i1")
    sent, wake = scene.checkpoint, scene.wakes[-1]
    assert (wake.name, wake.after_ms) == ("resend", TIMING.resend_ms)
    assert (scene >> wake).checkpoint == sent
    scene >> wake << nothing  # the wake of the first sending is old now


def test_a_new_ingest_gets_what_was_on_its_way() -> None:
    scene = ready() >> batch("done i1")
    sent = scene.checkpoint
    assert (scene >> "ingest returned").checkpoint == sent


def test_nothing_is_settled_before_it_is_kept() -> None:
    scene = ready() >> batch("done i1")
    assert [each.to for each in scene.said] == ["ingest"]
    scene >> scene.keep() << settled(1)


@pytest.mark.parametrize("other", [{"generation": 2}, {"stager": 9}, {"through_seq": 0}])
def test_an_answer_to_something_else_settles_nothing(other: dict[str, int]) -> None:
    scene = ready() >> batch("done i1")
    scene >> scene.keep(**other) << nothing


def test_a_store_that_failed_is_asked_again_later() -> None:
    scene = ready() >> batch("done i1")
    sent, wake = scene.checkpoint, scene.wakes[-1]
    scene >> refused(scene, "store_failed") << nothing
    assert (scene >> wake).checkpoint == sent


def test_missing_frames_are_asked_of_the_sidecar() -> None:
    scene = ready() >> batch("done i1")
    scene >> refused(scene, "gap") << to_sidecar(ResendFrames(generation=1, through_seq=0))


def test_an_ingest_that_forgot_the_stage_learns_it_again_and_the_reading_goes_on() -> None:
    scene = ready() >> batch("start i2", "done i1")
    sent = scene.checkpoint
    scene >> refused(scene, "not_opened")
    assert scene.said[0].message == StageOpened(generation=1, stager=1)
    assert (scene >> reset()).checkpoint == sent
    scene >> scene.keep() << settled(2)
    scene >> batch("done i2", first=3)
    assert (scene.checkpoint.first_seq, scene.checkpoint.items[0].merged_frames) == (3, 1)


# The end of a generation.


def test_the_books_close_when_the_last_frame_was_read() -> None:
    scene = ready() >> closed(2) << nothing
    scene >> batch("start i1", "delta i1 ab")
    assert scene.checkpoint.closed
    assert [(each.reason, each.frames) for each in scene.checkpoint.losses] == [("sidecar_exited", 2)]
    scene >> scene.keep() << settled(2, closed=True)


def test_a_process_that_said_nothing_has_books_too() -> None:
    scene = ready() >> closed(0)
    assert (scene.checkpoint.first_seq, scene.checkpoint.last_seq, scene.checkpoint.closed) == (1, 0, True)


def test_closing_does_not_send_what_is_on_its_way_a_second_time() -> None:
    scene = ready() >> batch("done i1") >> closed(1) << nothing
    scene >> scene.keep()
    assert scene.checkpoint.closed


def test_a_late_answer_to_the_checkpoint_before_does_not_close_the_books() -> None:
    scene = ready() >> batch("done i1")
    answer = scene.keep()
    scene >> closed(1) >> answer
    scene >> answer << nothing
    scene >> scene.keep() << settled(1, closed=True)


def test_closed_books_are_told_again() -> None:
    scene = ready() >> batch("done i1") >> closed(1)
    scene >> scene.keep() >> closed(1) << nothing
    scene >> scene.keep()
    scene >> closed(1) << settled(1, closed=True)
    scene >> batch("done i1") << nothing


def test_a_sidecar_actor_that_died_leaves_a_cut() -> None:
    scene = ready() >> batch("start i1", "delta i1 abc") >> opened(2)
    cut = scene.checkpoint
    assert (cut.generation, cut.closed, cut.losses[0].reason) == (1, True, "sidecar_exited")
    assert cut.audit[0].kind == "generation_cut"
    scene >> scene.keep()
    assert scene.said[-1].message == StageOpened(generation=2, stager=1)


def test_what_came_of_a_dead_sidecar_before_ingest_answered_is_still_kept() -> None:
    scene = Scene(new_stager()) >> opened() >> batch("done i1") >> opened(2) << nothing
    scene >> batch("done i9", generation=2) << nothing
    scene >> reset()
    assert scene.checkpoint.items[0].item_id == "i1"
    scene >> scene.keep()
    assert (scene.checkpoint.closed, scene.checkpoint.audit[0].kind) == (True, "generation_cut")
    scene >> scene.keep()
    assert scene.said[-1].message == StageOpened(generation=2, stager=1)


def test_late_frames_of_an_older_generation_change_nothing_and_are_counted() -> None:
    scene = ready() >> batch("done i1") >> closed(1)
    scene >> scene.keep()
    scene >> scene.keep() >> opened(2) >> reset(generation=2)
    scene >> batch("done i1", "done i2", first=2)
    late = scene.checkpoint
    assert (late.generation, late.first_seq, late.last_seq, late.counts) == (1, 2, 3, {"stale_generation": 2})
    assert late.items == ()
    scene >> scene.keep() << settled(3, closed=True)
    scene >> batch("done i1", "done i2", first=2) << settled(3)


def test_an_unkept_checkpoint_of_an_older_generation_settles_nothing_of_the_live_one() -> None:
    scene = ready() >> batch(*["control"] * 9, "done i1") >> closed(10)
    scene >> scene.keep()
    scene >> scene.keep() >> opened(2) >> reset(generation=2)
    scene >> batch("done i1", first=11)  # late: counted in the books of generation 1, not kept yet
    scene >> batch("start i2", generation=2) >> batch("start i2", generation=2) << settled(0, generation=2)


# Live lines.


def test_live_lines_are_shown_only_of_items_that_open_while_somebody_watches() -> None:
    scene = ready() >> batch("start i1")
    scene.machine.watch(True)
    scene >> batch("delta i1 one/two", "start i2", "delta i2 three/fo", first=2)
    assert [each.message.text for each in scene.said if each.to == "facade"] == ["three/"]
    scene >> batch("delta i2 ur", "done i2", first=5)
    assert [each.message.text for each in scene.said if each.to == "facade"] == ["four"]


def test_watching_survives_the_next_generation() -> None:
    scene = ready()
    scene.machine.watch(True)
    scene >> closed(0)
    scene >> scene.keep() >> opened(2) >> reset(generation=2) >> batch("start i1", "delta i1 a/", generation=2)
    assert [each.message.text for each in scene.said if each.to == "facade"] == ["a/"]


# The property.


@settings(
    max_examples=1_000, derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(st.lists(st.tuples(st.integers(0, 255), st.integers(0, 63)), min_size=15, max_size=150))
def test_every_frame_is_accounted_for_exactly_once_whatever_the_channels_do(chosen: list[tuple[int, int]]) -> None:
    play(chosen)


def test_a_long_quiet_run_keeps_all_books_balanced() -> None:
    house = play([(n * 37 % 130, n * 11 % 64) for n in range(3_000)])
    assert sum(book.received for book in house.store.books.values()) == sum(house.read.values())
