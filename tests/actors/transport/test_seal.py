from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.transport.seal import (
    DATA_BYTES_MAX,
    FRAME_BYTES_MAX,
    MAC_BYTES,
    MESSAGE_BYTES_MAX,
    OVERHEAD_BYTES,
    Frame,
    Kind,
    Opener,
    Reason,
    Reject,
    Sealer,
)

KEY = b"k" * 32
ME, YOU, OTHER = b"m" * 8, b"y" * 8, b"o" * 8


class Clock:
    def __init__(self, now_ns: int = 1_000) -> None:
        self.now_ns = now_ns

    def __call__(self) -> int:
        self.now_ns += 1
        return self.now_ns


def sealer(epoch: bytes = b"e" * 8, clock: Clock | None = None, key: bytes = KEY, sender: bytes = YOU) -> Sealer:
    return Sealer(key, sender, epoch, clock or Clock())


def frame(by: Sealer, data: bytes = b"hello", destination: bytes = ME, **place: int) -> memoryview:
    number = place.get("message", by.next_message())
    prefix = by.seal(Kind.DATA, destination, number, place.get("offset", 0), place.get("total", len(data)), data)
    return memoryview(prefix + data)


def reason(outcome: Frame | Reject) -> Reason | None:
    return outcome.reason if isinstance(outcome, Reject) else None


@given(data=st.binary(min_size=1, max_size=5000))
def test_what_was_sealed_opens_as_it_was(data: bytes) -> None:
    by = sealer()
    opened = Opener(KEY, ME, 0).open(frame(by, data))
    assert isinstance(opened, Frame)
    assert (opened.kind, opened.sender, opened.epoch, opened.message) == (Kind.DATA, YOU, b"e" * 8, 1)
    assert (opened.offset, opened.total, bytes(opened.data)) == (0, len(data), data)


@given(data=st.binary(min_size=1, max_size=300), where=st.integers(min_value=0), bit=st.integers(0, 7))
def test_any_flipped_bit_is_a_bad_mac(data: bytes, where: int, bit: int) -> None:
    raw = bytearray(frame(sealer(), data))
    raw[where % len(raw)] ^= 1 << bit
    assert reason(Opener(KEY, ME, 0).open(memoryview(raw))) is Reason.BAD_MAC


@given(raw=st.binary(max_size=400))
def test_random_bytes_never_open(raw: bytes) -> None:
    expected = Reason.SHORT if len(raw) < OVERHEAD_BYTES else Reason.BAD_MAC
    assert reason(Opener(KEY, ME, 0).open(memoryview(raw))) is expected


@given(cut=st.integers(min_value=0, max_value=OVERHEAD_BYTES + 4))
def test_a_frame_cut_short_never_opens(cut: int) -> None:
    raw = frame(sealer())[:cut]
    assert reason(Opener(KEY, ME, 0).open(raw)) in (Reason.SHORT, Reason.BAD_MAC)


def test_another_key_is_a_bad_mac() -> None:
    assert reason(Opener(KEY, ME, 0).open(frame(sealer(key=b"K" * 32)))) is Reason.BAD_MAC


def test_a_frame_for_another_address_is_refused() -> None:
    assert reason(Opener(KEY, ME, 0).open(frame(sealer(), destination=OTHER))) is Reason.WRONG_DESTINATION


def test_the_users_number_comes_before_everything_else() -> None:
    opener = Opener(KEY, ME, 0, uid=1000)
    assert reason(opener.open(memoryview(b""), uid=1001)) is Reason.FOREIGN_UID
    assert reason(opener.open(memoryview(b""), uid=None)) is Reason.FOREIGN_UID
    assert reason(opener.open(memoryview(b""), uid=1000)) is Reason.SHORT
    assert isinstance(opener.open(frame(sealer()), uid=1000), Frame)


def test_a_counter_is_good_once_and_only_upwards() -> None:
    opener, by = Opener(KEY, ME, 0), sealer()
    first, second, third = frame(by), frame(by), frame(by)
    assert isinstance(opener.open(second), Frame)
    assert reason(opener.open(second)) is Reason.REPLAY
    assert reason(opener.open(first)) is Reason.REPLAY
    assert isinstance(opener.open(third), Frame)


def test_a_refused_frame_uses_up_no_counter() -> None:
    opener, by = Opener(KEY, ME, 0), sealer()
    bad_shape = frame(by, b"abc", total=2)
    good = frame(by)
    assert reason(opener.open(bad_shape)) is Reason.BAD_SHAPE
    flipped = bytearray(good)
    flipped[-1] ^= 1
    assert reason(opener.open(memoryview(flipped))) is Reason.BAD_MAC
    assert isinstance(opener.open(good), Frame)


