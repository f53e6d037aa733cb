"""Numbers of the panel's sessions: nothing is lost inside the bound, and what is lost is counted."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from hybrid_capture.panel_sessions import Session


def session(events_max: int = 16, bytes_max: int = 65_536) -> Session:
    return Session("s1", "operator", events_max, bytes_max)


def out(of: Session) -> list[tuple[int, int]]:
    """What goes out now: how many were missed before it, and its number."""
    found = []
    while (told := of.next()) is not None:
        found.append((told[0], told[1].seq))
    return found


def test_what_is_told_goes_out_once_in_order() -> None:
    one = session()
    for body in (b"a", b"b", b"c"):
        one.tell(body, droppable=True)
    assert out(one) == [(0, 1), (0, 2), (0, 3)]
    assert out(one) == []


def test_who_comes_back_hears_what_followed_and_nothing_twice() -> None:
    one = session()
    for _ in range(5):
        one.tell(b"x", droppable=True)
    out(one)
    one.tell(b"while away", droppable=True)
    assert one.resume(after=3) == 3
    assert out(one) == [(0, 4), (0, 5), (0, 6)]
    assert one.resume(after=99) == 6, "nobody has heard what was never told"
    assert out(one) == []


def test_a_slow_reader_gets_the_newest_events_and_the_count_of_those_before() -> None:
    one = session(events_max=16)
    for _ in range(100):
        one.tell(b"x", droppable=True)
    assert out(one)[:2] == [(84, 85), (0, 86)]


def test_an_answer_outlasts_events() -> None:
    one = session(events_max=16)
    one.tell(b"answer", droppable=False)
    for _ in range(100):
        one.tell(b"event", droppable=True)
    first, second, *_ = out(one)
    assert first == (0, 1), "it is owed"
    assert second == (85, 87)


def test_answers_alone_are_bounded_too() -> None:
    one = session(events_max=16)
    for _ in range(100):
        one.tell(b"answer", droppable=False)
    assert len(one.pending) == 16


def test_bytes_are_bounded_and_one_large_message_passes() -> None:
    one = session(bytes_max=65_536)
    for _ in range(10):
        one.tell(b"x" * 20_000, droppable=True)
    assert one.size <= 65_536
    one.tell(b"x" * 100_000, droppable=False)
    assert out(one)[-1][1] == 11


def test_what_was_lost_before_a_return_is_counted() -> None:
    one = session(events_max=16)
    for _ in range(40):
        one.tell(b"x", droppable=True)
        one.next()
    one.resume(after=10)
    assert out(one)[0] == (14, 25)


def test_who_knows_nothing_begins_at_the_end() -> None:
    one = session()
    one.tell(b"x", droppable=True)
    assert one.begin_anew() == 1
    assert (out(one), one.size) == ([], 0)


@settings(max_examples=200, derandomize=True, deadline=None, database=None)
@given(st.lists(st.tuples(st.sampled_from(["event", "answer", "read", "resume"]), st.integers(0, 60)), max_size=60))
def test_numbers_rise_and_every_one_is_heard_or_counted(steps: list[tuple[str, int]]) -> None:
    one, heard = session(), 0
    for what, number in steps:
        if what == "read":
            for missed, seq in out(one):
                assert seq == heard + missed + 1
                heard = seq
        elif what == "resume":
            heard = one.resume(min(number, heard))
        else:
            one.tell(b"x" * number, droppable=what == "event")
        assert one.size == sum(len(each.body) for each in (*one.sent, *one.pending))
        assert len(one.sent) + len(one.pending) <= 16
