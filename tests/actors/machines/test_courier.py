"""What the sidecar's frames go through on their way to the stager."""

from __future__ import annotations

from typing import Any

from actors.machines.courier import GENERATIONS_MAX, Courier
from actors.machines.effects import Send
from messages.stream import BatchSettled, DroppedLine, GenerationClosed, GenerationOpened, ResendFrames
from tests.actors.machines.stage_scene import batch


class Story:
    """The courier of one sidecar actor, its clock, and what it sent last."""

    def __init__(self, bytes_max: int = 1_000) -> None:
        self.courier = Courier(bytes_max, resend_ms=200)
        self.now = 0

    def sent(self, effects: tuple[Any, ...]) -> list[Any]:
        assert all(isinstance(each, Send) and each.to == "stager" for each in effects)
        return [each.message for each in effects]

    def read(self, *lines: str) -> list[Any]:
        data = "".join(f"{line}\n" for line in lines).encode()
        return self.sent(self.courier.read(data, len(lines), (), 7, self.now))

    def open(self, generation: int = 1) -> list[Any]:
        return self.sent(self.courier.opened(generation))

    def close(self, generation: int = 1) -> list[Any]:
        return self.sent(self.courier.closed(generation))

    def settle(self, through: int, generation: int = 1, closed: bool = False) -> list[Any]:
        heard = BatchSettled(generation=generation, through_seq=through, closed=closed)
        return self.sent(self.courier.settled(heard))

    def tick(self, ms: int) -> list[Any]:
        self.now += ms
        return self.sent(self.courier.tick(self.now))


def opened(generation: int = 1) -> GenerationOpened:
    return GenerationOpened(generation=generation)


def closed(last: int, generation: int = 1) -> GenerationClosed:
    return GenerationClosed(generation=generation, last_seq=last)


def test_frames_are_numbered_from_one_in_each_generation() -> None:
    story = Story()
    assert story.open() == [opened()]
    assert story.read("a", "b") == [batch("a", "b")]
    assert story.read("c") == [batch("c", first=3)]
    assert story.close() == [closed(3)]


def test_lines_that_could_not_be_carried_keep_their_number() -> None:
    story = Story()
    story.open()
    story.read("a")
    (sent,) = story.sent(story.courier.read(b"\nb\n", 2, [(0, 99, "line_too_long")], 7, 0))
    assert sent.dropped == (DroppedLine(seq=2, bytes_count=99, reason="line_too_long"),)


def test_a_full_window_stops_the_reading_and_a_settlement_starts_it() -> None:
    story = Story(bytes_max=4)
    story.open()
    story.read("ab")
    assert not story.courier.full
    story.read("cd")
    assert story.courier.full
    story.settle(1)
    assert not story.courier.full


def test_the_next_process_is_introduced_when_the_books_of_the_last_are_closed() -> None:
    story = Story()
    story.open()
    story.read("a")
    story.close()
    assert story.open(2) == story.read("b") == []
    assert story.settle(1) == [], "settled is not closed"
    assert story.settle(1, closed=True) == [opened(2), batch("b", generation=2)]


def test_several_processes_that_came_and_went_are_told_one_by_one() -> None:
    story = Story()
    story.open()
    story.close()
    for generation in (2, 3):
        story.open(generation)
        story.read("x")
        assert story.close(generation) == []
    assert story.settle(0, closed=True) == [opened(2), batch("x", generation=2), closed(1, 2)]
    assert story.settle(1, 2, closed=True) == [opened(3), batch("x", generation=3), closed(1, 3)]
    assert story.settle(1, 3, closed=True) == []
    assert story.courier.idle


def test_a_settlement_of_another_generation_is_nothing() -> None:
    story = Story()
    story.open()
    story.read("a")
    assert story.settle(1, generation=2, closed=True) == []
    assert not story.courier.idle


def test_books_cannot_be_closed_while_the_process_lives() -> None:
    story = Story()
    story.open()
    story.read("a")
    story.settle(1, closed=True)
    assert story.read("b") == [batch("b", first=2)]


def test_a_new_stager_gets_the_introduction_and_all_that_is_unsettled() -> None:
    story = Story()
    story.open()
    for line in "abc":
        story.read(line)
    story.settle(1)
    story.close()
    again = story.sent(story.courier.stager_returned(0))
    assert again == [opened(), batch("b", first=2), batch("c", first=3), closed(3)]


def test_a_stager_that_misses_something_gets_it_again() -> None:
    story = Story()
    story.open()
    story.read("a")
    assert story.sent(story.courier.resend(ResendFrames(generation=1, through_seq=0), 0)) == [opened(), batch("a")]
    assert story.sent(story.courier.resend(ResendFrames(generation=9, through_seq=0), 0)) == []


def test_what_nobody_settles_is_sent_again_after_a_while() -> None:
    story = Story()
    story.open()
    story.read("a")
    assert story.tick(100) == []
    assert story.tick(100) == []
    assert story.tick(100) == [opened(), batch("a")]
    assert story.tick(100) == []
    assert story.tick(100) == [opened(), batch("a")]


def test_a_process_that_says_a_little_all_the_time_hides_nothing_that_was_lost() -> None:
    story = Story()
    story.open()
    again: list[Any] = []
    for _ in range(8):
        story.read("a")
        again += story.tick(50)
    assert opened() in again


def test_as_long_as_settlements_come_nothing_is_sent_twice() -> None:
    story = Story(bytes_max=10_000)
    story.open()
    for number in range(1, 40):
        story.read("a")
        story.settle(number - 1)
        assert story.tick(50) == []


def test_a_closing_that_nobody_confirms_is_sent_again() -> None:
    story = Story()
    story.open()
    story.close()
    again = [message for _ in range(5) for message in story.tick(100)]
    assert closed(0) in again


def test_processes_that_come_and_go_while_nothing_is_settled_are_bounded() -> None:
    story = Story()
    for generation in range(1, GENERATIONS_MAX + 1):
        story.open(generation)
        story.read("x")
        story.close(generation)
        assert not story.courier.full
    story.open(99)
    assert story.courier.full, "this one is not even read"
    story.settle(1, closed=True)
    assert not story.courier.full


def test_the_oldest_unsettled_batch_tells_since_when() -> None:
    story = Story()
    assert story.courier.oldest_at_ms is None
    story.open()
    assert story.courier.oldest_at_ms is None
    story.read("a")
    assert story.courier.oldest_at_ms == 0, "on the monotonic clock"
    assert not story.courier.full
