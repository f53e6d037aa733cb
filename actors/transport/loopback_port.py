"""A port of this machine that no second program can share. The one place where systems differ about it."""

from __future__ import annotations

import socket


def claim(listener: socket.socket) -> None:
    """Ask for it before `bind`: a port that was let go a moment ago can be had, one that somebody has cannot.

    POSIX refuses a second listener in any case; SO_REUSEADDR only says that connections which are still ending do not
    stand in the way. On Windows that very option would let anybody take a port over, and SO_EXCLUSIVEADDRUSE asks for
    what POSIX does by itself.
    """
    if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
