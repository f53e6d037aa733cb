"""Bytes at an offset of an open file. The one place where systems differ about it."""

from __future__ import annotations

import os


def read_piece(descriptor: int, length: int, offset: int) -> bytes:
    """At most `length` bytes from `offset`, fewer at the file's end. Errors: OSError.

    Windows has no `pread`: the descriptor's own position is moved there, so one thread at a time may read by it.
    """
    if hasattr(os, "pread"):
        return os.pread(descriptor, length, offset)
    os.lseek(descriptor, offset, os.SEEK_SET)
    return os.read(descriptor, length)
