"""Batches on their way: what the sender keeps until it is settled, and what the receiver does with their order.

Order is ours to keep. Stock Thespian was measured to let later messages overtake earlier ones, and every transport
loses what was queued at a process that is killed (facts: thespian.md 12, thespian-datagram.md 5).
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from messages.stream import FrameBatch

BATCHES_MAX = 64
"""Small batches that may be unsettled at once, whatever their size."""


@dataclass(slots=True)
class Outbox:
    """The sender's side: numbered batches without a settlement yet, oldest first.

    Full at `bytes_max` unsettled bytes or `BATCHES_MAX` batches; one larger batch travels alone. At the bound the
    caller stops reading its pipe, and upstream waits.
    """

    generation: int
    bytes_max: int
    next_seq: int = 1
    settled_seq: int = 0
    bytes_count: int = 0
    batches: OrderedDict[int, FrameBatch] = field(default_factory=OrderedDict)
    read_ms: dict[int, int] = field(default_factory=dict)
    """When each was read (monotonic): their age must not move with the wall clock."""

    @property
    def full(self) -> bool:
        """Whether the pipe must not be read: too many batches, or too many bytes, are unsettled."""
        return len(self.batches) >= BATCHES_MAX or self.bytes_count >= self.bytes_max

    @property
    def oldest_at_ms(self) -> int | None:
        """When the oldest unsettled batch was read (monotonic, ms); None when all is settled."""
        return self.read_ms[next(iter(self.batches))] if self.batches else None

    def add(self, batch: FrameBatch, now_ms: int) -> None:
        """Keep a batch until it is settled. Errors: AssertionError when it does not continue the last one."""
        assert (batch.generation, batch.first_seq) == (self.generation, self.next_seq), "batches are consecutive"
        self.batches[batch.first_seq] = batch
        self.read_ms[batch.first_seq] = now_ms
        self.bytes_count += len(batch.lines)
        self.next_seq += batch.count

    def settle(self, through_seq: int) -> bool:
        """Forget what is settled; false when this was known."""
        if through_seq <= self.settled_seq:
            return False
        self.settled_seq = through_seq
        while self.batches:
            first_seq, batch = next(iter(self.batches.items()))
            if first_seq + batch.count - 1 > through_seq:
                break
            del self.batches[first_seq], self.read_ms[first_seq]
            self.bytes_count -= len(batch.lines)
        return True

    def unsettled(self) -> tuple[FrameBatch, ...]:
        """What a new receiver has to get, in order."""
        return tuple(self.batches.values())


@dataclass(slots=True)
class Inbox:
    """The receiver's side: hands batches on in order, drops repeats, holds early ones, knows its gaps.

    Holds at most `BATCHES_MAX` early batches, which is all that a sender may have on its way; one more is not held,
    and comes again with the resend.
    """

    generation: int
    next_seq: int = 1
    early: dict[int, FrameBatch] = field(default_factory=dict)

    def take(self, batch: FrameBatch) -> tuple[FrameBatch, ...]:
        """What can be handled now, in order; empty for a repeat or an early batch."""
        if batch.first_seq + batch.count <= self.next_seq:
            return ()
        if batch.first_seq != self.next_seq:
            if len(self.early) < BATCHES_MAX:
                self.early[batch.first_seq] = batch
            return ()
        ready = [batch]
        self.next_seq += batch.count
        while self.next_seq in self.early:
            following = self.early.pop(self.next_seq)
            self.next_seq += following.count
            ready.append(following)
        for first_seq in [seq for seq in self.early if seq < self.next_seq]:
            del self.early[first_seq]
        return tuple(ready)

    @property
    def gap(self) -> bool:
        """Something early is here and something before it is not."""
        return bool(self.early)
