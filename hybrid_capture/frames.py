"""What root and gateway say to each other over their link: a word with its fields, and at times bytes beside it.

A body may hold anything, so lines will not do: each frame is two lengths, a JSON object with one word in `op`, and the
bytes. Both ends are ours; what does not fit ends the link.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

import orjson

_LENGTHS = struct.Struct(">II")
HEAD_BYTES_MAX = 64 * 1024
BLOB_BYTES_MAX = 1024 * 1024
READ_BYTES = 256 * 1024


class FrameBroken(Exception):
    """The other end speaks another language."""


class Said(NamedTuple):
    """One frame."""

    op: str
    fields: dict[str, Any]
    blob: bytes


def frame_of(op: str, blob: bytes | memoryview = b"", **fields: Any) -> bytes:
    """One frame as it goes over the link."""
    head = orjson.dumps({"op": op, **fields})
    assert len(head) <= HEAD_BYTES_MAX, "our own heads are small"
    assert len(blob) <= BLOB_BYTES_MAX, "a body travels in parts"
    return b"".join((_LENGTHS.pack(len(head), len(blob)), head, blob))


class Frames:
    """Cuts received bytes into frames. Holds at most one frame that is not complete."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> list[Said]:
        """The frames that are complete now. Errors: FrameBroken."""
        self._rest += chunk
        found: list[Said] = []
        at = 0
        while len(self._rest) - at >= _LENGTHS.size:
            head, blob = _LENGTHS.unpack_from(self._rest, at)
            if head > HEAD_BYTES_MAX or blob > BLOB_BYTES_MAX:
                raise FrameBroken("a frame is longer than the link carries")
            begin = at + _LENGTHS.size
            if len(self._rest) < begin + head + blob:
                break
            found.append(
                _said(bytes(self._rest[begin : begin + head]), bytes(self._rest[begin + head : begin + head + blob]))
            )
            at = begin + head + blob
        del self._rest[:at]
        return found


def _said(head: bytes, blob: bytes) -> Said:
    try:
        fields = orjson.loads(head)
        op = fields.pop("op")
    except (ValueError, KeyError, AttributeError):
        raise FrameBroken("not a frame of this link") from None
    return Said(str(op), fields, blob)
