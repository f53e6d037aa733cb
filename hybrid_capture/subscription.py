"""What a host hears: its subscriptions, each with a queue of its own or a callback.

Whoever listens slowly misses events and is told how many; nobody holds the runtime up, or ends it.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

EVENTS_MAX = 1_000
"""Events waiting for one subscriber in the host. Over: the newest wins and the gap is counted."""

Event = dict[str, Any]


class Subscription:
    """Events from now on, in order. Iterate, or give a callback, and one for the end; leave it with `close` or as a
    context manager."""

    def __init__(
        self,
        all_: Subscriptions,
        live: bool,
        callback: Callable[[Event], None] | None,
        at_end: Callable[[], None] | None = None,
    ) -> None:
        self.live = live
        self._all = all_
        self._callback = callback
        self._at_end = at_end
        self._events: queue.Queue[Event | None] = queue.Queue(EVENTS_MAX)
        self._missed = 0

    def put(self, event: Event | None) -> None:
        """Called on the runtime's thread. A callback that raises ends its subscription, not the runtime."""
        if self._callback is not None:
            try:
                if event is not None:
                    self._callback(event)
                elif self._at_end is not None:
                    self._at_end()
            except Exception:  # noqa: BLE001  a host's fault is the host's; it hears of nothing more
                self.close()
            return
        while True:
            try:
                self._events.put_nowait(event)
                return
            except queue.Full:
                with contextlib.suppress(queue.Empty):
                    self._events.get_nowait()
                    self._missed += 1

    def next(self, timeout_s: float | None = None) -> Event | None:
        """The next event; None at the end, or when none comes within `timeout_s`."""
        if self._missed:
            missed, self._missed = self._missed, 0
            return {"event": "gap", "missed": missed}
        try:
            return self._events.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def __iter__(self) -> Iterator[Event]:
        while (event := self.next()) is not None:
            yield event

    def close(self) -> None:
        """No more events."""
        self._all.forget(self)

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Subscriptions:
    """Those of one runtime, for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: list[Subscription] = []

    def add(
        self, callback: Callable[[Event], None] | None, live: bool, at_end: Callable[[], None] | None = None
    ) -> Subscription:
        """One more, from now on."""
        subscription = Subscription(self, live, callback, at_end)
        with self._lock:
            self._open.append(subscription)
        return subscription

    def forget(self, subscription: Subscription) -> None:
        """End one; an ended one stays ended."""
        with self._lock:
            if subscription in self._open:
                self._open.remove(subscription)

    def publish(self, event: Event | None) -> None:
        """To each of them; None is the end."""
        with self._lock:
            listening = list(self._open)
        for subscription in listening:
            subscription.put(event)

    @property
    def listening(self) -> bool:
        """Whether anybody listens."""
        return bool(self._open)

    @property
    def live(self) -> bool:
        """Whether anybody wants live lines."""
        with self._lock:
            return any(each.live for each in self._open)
