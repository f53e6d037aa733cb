"""One place where a verb waits for everything: events of the runtime, its end, and signals of the terminal.

Signal handlers belong to the command line alone; the library takes none.
"""

from __future__ import annotations

import contextlib
import queue
import signal
from collections.abc import Iterator
from typing import Any

Event = dict[str, Any]
EVENTS_MAX = 10_000
"""Events that wait while standard output is stuck. Over: the newest are left out and counted."""
SIGNAL: Event = {"event": "signal"}
GONE: Event = {"event": "gone"}
"""The connection to the runtime ended."""


class Inbox:
    """Filled from any thread and from signal handlers, read by one loop."""

    def __init__(self) -> None:
        # SimpleQueue and not Queue: its put may interrupt its own get, as a signal handler does.
        self._waiting: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.missed = 0

    def put(self, event: Event) -> None:
        if self._waiting.qsize() < EVENTS_MAX or event in (SIGNAL, GONE) or event["event"] == "typed":
            self._waiting.put(event)
        else:
            self.missed += 1

    def heard_link(self, message: Event) -> None:
        """For a renderer client's `on_link`."""
        if message.get("op") == "gone":
            self.put(GONE)

    def next(self, timeout_s: float | None = None) -> Event | None:
        """The next event; None when none comes in time."""
        try:
            return self._waiting.get(timeout=None if timeout_s is None else max(timeout_s, 0.0))
        except queue.Empty:
            return None


@contextlib.contextmanager
def signals_to(inbox: Inbox, *names: str) -> Iterator[None]:
    """These signals (`SIGINT`; those the OS does not have are left out) arrive in the inbox; undone at the end."""
    before: dict[int, Any] = {}
    for name in names:
        number = getattr(signal, name, None)
        if number is not None:
            before[number] = signal.signal(number, lambda *_: inbox.put(SIGNAL))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
