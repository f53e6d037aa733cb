"""Puts fragments together again, within a bound. Pure; the time is given.

One sender has at most one half message: fragments of a message follow each other, and the next message begins only when
the one before is done or given up. So the place of a fragment is checked, never guessed, and nothing is sorted.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from actors.transport.seal import Frame, Reason, Reject

REASSEMBLY_BYTES_MAX: Final = 96 * 1024 * 1024
"""Bytes of half messages held per process: room for one message of the largest size and for others beside it."""
REASSEMBLY_SILENCE_NS_MAX: Final = 300 * 1_000_000_000
"""A half message whose sender is silent this long is given up; no send lives longer."""
PARTIALS_MAX: Final = 256
"""Half messages held at once."""


@dataclass(slots=True)
class _Partial:
    message: int
    total: int
    touched_ns: int
    received: int = 0
    pieces: list[bytes] = field(default_factory=list)


class Reassembly:
    """Half messages by sender epoch, the longest silent first.

    `drop(reason)` is told of each half message given up. At a bound (`bytes_max`, PARTIALS_MAX) the longest silent half
    message of another sender goes.
    """

    def __init__(self, drop: Callable[[Reason], None], bytes_max: int = REASSEMBLY_BYTES_MAX) -> None:
        self._drop = drop
        self._bytes_max = bytes_max
        self._partials: OrderedDict[bytes, _Partial] = OrderedDict()
        self.held_bytes = 0
        """Bytes of half messages held now."""

    def add(self, frame: Frame, now_ns: int) -> bytes | Reject | None:
        """The whole message when `frame` completes it, None while pieces are missing, or why it cannot belong."""
        size = len(frame.data)
        if frame.offset == 0:
            if frame.epoch in self._partials:
                self._give_up(frame.epoch, Reason.ABANDONED)
            if size == frame.total:
                return bytes(frame.data)
            partial = self._partials[frame.epoch] = _Partial(frame.message, frame.total, now_ns)
        else:
            known = self._partials.get(frame.epoch)
            expected = known and (known.message, known.total, known.received)
            if known is None or expected != (frame.message, frame.total, frame.offset):
                if known is not None:
                    self._give_up(frame.epoch, Reason.ABANDONED)
                return Reject(Reason.GAP)
            partial = known
        partial.pieces.append(bytes(frame.data))
        partial.received += size
        partial.touched_ns = now_ns
        self.held_bytes += size
        self._partials.move_to_end(frame.epoch)
        if partial.received == partial.total:
            del self._partials[frame.epoch]
            self.held_bytes -= partial.received
            return b"".join(partial.pieces)
        self._make_room(frame.epoch)
        return None

    def expire(self, now_ns: int) -> None:
        """Give up half messages whose sender has been silent too long."""
        while self._partials:
            epoch, partial = next(iter(self._partials.items()))
            if now_ns - partial.touched_ns < REASSEMBLY_SILENCE_NS_MAX:
                return
            self._give_up(epoch, Reason.ABANDONED)

    def _make_room(self, newest: bytes) -> None:
        while self.held_bytes > self._bytes_max or len(self._partials) > PARTIALS_MAX:
            oldest = next(iter(self._partials))
            self._give_up(oldest, Reason.REASSEMBLY_FULL)
            if oldest == newest:
                return

    def _give_up(self, epoch: bytes, reason: Reason) -> None:
        self.held_bytes -= self._partials.pop(epoch).received
        self._drop(reason)
