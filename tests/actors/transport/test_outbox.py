from __future__ import annotations

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from actors.transport.outbox import ITEM_BYTES, Outbox, Outgoing
from actors.transport.seal import DATA_BYTES_MAX

A, B = b"a" * 8, b"b" * 8


def item(number: int, size: int = 10) -> Outgoing:
    return Outgoing(SimpleNamespace(), b"x" * size, number)


def test_a_receivers_messages_leave_in_the_order_they_came() -> None:
    outbox = Outbox()
    for number in range(5):
        assert outbox.add(A if number % 2 else B, item(number))
    assert [outbox.pop(B).number for _ in range(3)] == [0, 2, 4]
    assert [outbox.pop(A).number for _ in range(2)] == [1, 3]
    assert not outbox
    assert outbox.held_bytes == 0


def test_one_receiver_cannot_use_up_the_room_of_the_others() -> None:
    outbox = Outbox(bytes_max=3 * (1000 + ITEM_BYTES), target_bytes_max=2 * (1000 + ITEM_BYTES))
    assert [outbox.add(A, item(number, 1000)) for number in range(3)] == [True, True, False]
    assert [outbox.add(B, item(number, 1000)) for number in range(2)] == [True, False]


def test_small_messages_are_bounded_by_their_number() -> None:
    outbox = Outbox(bytes_max=100 * ITEM_BYTES, target_bytes_max=100 * ITEM_BYTES)
    assert sum(outbox.add(A, item(number, 0)) for number in range(1000)) == 100


def test_dropping_a_receiver_takes_all_of_its_messages_and_nothing_else() -> None:
    outbox = Outbox()
    outbox.add(A, item(1))
    outbox.add(A, item(2))
    outbox.add(B, item(3))
    assert [each.number for each in outbox.drop(A)] == [1, 2]
    assert outbox.drop(A) == []
    assert [each.number for each in outbox] == [3]
    assert outbox.targets() == [B]
    assert outbox.held_bytes == 10 + ITEM_BYTES


def test_a_message_goes_piece_by_piece_and_can_begin_again() -> None:
    big = item(1, DATA_BYTES_MAX * 2 + 5)
    sizes = []
    while True:
        piece = big.piece()
        sizes.append(len(piece))
        big.prefix = b"sealed"
        if big.advance(len(piece)):
            break
        assert big.prefix is None, "a prefix belongs to one fragment"
    assert sizes == [DATA_BYTES_MAX, DATA_BYTES_MAX, 5]
    big.restart()
    assert (big.sent, big.prefix, len(big.piece())) == (0, None, DATA_BYTES_MAX)


@given(st.lists(st.tuples(st.sampled_from(["add", "pop", "drop"]), st.sampled_from([A, B]), st.integers(0, 3000))))
def test_the_books_balance_whatever_is_done(steps: list[tuple[str, bytes, int]]) -> None:
    outbox = Outbox(bytes_max=20_000, target_bytes_max=12_000)
    for step, token, size in steps:
        if step == "add":
            outbox.add(token, item(0, size))
        elif step == "pop" and outbox.head(token) is not None:
            outbox.pop(token)
        elif step == "drop":
            outbox.drop(token)
        assert outbox.held_bytes == sum(each.cost for each in outbox) <= 20_000
