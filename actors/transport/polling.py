"""Waiting for descriptors, and waking the one who waits. The differences between operating systems stop here.

`poll`, not `select`: an actor may hold more than 1,024 descriptors. Not `epoll` either: its descriptor would be shared
with forked children, and it silently drops a closed descriptor whose number is then used again.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import threading
from contextlib import suppress
from math import ceil
from typing import NamedTuple

_HAS_POLL = hasattr(select, "poll")


class Ready(NamedTuple):
    """A descriptor with something to do. `bad` means that it is not open."""

    fd: int
    read: bool
    write: bool
    bad: bool


class Poller:
    """A set of descriptors to wait for. Another thread may change it during `wait`; it then also wakes the waiter."""

    def __init__(self) -> None:
        self._wanted: dict[int, tuple[bool, bool]] = {}
        self._poll = select.poll() if _HAS_POLL else None

    def want(self, fd: int, read: bool, write: bool) -> None:
        """Wait for `fd` from now on; replaces what was asked for it before."""
        if self._wanted.get(fd) == (read, write):
            return
        self._wanted[fd] = (read, write)
        if self._poll is not None:
            self._poll.register(fd, (select.POLLIN if read else 0) | (select.POLLOUT if write else 0))

    def forget(self, fd: int) -> None:
        """Wait for `fd` no longer; harmless when it was not asked for."""
        if self._wanted.pop(fd, None) is not None and self._poll is not None:
            self._poll.unregister(fd)

    def wait(self, timeout_s: float) -> list[Ready]:
        """Those ready within `timeout_s` seconds (rounded up to whole ms); an empty list when none is."""
        if self._poll is None:
            return self._select(timeout_s)
        trouble = select.POLLHUP | select.POLLERR
        return [
            Ready(
                fd,
                bool(event & (select.POLLIN | trouble)),
                bool(event & (select.POLLOUT | trouble)),
                bool(event & select.POLLNVAL),
            )
            for fd, event in self._poll.poll(ceil(timeout_s * 1000))
        ]

    def _select(self, timeout_s: float) -> list[Ready]:
        wanted = dict(self._wanted)
        reads = [fd for fd, (read, _) in wanted.items() if read]
        writes = [fd for fd, (_, write) in wanted.items() if write]
        try:
            read, write, failed = select.select(reads, writes, writes, timeout_s)
        except (OSError, ValueError):
            return [Ready(fd, False, False, True) for fd in wanted if not _is_open(fd)]
        return [
            Ready(fd, fd in read, fd in write or fd in failed, False)
            for fd in wanted
            if fd in read or fd in write or fd in failed
        ]


def _is_open(fd: int) -> bool:
    try:
        select.select([fd], [], [], 0)
    except (OSError, ValueError):
        return False
    return True


class Waker:
    """Makes a waiting poller return: from another thread, from a signal handler, or by the signal itself.

    A pipe, not an eventfd: `signal.set_wakeup_fd` writes a single byte, which an eventfd refuses. Without it a signal
    that arrives just before the wait begins would be noticed only when the wait ends. Neither end blocks; a full pipe
    wakes just as well.
    """

    def __init__(self) -> None:
        self._hears_signals = False
        if sys.platform == "win32":
            self._pair: tuple[socket.socket, socket.socket] | None = socket.socketpair()
            for end in self._pair:
                end.setblocking(False)
            self._read_fd, self._write_fd = (end.fileno() for end in self._pair)
        else:
            self._pair = None
            self._read_fd, self._write_fd = os.pipe()
            os.set_blocking(self._read_fd, False)
            os.set_blocking(self._write_fd, False)

    def fileno(self) -> int:
        """The descriptor that becomes readable."""
        return self._read_fd

    def wake(self) -> None:
        """Takes no lock and never blocks, so signal handlers may call it; harmless after `close`."""
        with suppress(OSError):
            if self._pair is not None:
                self._pair[1].send(b"\0")
            else:
                os.write(self._write_fd, b"\0")

    def rest(self) -> None:
        """Take what has been written, so that the next wait waits."""
        with suppress(OSError):
            if self._pair is not None:
                self._pair[0].recv(4096)
            else:
                os.read(self._read_fd, 4096)

    def hear_signals(self) -> None:
        """Let every signal of this process wake the waiter. For processes we own, on their main thread."""
        if threading.current_thread() is threading.main_thread():
            signal.set_wakeup_fd(self._write_fd, warn_on_full_buffer=False)
            self._hears_signals = True

    def close(self) -> None:
        """Give the descriptors back."""
        if self._hears_signals and threading.current_thread() is threading.main_thread():
            self._hears_signals = False
            with suppress(ValueError):
                signal.set_wakeup_fd(-1)
        if self._pair is not None:
            for end in self._pair:
                end.close()
        elif self._read_fd >= 0:
            os.close(self._read_fd)
            os.close(self._write_fd)
        self._pair = None
        self._read_fd = self._write_fd = -1

    def __del__(self) -> None:
        # A host that forgets to leave its private context must not lose two descriptors each time.
        with suppress(AttributeError, OSError):
            self.close()
