"""Messages that wait for receivers that cannot take them now, in order per receiver and within a bound."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from actors.transport.seal import DATA_BYTES_MAX, MESSAGE_BYTES_MAX

QUEUED_BYTES_MAX: Final = 96 * 1024 * 1024
"""Bytes that may wait in one transport object. At the bound a send fails and is counted, it never blocks."""
TARGET_BYTES_MAX: Final = MESSAGE_BYTES_MAX + 64 * 1024
"""Bytes that may wait for one receiver: less than the whole, so one that stands still leaves room for others."""
ITEM_BYTES: Final = 1024
"""Charged for each waiting message beside its data, so the bound is also one of count. The unpickled message, kept for
a dead letter, is not charged: the memory held can be twice the bytes."""


@dataclass(slots=True, eq=False)
class Outgoing:
    """One message on its way: how far it got, and the fragment the kernel would not take yet."""

    intent: Any
    data: bytes
    number: int
    sent: int = 0
    """Bytes of `data` handed to the kernel."""
    prefix: bytes | None = None
    """MAC and header of the fragment that begins at `sent`, once sealed."""

    @property
    def cost(self) -> int:
        """Bytes charged against the bounds."""
        return len(self.data) + ITEM_BYTES

    def piece(self) -> memoryview:
        """The fragment that begins at `sent`."""
        return memoryview(self.data)[self.sent : self.sent + DATA_BYTES_MAX]

    def advance(self, size: int) -> bool:
        """The fragment went out; whether it was the last."""
        self.sent += size
        self.prefix = None
        return self.sent >= len(self.data)

    def restart(self) -> None:
        """Send it all again, under its old number."""
        self.sent = 0
        self.prefix = None


class Outbox:
    """Waiting messages by receiver. Not thread-safe: the caller holds its lock."""

    def __init__(self, bytes_max: int = QUEUED_BYTES_MAX, target_bytes_max: int = TARGET_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._target_bytes_max = target_bytes_max
        self._queues: dict[bytes, deque[Outgoing]] = {}
        self._target_bytes: dict[bytes, int] = {}
        self.held_bytes = 0
        """Bytes charged now."""

    def __bool__(self) -> bool:
        return bool(self._queues)

    def add(self, token: bytes, item: Outgoing) -> bool:
        """Queue `item` for `token`; False when a bound stands against it."""
        cost = item.cost
        target = self._target_bytes.get(token, 0) + cost
        if self.held_bytes + cost > self._bytes_max or target > self._target_bytes_max:
            return False
        self._queues.setdefault(token, deque()).append(item)
        self._target_bytes[token] = target
        self.held_bytes += cost
        return True

    def head(self, token: bytes) -> Outgoing | None:
        """The message `token` gets next."""
        queue = self._queues.get(token)
        return queue[0] if queue else None

    def pop(self, token: bytes) -> Outgoing:
        """Take the head out."""
        queue = self._queues[token]
        item = queue.popleft()
        self._target_bytes[token] -= item.cost
        self.held_bytes -= item.cost
        if not queue:
            del self._queues[token], self._target_bytes[token]
        return item

    def drop(self, token: bytes) -> list[Outgoing]:
        """Take out everything that waits for `token`."""
        queue = self._queues.pop(token, deque())
        self.held_bytes -= self._target_bytes.pop(token, 0)
        return list(queue)

    def targets(self) -> list[bytes]:
        """Receivers for whom something waits."""
        return list(self._queues)

    def __iter__(self) -> Iterator[Outgoing]:
        for queue in self._queues.values():
            yield from queue