def test_a_new_epoch_of_the_same_sender_counts_from_one_again() -> None:
    opener = Opener(KEY, ME, 0)
    for epoch in (b"1" * 8, b"2" * 8):
        assert isinstance(opener.open(frame(sealer(epoch))), Frame)


def test_a_frame_older_than_the_address_is_stale() -> None:
    clock = Clock(1_000)
    old = frame(sealer(clock=clock))
    opener = Opener(KEY, ME, bound_ns=clock.now_ns + 1)
    assert reason(opener.open(old)) is Reason.STALE
    clock.now_ns += 10
    assert isinstance(opener.open(frame(sealer(b"f" * 8, clock))), Frame)


def test_forgetting_a_sender_never_makes_its_old_frames_good_again() -> None:
    clock = Clock()
    opener = Opener(KEY, ME, 0, senders_max=2)
    recorded = []
    senders = [sealer(bytes([number]) * 8, clock) for number in range(4)]
    for by in senders:
        recorded.append(frame(by))
        assert isinstance(opener.open(recorded[-1]), Frame)
    outcomes = [reason(opener.open(raw)) for raw in recorded]
    assert outcomes == [Reason.STALE, Reason.STALE, Reason.REPLAY, Reason.REPLAY]
    assert isinstance(opener.open(frame(senders[0])), Frame), "the forgotten one may speak again, with something new"


@given(
    sends=st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=60),
    senders_max=st.integers(1, 6),
)
def test_whatever_is_replayed_nothing_opens_twice(sends: list[tuple[int, bool]], senders_max: int) -> None:
    clock = Clock()
    opener = Opener(KEY, ME, 0, senders_max=senders_max)
    senders = [sealer(bytes([number]) * 8, clock) for number in range(6)]
    recorded = []
    for who, replay_all in sends:
        recorded.append(frame(senders[who]))
        assert isinstance(opener.open(recorded[-1]), Frame), "what is new and in order always opens"
        if replay_all:
            assert all(isinstance(opener.open(raw), Reject) for raw in recorded)


@pytest.mark.parametrize(
    ("data", "offset", "total", "expected"),
    [
        (b"", 0, 0, Reason.BAD_SHAPE),
        (b"", 0, 5, Reason.BAD_SHAPE),
        (b"abc", 0, 2, Reason.BAD_SHAPE),
        (b"abc", 1, 3, Reason.BAD_SHAPE),
        (b"a", 0, MESSAGE_BYTES_MAX + 1, Reason.OVERSIZE),
        (b"a", 0, MESSAGE_BYTES_MAX, None),
        (b"abc", 4, 7, None),
    ],
)
def test_sizes_that_contradict_each_other_are_refused(
    data: bytes, offset: int, total: int, expected: Reason | None
) -> None:
    assert reason(Opener(KEY, ME, 0).open(frame(sealer(), data, offset=offset, total=total))) is expected


def test_a_frame_over_the_maximum_is_refused_before_its_mac_is_computed() -> None:
    assert reason(Opener(KEY, ME, 0).open(memoryview(bytes(FRAME_BYTES_MAX + 1)))) is Reason.OVERSIZE
    by = sealer()
    largest = frame(by, b"x" * DATA_BYTES_MAX)
    assert len(largest) == FRAME_BYTES_MAX
    assert isinstance(Opener(KEY, ME, 0).open(largest), Frame)
    with pytest.raises(AssertionError):
        frame(by, b"x" * (DATA_BYTES_MAX + 1))


def test_answers_carry_nothing_and_unknown_kinds_are_refused() -> None:
    by = sealer()
    answer = Opener(KEY, ME, 0).open(memoryview(by.seal(Kind.ACK, ME, 7)))
    assert isinstance(answer, Frame)
    assert (answer.kind, answer.message) == (Kind.ACK, 7)
    assert reason(Opener(KEY, ME, 0).open(memoryview(by.seal(9, ME, 7)))) is Reason.BAD_SHAPE  # type: ignore[arg-type]
    loud = by.seal(Kind.ACK, ME, 7, 0, 1, b"x") + b"x"
    assert reason(Opener(KEY, ME, 0).open(memoryview(loud))) is Reason.BAD_SHAPE


def test_a_mac_is_as_long_as_it_says() -> None:
    assert len(sealer().seal(Kind.ACK, ME, 1)) == OVERHEAD_BYTES
    assert MAC_BYTES == 16
