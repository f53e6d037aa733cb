from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.transport.framing import READ_BYTES_MAX, FrameReader, framed
from actors.transport.seal import FRAME_BYTES_MAX, OVERHEAD_BYTES, Reason, Reject

PREFIX = b"p" * OVERHEAD_BYTES


def read_all(reader: FrameReader) -> list[bytes]:
    frames = []
    while (frame := reader.next_frame()) is not None:
        assert not isinstance(frame, Reject)
        frames.append(bytes(frame))
    return frames


@given(bodies=st.lists(st.binary(max_size=60), max_size=8), cuts=st.lists(st.integers(0, 2000), max_size=12))
def test_frames_come_out_whole_wherever_the_stream_is_cut(bodies: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(framed(PREFIX, body) for body in bodies)
    places = sorted({0, len(stream), *(place % (len(stream) + 1) for place in cuts)})
    reader = FrameReader()
    frames = []
    for start, end in pairwise(places):
        reader.feed(stream[start:end])
        frames += read_all(reader)
    assert frames == [PREFIX + body for body in bodies]
    assert not reader.partial


@pytest.mark.parametrize("length", [0, 1, OVERHEAD_BYTES - 1, FRAME_BYTES_MAX + 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
def test_a_length_out_of_bounds_is_refused_at_once_and_nothing_is_kept(length: int) -> None:
    reader = FrameReader()
    reader.feed(struct.pack(">I", length) + b"x" * 1000)
    assert reader.next_frame() == Reject(Reason.BAD_LENGTH)
    assert not reader.partial


def test_the_largest_frame_passes() -> None:
    reader = FrameReader()
    reader.feed(framed(PREFIX, b"x" * (FRAME_BYTES_MAX - OVERHEAD_BYTES)))
    assert [len(frame) for frame in read_all(reader)] == [FRAME_BYTES_MAX]


def test_a_begun_frame_is_partial() -> None:
    reader = FrameReader()
    assert not reader.partial
    reader.feed(framed(PREFIX)[:-1])
    assert reader.next_frame() is None
    assert reader.partial


def test_the_reader_is_fed_in_bounded_pieces() -> None:
    with pytest.raises(AssertionError):
        FrameReader().feed(bytes(READ_BYTES_MAX + 1))
