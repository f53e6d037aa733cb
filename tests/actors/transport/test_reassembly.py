from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from actors.transport.reassembly import PARTIALS_MAX, REASSEMBLY_SILENCE_NS_MAX, Reassembly
from actors.transport.seal import Frame, Kind, Reason, Reject

A, B = b"a" * 8, b"b" * 8


def piece(data: bytes, offset: int, total: int, epoch: bytes = A, message: int = 1) -> Frame:
    return Frame(Kind.DATA, b"s" * 8, epoch, message, offset, total, memoryview(data))


def cut(data: bytes, cuts: list[int], epoch: bytes = A, message: int = 1) -> list[Frame]:
    places = sorted({0, len(data), *(place % len(data) for place in cuts)})
    return [piece(data[start:end], start, len(data), epoch, message) for start, end in pairwise(places)]


@given(data=st.binary(min_size=1, max_size=200), cuts=st.lists(st.integers(0, 1000), max_size=10))
def test_pieces_in_order_give_the_message_and_leave_nothing_behind(data: bytes, cuts: list[int]) -> None:
    dropped: list[Reason] = []
    reassembly = Reassembly(dropped.append)
    outcomes = [reassembly.add(fragment, 0) for fragment in cut(data, cuts)]
    assert outcomes[-1] == data
    assert all(outcome is None for outcome in outcomes[:-1])
    assert (reassembly.held_bytes, dropped) == (0, [])


@given(
    first=st.binary(min_size=1, max_size=80),
    second=st.binary(min_size=1, max_size=80),
    cuts=st.lists(st.integers(0, 100), max_size=5),
    order=st.randoms(use_true_random=False),
)
def test_two_senders_never_mix(first: bytes, second: bytes, cuts: list[int], order: object) -> None:
    queues = {A: cut(first, cuts), B: cut(second, cuts, B)}
    reassembly = Reassembly(lambda _: None)
    whole = {}
    while any(queues.values()):
        epoch = order.choice([epoch for epoch, queue in queues.items() if queue])  # type: ignore[attr-defined]
        outcome = reassembly.add(queues[epoch].pop(0), 0)
        if isinstance(outcome, bytes):
            whole[epoch] = outcome
    assert whole == {A: first, B: second}


@given(
    frames=st.lists(
        st.tuples(
            st.integers(0, 12), st.integers(1, 12), st.integers(1, 3), st.sampled_from([A, B]), st.integers(1, 5)
        ),
        max_size=40,
    )
)
def test_whatever_comes_the_books_balance(frames: list[tuple[int, int, int, bytes, int]]) -> None:
    reassembly = Reassembly(lambda _: None, bytes_max=20)
    for offset, total, message, epoch, size in frames:
        size = min(size, total - offset)
        if size <= 0:
            continue
        outcome = reassembly.add(piece(b"x" * size, offset, total, epoch, message), 0)
        assert outcome is None or isinstance(outcome, Reject) or len(outcome) == total
        assert 0 <= reassembly.held_bytes <= 20
    reassembly.expire(REASSEMBLY_SILENCE_NS_MAX)
    assert reassembly.held_bytes == 0


def test_a_missing_piece_ends_the_message() -> None:
    dropped: list[Reason] = []
    reassembly = Reassembly(dropped.append)
    assert reassembly.add(piece(b"ab", 0, 6), 0) is None
    assert reassembly.add(piece(b"ef", 4, 6), 0) == Reject(Reason.GAP)
    assert reassembly.add(piece(b"cd", 2, 6), 0) == Reject(Reason.GAP)
    assert (dropped, reassembly.held_bytes) == ([Reason.ABANDONED], 0)


def test_a_new_message_gives_up_the_half_one_before() -> None:
    dropped: list[Reason] = []
    reassembly = Reassembly(dropped.append)
    reassembly.add(piece(b"ab", 0, 6), 0)
    assert reassembly.add(piece(b"new", 0, 3, message=2), 0) == b"new"
    assert dropped == [Reason.ABANDONED]
    reassembly.add(piece(b"ab", 0, 6, message=3), 0)
    assert reassembly.add(piece(b"cd", 2, 6, message=4), 0) == Reject(Reason.GAP)


def test_at_the_bound_the_longest_silent_goes() -> None:
    dropped: list[Reason] = []
    reassembly = Reassembly(dropped.append, bytes_max=10)
    reassembly.add(piece(b"x" * 6, 0, 8, A), 1)
    reassembly.add(piece(b"y" * 6, 0, 8, B), 2)
    assert (dropped, reassembly.held_bytes) == ([Reason.REASSEMBLY_FULL], 6)
    assert reassembly.add(piece(b"yy", 6, 8, B), 3) == b"y" * 6 + b"yy"


def test_the_number_of_half_messages_is_bounded() -> None:
    dropped: list[Reason] = []
    reassembly = Reassembly(dropped.append)
    for number in range(PARTIALS_MAX + 5):
        reassembly.add(piece(b"x", 0, 2, number.to_bytes(8, "big")), number)
    assert dropped == [Reason.REASSEMBLY_FULL] * 5


def test_silence_ends_a_half_message() -> None:
    dropped: list[Reason] = []
    reassembly = Reassembly(dropped.append)
    reassembly.add(piece(b"a", 0, 2, A), 0)
    reassembly.add(piece(b"b", 0, 2, B), 10)
    reassembly.expire(REASSEMBLY_SILENCE_NS_MAX - 1)
    assert dropped == []
    reassembly.expire(REASSEMBLY_SILENCE_NS_MAX)
    assert (dropped, reassembly.held_bytes) == ([Reason.ABANDONED], 1)
