"""What the sidecar's frames go through on their way to the stager: generation by generation, batch by batch.

One generation at a time is spoken of. The next is announced when the books of the one before are closed, so frames of
two processes never meet in the stager; what the new process says meanwhile waits, within its own window.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from actors.machines.decisions import decides
from actors.machines.effects import NOTHING, Effect, Effects, Send
from actors.machines.window import Outbox
from messages.stream import BatchSettled, DroppedLine, FrameBatch, GenerationClosed, GenerationOpened, ResendFrames

GENERATIONS_MAX = 16
"""Generations whose books are open at once. Over: the newest process is not read, so it cannot even greet, and the
crash-loop rule ends the series."""


@dataclass(slots=True)
class Courier:
    """The state of the machine. `bytes_max` bounds what is unsettled per generation."""

    bytes_max: int
    resend_ms: int
    waiting: deque[Outbox] = field(default_factory=deque)
    """Generations whose books are not closed, oldest first; the first is the one spoken of."""
    ended: dict[int, int] = field(default_factory=dict)
    """Generations whose process is gone and drained, with their last frame."""
    sent_ms: int = 0
    """When the oldest unsettled was last sent, or became the oldest (monotonic)."""
    progress: tuple[int, int] = (0, 0)
    """Generation and last settled frame, as the last tick saw them."""

    @property
    def full(self) -> bool:
        """No more may be read from the live process."""
        return bool(self.waiting) and (self.waiting[-1].full or len(self.waiting) > GENERATIONS_MAX)

    @property
    def next_seq(self) -> int:
        """The number that the live process's next frame gets."""
        return self.waiting[-1].next_seq if self.waiting else 1

    @property
    def settled_seq(self) -> int:
        """Through which frame of the live generation everything is accounted for; 0 while an older one is spoken of."""
        return self.waiting[0].settled_seq if len(self.waiting) == 1 else 0

    @property
    def oldest_at_ms(self) -> int | None:
        """When the oldest unsettled batch was read (monotonic, ms)."""
        return next((box.oldest_at_ms for box in self.waiting if box.oldest_at_ms is not None), None)

    @property
    def idle(self) -> bool:
        """Nothing is unsettled."""
        return not any(box.batches for box in self.waiting) and not self.ended

    @decides
    def opened(self, generation: int) -> Effects:
        """A new process lives."""
        self.waiting.append(Outbox(generation, self.bytes_max))
        return self._announce() if len(self.waiting) == 1 else NOTHING

    @decides
    def read(
        self, lines: bytes, count: int, dropped: Sequence[tuple[int, int, str]], at_ms: int, now_ms: int
    ) -> Effects:
        """Lines of the live process; `dropped` holds index, bytes and reason of those that could not be carried."""
        box = self.waiting[-1]
        batch = FrameBatch(
            generation=box.generation,
            first_seq=box.next_seq,
            count=count,
            dropped=tuple(
                DroppedLine(seq=box.next_seq + index, bytes_count=size, reason=reason)
                for index, size, reason in dropped
            ),
            at_ms=at_ms,
            lines=lines,
        )
        if not box.batches:
            self.sent_ms = now_ms
        box.add(batch, now_ms)
        if len(self.waiting) > 1:
            return NOTHING
        return (Send("stager", batch),)

    @decides
    def closed(self, generation: int) -> Effects:
        """The live process is gone and drained."""
        box = self.waiting[-1]
        assert box.generation == generation, "only the live generation ends"
        self.ended[generation] = box.next_seq - 1
        return self._close() if len(self.waiting) == 1 else NOTHING

    @decides
    def settled(self, heard: BatchSettled) -> Effects:
        """Forget what is durable; go on to the next generation when this one's books are closed."""
        box = self.waiting[0] if self.waiting else None
        if box is None or heard.generation != box.generation:
            return NOTHING
        box.settle(heard.through_seq)
        if not heard.closed or box.generation not in self.ended:
            return NOTHING
        del self.ended[box.generation]
        self.waiting.popleft()
        return self._announce()

    @decides
    def resend(self, heard: ResendFrames, now_ms: int) -> Effects:
        """The stager misses something."""
        box = self.waiting[0] if self.waiting else None
        if box is None or heard.generation != box.generation:
            return NOTHING
        return self._again(now_ms)

    @decides
    def stager_returned(self, now_ms: int) -> Effects:
        """A new stager knows nothing: introduce the generation and send what is unsettled."""
        return self._again(now_ms)

    @decides
    def tick(self, now_ms: int) -> Effects:
        """Send again what nobody settled for `resend_ms`.

        Tried: counting from the last batch sent. Then a process that says a little all the time hides what was lost.
        """
        box = self.waiting[0] if self.waiting else None
        if box is None or not (box.batches or box.generation in self.ended):
            return NOTHING
        progress = (box.generation, box.settled_seq)
        if progress != self.progress:
            self.progress, self.sent_ms = progress, now_ms
        if now_ms - self.sent_ms < self.resend_ms:
            return NOTHING
        return self._again(now_ms)

    def _again(self, now_ms: int) -> Effects:
        self.sent_ms = now_ms
        return self._announce()

    def _announce(self) -> Effects:
        if not self.waiting:
            return NOTHING
        box = self.waiting[0]
        effects: list[Effect] = [Send("stager", GenerationOpened(generation=box.generation))]
        effects += [Send("stager", batch) for batch in box.unsettled()]
        return (*effects, *self._close())

    def _close(self) -> Effects:
        box = self.waiting[0]
        if box.generation not in self.ended:
            return NOTHING
        last_seq = self.ended[box.generation]
        return (Send("stager", GenerationClosed(generation=box.generation, last_seq=last_seq)),)
