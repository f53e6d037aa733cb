"""A lock on an open file that the OS gives back when its holder dies. The one place where systems differ about it."""

from __future__ import annotations

import sys


def take(descriptor: int) -> bool:
    """Take the lock, without waiting; False while a living process holds it, on POSIX also this one by another file.

    Closing the descriptor gives it back. On Windows the first byte is what is locked.
    """
    if sys.platform == "win32":  # written for Windows, never run there: tests/storage/test_file_lock.py forces it
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
