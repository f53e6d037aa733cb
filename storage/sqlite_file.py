"""What bytes of an SQLite database and of its write-ahead log say. Source: sqlite.org/fileformat2.html, 1.3 and 4.1.

A checkpoint copies pages from the log into the file, the first one first, and leaves in the log those that were written
again after what a reader still looks at: until the next one the file may be shorter than it says.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import NamedTuple

MAGIC = b"SQLite format 3\x00"
HEADER_BYTES = 100
LOG_MAGICS = frozenset({0x377F0682, 0x377F0683})
_LOG = struct.Struct(">I4xI4x8s")
_LOG_BYTES = 32
_FRAME = struct.Struct(">I4x8s")
_FRAME_BYTES = 24


class Pages(NamedTuple):
    """What the file says of itself: so many pages of so many bytes."""

    total: int
    size: int


def promised(header: bytes) -> Pages | None:
    """What a file that begins with these bytes has to hold; None when it is no database.

    A writer of before 3.7.0 keeps no count: nothing is promised then.
    """
    if len(header) < HEADER_BYTES or not header.startswith(MAGIC):
        return None
    size, changes, count, valid_for = (int.from_bytes(header[a:b]) for a, b in ((16, 18), (24, 28), (28, 32), (92, 96)))
    if size != 1 and size < 512:
        return None
    return Pages(count if changes == valid_for else 0, 65_536 if size == 1 else size)


def logged(log: Path) -> set[int]:
    """The pages that a write-ahead log holds, committed or about to be; none where there is no log.

    Frames with another salt are left over from before the log was begun anew. One small read for each frame: a log of
    64 MiB takes about 20 ms. Errors: OSError.
    """
    pages: set[int] = set()
    try:
        file = log.open("rb", buffering=0)
    except FileNotFoundError:
        return pages
    with file:
        start = file.read(_LOG_BYTES)
        if len(start) < _LOG_BYTES:
            return pages
        magic, size, salt = _LOG.unpack_from(start)
        if magic not in LOG_MAGICS:
            return pages
        at = _LOG_BYTES
        while len(frame := file.read(_FRAME_BYTES)) == _FRAME_BYTES:
            page, its_salt = _FRAME.unpack_from(frame)
            if its_salt != salt:
                break
            pages.add(page)
            at += _FRAME_BYTES + size
            file.seek(at)
    return pages
