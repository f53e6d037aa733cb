"""OTLP requests: taken in parts, decoded in order, answered when durable, bounded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from actors.machines.baseline import READY_BYTES, Draft, Lane
from actors.machines.effects import NOTHING, Effects, Send
from actors.machines.receiver import HELD_BYTES_MAX, Receiver
from actors.wire.otlp import Undecodable
from messages.baseline import KeepRecords, RecordsKept
from messages.otlp import Encoding, OtlpAnswered, OtlpGivenUp, OtlpPart, OtlpTaken, Signal, TurnTraced

STALE_MS = 12_000


def decode(signal: Signal, encoding: Encoding, body: bytes) -> Iterator[Draft]:
    """A body is `3 5`: drafts of so many records; `!` is undecodable, `-2` has two rejected ones."""
    if body.startswith(b"!"):
        raise Undecodable("the body is nothing")

    def drafts() -> Iterator[Draft]:
        for word in body.decode().split():
            made = Draft("claude", "otlp", received=abs(int(word)), size=READY_BYTES)
            if word.startswith("-"):
                made.counts["dropped:malformed"] = -int(word)
            yield made

    return drafts()


class Tree:
    """The receiver between a gateway and an ingest."""

    def __init__(self) -> None:
        self.receiver = Receiver(Lane(1, 2_000), decode, STALE_MS)
        self.taken: list[tuple[int, int]] = []
        self.answers: dict[int, OtlpAnswered] = {}
        self.to_ingest: list[KeepRecords] = []
        self.stored = 0

    def do(self, effects: Effects | None) -> None:
        """Perform what was decided, and go on as the actor does."""
        while effects is not None:
            self.perform(effects)
            effects = self.receiver.step(0)

    def perform(self, effects: Effects) -> None:
        for effect in effects:
            assert isinstance(effect, Send)
            if isinstance(effect.message, OtlpTaken):
                self.taken.append((effect.message.request, effect.message.n))
            elif isinstance(effect.message, OtlpAnswered):
                assert effect.message.request not in self.answers, "answered once"
                self.answers[effect.message.request] = effect.message
            elif isinstance(effect.message, KeepRecords):
                self.to_ingest.append(effect.message)

    def part(self, request: int, body: bytes, n: int = 0, last: bool = True, **other: Any) -> None:
        given: dict[str, Any] = {"gateway": 1, "signal": "logs", "encoding": "json", **other}
        self.do(self.receiver.part(OtlpPart(request=request, n=n, last=last, body=body, **given), 0))

    def give_up(self, request: int) -> None:
        self.receiver.given_up(OtlpGivenUp(gateway=1, request=request))
        self.do(())

    def keep(self) -> None:
        message = self.to_ingest.pop(0)
        self.stored += message.received
        kept = RecordsKept(incarnation=message.incarnation, n=message.n, source=message.source)
        self.do(self.receiver.kept(kept, 0))


def test_a_piece_is_on_its_way_before_the_next_is_decoded() -> None:
    decoded: list[int] = []

    def noting(signal: Signal, encoding: Encoding, body: bytes) -> Iterator[Draft]:
        for draft in decode(signal, encoding, body):
            decoded.append(draft.received)
            yield draft

    receiver = Receiver(Lane(1, 2_000), noting, STALE_MS)
    part = OtlpPart(gateway=1, request=1, n=0, last=True, signal="logs", encoding="json", body=b"3 5 7")
    assert receiver.part(part, 0) == NOTHING
    taken = receiver.step(0)
    assert taken == (Send("root", OtlpTaken(gateway=1, request=1, n=0)),), "the gateway sends more meanwhile"
    assert (receiver.step(0), decoded) == (NOTHING, []), "it is opened"
    first = receiver.step(0)
    assert first is not None
    (sent,) = first
    assert isinstance(sent, Send)
    assert isinstance(sent.message, KeepRecords)
    assert (sent.message.received, decoded) == (3, [3])
    assert (receiver.step(0), decoded) == (NOTHING, [3, 5]), "it waits behind the first"
    assert (receiver.step(0), decoded) == (None, [3, 5]), "the lane wants no more"


def test_a_request_is_answered_when_everything_in_it_is_durable() -> None:
    tree = Tree()
    tree.part(1, b"3 5")
    assert (tree.taken, tree.answers) == ([(1, 0)], {})
    tree.keep()
    assert tree.answers == {}
    tree.keep()
    assert (tree.answers[1].code, tree.stored, tree.receiver.idle) == ("kept", 8, True)


def test_a_body_may_come_in_parts_and_a_repeated_part_is_only_acknowledged() -> None:
    tree = Tree()
    tree.part(1, b"1", n=0, last=False)
    tree.part(1, b"1", n=0, last=False)
    tree.part(1, b"2", n=1)
    tree.part(1, b"2", n=1)
    tree.keep()
    assert (tree.stored, tree.answers[1].code) == (12, "kept")
    assert tree.taken == [(1, 0), (1, 0), (1, 1), (1, 1)]


def test_a_part_behind_a_hole_is_left_for_the_sender_to_repeat() -> None:
    tree = Tree()
    tree.part(1, b"2", n=1)
    tree.part(2, b"1", n=0, last=False)
    tree.part(2, b"2", n=2)
    assert tree.taken == [(2, 0)]


def test_what_cannot_be_decoded_is_said_so_and_the_next_is_decoded() -> None:
    tree = Tree()
    tree.part(1, b"!")
    tree.part(2, b"1")
    tree.keep()
    assert [tree.answers[n].code for n in (1, 2)] == ["undecodable", "kept"]


def test_records_that_are_none_are_counted_in_the_answer() -> None:
    tree = Tree()
    tree.part(1, b"4 -2")
    tree.keep()
    tree.keep()
    assert (tree.answers[1].code, tree.answers[1].rejected) == ("kept", 2)
    assert tree.answers[1].text


def test_a_request_without_a_record_is_answered_at_once_whoever_waits() -> None:
    tree = Tree()
    tree.part(1, b"1 1 1 1 1 1")
    tree.part(2, b"", encoding="protobuf")
    tree.part(3, b" {} ")
    assert sorted(tree.answers) == [2, 3]


def test_decoding_waits_while_the_lane_is_full() -> None:
    tree = Tree()
    tree.part(1, b" ".join([b"1"] * 50))
    assert len(tree.receiver.lane.waiting) <= 2
    for _ in range(50):
        tree.keep()
    assert tree.answers[1].code == "kept"


def test_no_more_is_taken_than_may_be_held_and_it_goes_on_when_there_is_room() -> None:
    tree = Tree()
    tree.part(1, b"1 1 1")
    large = b"1" + b" " * HELD_BYTES_MAX
    tree.part(2, large)
    tree.part(3, large)
    assert (3, 0) not in tree.taken
    tree.part(3, large)  # sent again, because nobody took it
    assert (3, 0) not in tree.taken
    while tree.to_ingest:
        tree.keep()
    assert (3, 0) in tree.taken
    assert sorted(tree.answers) == [1, 2, 3]


def test_what_nobody_waits_for_is_forgotten_unless_it_is_being_decoded() -> None:
    tree = Tree()
    tree.part(1, b"1 1 1 1")
    tree.part(2, b"7")
    for request in (1, 2):
        tree.give_up(request)
    while tree.to_ingest:
        tree.keep()
    assert (tree.stored, tree.receiver.idle, tree.receiver.held_bytes) == (4, True, 0)


def test_a_new_gateway_is_not_mixed_up_with_the_one_before() -> None:
    tree = Tree()
    tree.part(1, b"1", last=False)
    tree.part(1, b"5", gateway=2)
    tree.part(1, b"9", gateway=1)
    tree.keep()
    assert (tree.stored, tree.answers[1].gateway) == (5, 2)
    assert tree.receiver.bodies == {}


@given(st.lists(st.sampled_from(["part", "keep", "give_up", "again"]), max_size=80), st.data())
def test_whatever_happens_every_answer_is_true_and_nothing_stays_behind(steps: list[str], data: st.DataObject) -> None:
    tree, records = Tree(), {}
    for step in steps:
        if step == "part":
            request = len(records) + 1
            records[request] = data.draw(st.integers(1, 5))
            tree.part(request, str(records[request]).encode())
        elif step == "keep" and tree.to_ingest:
            tree.keep()
        elif step == "give_up" and records:
            request = data.draw(st.sampled_from(sorted(records)))
            tree.give_up(request)
        answered = sum(records[request] for request in tree.answers)
        assert tree.stored >= answered, "answered before it was durable"
    while tree.to_ingest:
        tree.keep()
    assert tree.receiver.idle
    assert tree.receiver.held_bytes == 0


def test_the_trace_of_a_turn_is_kept_among_the_records_and_nobody_is_answered() -> None:
    tree = Tree()
    tree.do(tree.receiver.traced(TurnTraced(session_id="s", turn_id="t", trace_id="ab" * 16), 0))
    (message,) = tree.to_ingest
    assert ([turn.trace_id for turn in message.turns], message.received) == (["ab" * 16], 0)
    tree.keep()
    assert (tree.answers, tree.receiver.idle) == ({}, True)


def test_a_first_part_that_comes_again_after_its_answer_is_not_held_for_ever() -> None:
    tree = Tree()
    tree.part(1, b"1 ", last=False)
    tree.part(1, b"2", n=1)
    tree.keep()
    tree.keep()
    assert tree.answers[1].code == "kept"
    tree.part(1, b"1 ", last=False)
    assert (tree.receiver.held_bytes, tree.receiver.idle) == (2, False)
    tree.do(tree.receiver.tick(STALE_MS - 1))
    assert not tree.receiver.idle, "its other part may be on its way"
    tree.do(tree.receiver.tick(STALE_MS))
    assert (tree.receiver.held_bytes, tree.receiver.idle, list(tree.answers)) == (0, True, [1])


def test_a_whole_body_waits_for_its_turn_however_long_that_takes() -> None:
    tree = Tree()
    for request in (1, 2, 3):
        tree.part(request, b"1")
    tree.do(tree.receiver.tick(10 * STALE_MS))
    while tree.to_ingest:
        tree.keep()
    assert sorted(tree.answers) == [1, 2, 3]
