"""The scripted app-server's poll loop: lines in, bytes out, timers, sockets, the end of stdin, SIGTERM.

One thread. Writes never block the loop: what the pipe does not take is queued without limit, as in the real program
(back-pressure there is lossless too), so stdin is heard even while a reader sleeps. `backlog` lets a flood wait.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import os
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable
from typing import NoReturn, Protocol

READ_BYTES = 1 << 16
BACKLOG_BYTES_MAX = 1 << 20
"""A flood goes on when less than this is queued."""


class Stopped(Exception):
    """SIGTERM arrived."""


class HasFileno(Protocol):
    def fileno(self) -> int: ...


class Loop:
    """Runs until `stop` is called, stdin ends or SIGTERM arrives.

    `on_line` gets each stdin line without its newline. Not reusable; not thread-safe.
    """

    def __init__(self, stdin: int, stdout: int, on_line: Callable[[bytes], None], *, ignore_stop: bool = False) -> None:
        self._stdin, self._stdout, self._on_line = stdin, stdout, on_line
        self._ignore_stop = ignore_stop
        self._queue: deque[memoryview] = deque()
        self.backlog = 0
        """Bytes queued and not yet taken by the pipe."""
        self._partial = b""
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._drained: list[Callable[[], None]] = []
        self._selector = selectors.DefaultSelector()
        self._watched = False
        self._running = True
        self._deaf = False
        os.set_blocking(stdout, False)
        self._selector.register(stdin, selectors.EVENT_READ, self._read)
        signal.signal(signal.SIGTERM, self._on_sigterm)
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)

    def send(self, data: bytes) -> None:
        if self._stdout < 0 or not data:
            return
        self._queue.append(memoryview(data))
        self.backlog += len(data)
        if self.backlog > READ_BYTES and not self._watched:
            self._write()

    def later(self, wait_ms: int, action: Callable[[], None]) -> None:
        heapq.heappush(self._timers, (time.monotonic() + wait_ms / 1000, next(self._order), action))

    def when_drained(self, action: Callable[[], None]) -> None:
        """Call `action` on the next round in which the backlog is under BACKLOG_BYTES_MAX."""
        self._drained.append(action)

    def watch(self, sock: HasFileno, action: Callable[[], None]) -> None:
        self._selector.register(sock, selectors.EVENT_READ, action)

    def unwatch(self, sock: HasFileno) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(sock)

    def stop(self) -> None:
        self._running = False

    def close_stdout(self) -> None:
        self.flush()
        os.close(self._stdout)
        self._stdout = -1

    def flush(self, wait_s: float = 1.0) -> None:
        """Write what is queued, waiting for the reader at most `wait_s`."""
        until = time.monotonic() + wait_s
        while self._queue and time.monotonic() < until:
            if not self._write_some():
                self._wait_writable(until - time.monotonic())

    def freeze(self) -> NoReturn:
        """Write what is queued, then hear nothing more: neither stdin nor SIGTERM."""
        self._deaf = True
        self.flush()
        while True:
            time.sleep(3600)

    def run(self) -> None:
        """Errors: Stopped on SIGTERM (unless told to ignore it)."""
        while self._running:
            self._write()
            wait_s = 0.0 if self._drained and self.backlog < BACKLOG_BYTES_MAX else self._next_timer_s()
            for key, _ in self._selector.select(wait_s):
                key.data()
            self._run_due()
        self.flush()

    def _next_timer_s(self) -> float | None:
        return max(self._timers[0][0] - time.monotonic(), 0.0) if self._timers else None

    def _run_due(self) -> None:
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            heapq.heappop(self._timers)[2]()
        if self._drained and self.backlog < BACKLOG_BYTES_MAX:
            ready, self._drained = self._drained, []
            for action in ready:
                action()

    def _read(self) -> None:
        data = os.read(self._stdin, READ_BYTES)
        if not data:
            self._selector.unregister(self._stdin)
            if not self._ignore_stop:
                self._running = False
            return
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            if not self._running:
                return
            self._on_line(line)

    def _write(self) -> None:
        while self._queue and self._write_some():
            pass
        want = bool(self._queue) and self._stdout >= 0
        if want != self._watched:
            self._watched = want
            if want:
                self._selector.register(self._stdout, selectors.EVENT_WRITE, self._write)
            else:
                self._selector.unregister(self._stdout)

    def _write_some(self) -> bool:
        """False when the pipe is full."""
        head = self._queue[0]
        if len(self._queue) > 1 and len(head) < READ_BYTES:
            # Few large writes instead of many small ones: a reader wakes once per batch.
            head = self._join()
        try:
            taken = os.write(self._stdout, head)
        except BlockingIOError:
            return False
        except OSError:
            # Nobody reads any more. The real program goes on serving stdin; so do we, without a mouth.
            self._queue.clear()
            self.backlog = 0
            return False
        self.backlog -= taken
        if taken == len(head):
            self._queue.popleft()
        else:
            self._queue[0] = head[taken:]
        return True

    def _join(self) -> memoryview:
        parts, size = [], 0
        while self._queue and size < READ_BYTES:
            parts.append(self._queue.popleft())
            size += len(parts[-1])
        joined = memoryview(b"".join(parts))
        self._queue.appendleft(joined)
        return joined

    def _wait_writable(self, wait_s: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._stdout, selectors.EVENT_WRITE)
            selector.select(max(wait_s, 0.0))

    def _on_sigterm(self, *_: object) -> None:
        if self._deaf or self._ignore_stop:
            return
        # A second SIGTERM during the way out must not raise again.
        self._deaf = True
        raise Stopped
