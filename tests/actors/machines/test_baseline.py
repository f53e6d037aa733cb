"""The lane to ingest: numbered, one message on its way, until kept."""

from __future__ import annotations

from typing import Any, Literal

from hypothesis import given
from hypothesis import strategies as st

from actors.machines.baseline import MESSAGE_BYTES_MAX, READY_BYTES, RETRY_MS, Draft, Lane
from actors.machines.effects import Effects, Send
from messages.baseline import FilePosition, KeepRecords, RecordsKept, RecordsRefused

POSITION = FilePosition(path="/f", device=1, inode=2, offset=9, size=9, head="h", from_offset=0)


def lane() -> Lane:
    return Lane(incarnation=3, resend_ms=2_000)


def draft(received: int = 1, **other: Any) -> Draft:
    return Draft("claude", "otlp", received=received, **other)


def sent(effects: Effects) -> KeepRecords:
    (effect,) = effects
    assert isinstance(effect, Send)
    assert isinstance(effect.message, KeepRecords)
    return effect.message


def kept(message: KeepRecords) -> RecordsKept:
    return RecordsKept(incarnation=message.incarnation, n=message.n, source=message.source)


def refused(
    message: KeepRecords, code: Literal["store_failed", "position", "gap"] = "store_failed", through_n: int = 0
) -> RecordsRefused:
    return RecordsRefused(
        incarnation=message.incarnation, n=message.n, source=message.source, code=code, through_n=through_n, text="disk"
    )


def test_one_message_is_on_its_way_and_what_waits_leaves_together() -> None:
    way = lane()
    first = sent(way.offer(draft(), "a", 0))
    assert (first.incarnation, first.n) == (3, 1)
    assert way.offer(draft(2), "b", 0) == way.offer(draft(3), "c", 0) == ()
    tickets, effects = way.kept(kept(first), 1)
    assert (tickets, sent(effects).n, sent(effects).received) == (["a"], 2, 5)
    tickets, effects = way.kept(kept(sent(effects)), 2)
    assert (tickets, effects, way.idle) == (["b", "c"], (), True)


def test_only_drafts_of_one_tool_and_source_leave_together_and_a_position_travels_alone() -> None:
    way = lane()
    way.offer(draft(), 0, 0)
    others = [
        draft(),
        Draft("codex", "otlp", received=1),
        draft(position=POSITION),
        draft(),
        draft(size=MESSAGE_BYTES_MAX),
    ]
    for ticket, one in enumerate(others, 1):
        way.offer(one, ticket, 0)
    groups = []
    while way.sent is not None:
        tickets, _ = way.kept(kept(way.sent), 0)
        groups.append(tickets)
    assert groups == [[0], [1], [2], [3], [4, 5]] or groups == [[0], [1], [2], [3], [4], [5]]


def test_an_answer_to_something_else_changes_nothing() -> None:
    way = lane()
    message = sent(way.offer(draft(), "a", 0))
    for other in ({"n": 9}, {"incarnation": 2}, {"source": "rollout"}):
        assert way.kept(kept(message).model_copy(update=other), 0) == ([], ())
        assert way.refused(refused(message).model_copy(update=other), 0) == []
    assert way.sent is message


def test_what_is_not_answered_is_sent_again_the_same() -> None:
    way = lane()
    message = sent(way.offer(draft(), "a", 0))
    assert way.tick(1_999) == ()
    assert sent(way.tick(2_000)) is message
    assert way.tick(3_999) == ()
    assert sent(way.ingest_returned(4_000)) is message


def test_a_store_that_fails_is_tried_again_and_names_its_trouble_until_it_works() -> None:
    way = lane()
    message = sent(way.offer(draft(), "a", 0))
    assert way.refused(refused(message), 10) == []
    assert (way.trouble, way.tick(10 + RETRY_MS - 1)) == ("disk", ())
    assert sent(way.tick(10 + RETRY_MS)).n == message.n
    assert way.kept(kept(message), 600)[0] == ["a"]
    assert way.trouble == ""


def test_after_a_hole_it_goes_on_at_the_number_that_is_missing() -> None:
    way = lane()
    way.numbers["otlp"] = 4
    message = sent(way.offer(draft(), "a", 0))
    way.refused(refused(message, "gap", through_n=1), 5)
    again = sent(way.tick(5))
    assert (message.n, again.n) == (5, 2)
    assert way.kept(kept(again), 6)[0] == ["a"]
    assert sent(way.offer(draft(), "b", 7)).n == 3


def test_a_position_that_does_not_fit_is_given_back_and_its_number_used_again() -> None:
    way = lane()
    message = sent(way.offer(draft(position=POSITION), "file", 0))
    way.offer(draft(), "next", 0)
    assert way.refused(refused(message, "position", through_n=0), 1) == ["file"]
    assert sent(way.tick(1)).n == 1


def test_with_enough_waiting_no_more_is_wanted() -> None:
    way = lane()
    way.offer(draft(size=READY_BYTES * 2), "a", 0)
    assert way.wants, "what is on its way does not wait"
    way.offer(draft(size=READY_BYTES), "b", 0)
    assert not way.wants
    assert way.sent is not None
    way.kept(kept(way.sent), 1)
    assert way.wants


@given(st.lists(st.sampled_from(["offer", "keep", "fail", "tick", "lose"]), max_size=60))
def test_whatever_happens_each_draft_is_kept_once_and_in_order(steps: list[str]) -> None:
    """Ingest as the store is: numbers without a hole, a repeated one is answered and not written again."""
    way, offered, tickets, stored, through, at = lane(), 0, [], 0, 0, 0

    def ingest(message: KeepRecords) -> RecordsKept:
        nonlocal stored, through
        assert message.n <= through + 1, "a hole"
        if message.n == through + 1:
            through, stored = message.n, stored + message.received
        return kept(message)

    for step in [*steps, *["tick", "keep"] * 40]:
        at += 3_000
        if step == "offer":
            offered += 1
            way.offer(draft(), offered, at)
        elif step == "keep" and way.sent is not None:
            tickets += way.kept(ingest(way.sent), at)[0]
        elif step == "lose" and way.sent is not None:
            ingest(way.sent)  # it is durable, and the answer is lost
        elif step == "fail" and way.sent is not None:
            way.refused(refused(way.sent, through_n=through), at)
        way.tick(at)
    assert tickets == list(range(1, offered + 1))
    assert (stored, way.idle) == (offered, True)
