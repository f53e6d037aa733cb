"""Frames on a byte stream: four bytes of length, then a sealed frame. Pure; bytes may be cut anywhere."""

from __future__ import annotations

import struct
from typing import Final

from actors.transport.seal import FRAME_BYTES_MAX, OVERHEAD_BYTES, Reason, Reject

_LENGTH: Final = struct.Struct(">I")
READ_BYTES_MAX: Final = 256 * 1024
"""Most to feed at once; so a reader never holds more than this and one frame."""


def framed(prefix: bytes, data: bytes | memoryview = b"") -> bytes:
    """A sealed frame as it goes over the stream."""
    return b"".join((_LENGTH.pack(len(prefix) + len(data)), prefix, data))


class FrameReader:
    """Cuts a stream into frames. A length out of bounds is refused before a byte of that frame is kept."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def partial(self) -> bool:
        """Whether a frame has begun and is not complete."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> None:
        """Add what was read; take all frames out with `next_frame` before feeding again."""
        assert len(data) <= READ_BYTES_MAX, "the caller reads in bounded pieces"
        self._buffer += data

    def next_frame(self) -> memoryview | Reject | None:
        """The next frame, None when it is not complete yet, or BAD_LENGTH: then the stream means nothing more."""
        if len(self._buffer) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._buffer)
        if not OVERHEAD_BYTES <= length <= FRAME_BYTES_MAX:
            self._buffer.clear()
            return Reject(Reason.BAD_LENGTH)
        end = _LENGTH.size + length
        if len(self._buffer) < end:
            return None
        frame = memoryview(bytes(memoryview(self._buffer)[_LENGTH.size : end]))
        del self._buffer[:end]
        return frame
