"""An ingest that keeps the store's contract for the stager, without a file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from messages.base import Message
from messages.records import CheckpointKept, CheckpointRefused, KeepCheckpoint, StageOpened, StageReset


@dataclass(slots=True)
class Books:
    """What the store knows of one generation."""

    through: int = 0
    received: int = 0
    closed: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    staged: dict[tuple[str, str, str], int] = field(default_factory=dict)

    @property
    def difference(self) -> int:
        return self.received - sum(self.counts.values()) - sum(self.staged.values())


@dataclass(slots=True)
class FakeStore:
    """The contract of `storage/stage.py` and `storage/ledger.py`, without a file."""

    valid: int = 0
    books: dict[int, Books] = field(default_factory=dict)
    bodies: Counter[str] = field(default_factory=Counter)
    audit: Counter[str] = field(default_factory=Counter)
    failing: bool = False

    def hear(self, message: Message) -> Message | None:
        if isinstance(message, StageOpened):
            return None if self.failing else self._open(message)
        assert isinstance(message, KeepCheckpoint)
        if self.failing:
            return self._refuse(message, message.first_seq - 1, "store_failed")
        return self._keep(message)

    def _open(self, message: StageOpened) -> StageReset:
        if message.stager > self.valid:
            self.valid = message.stager
            for book in self.books.values():
                book.counts["dropped:stager_lost"] += sum(book.staged.values())
                self.audit["stager_lost"] += len(book.staged)
                book.staged.clear()
        if message.stager == self.valid:
            self.books.setdefault(message.generation, Books())
        book = self.books.get(message.generation, Books())
        return StageReset(generation=message.generation, stager=self.valid, through_seq=book.through)

    def _keep(self, message: KeepCheckpoint) -> Message:
        book = self.books.get(message.generation)
        frames = message.last_seq - message.first_seq + 1
        assert frames > 0 or message.closed, "only a closing checkpoint covers nothing"
        if book is None or message.stager > self.valid:
            return self._refuse(message, book.through if book else 0, "not_opened")
        if message.stager < self.valid:
            return self._refuse(message, book.through, "old_stager")
        if message.first_seq == book.through + 1 and (frames > 0 or not book.closed):
            self._apply(book, message, frames)
        elif message.last_seq > book.through or message.first_seq > message.last_seq + 1:
            return self._refuse(message, book.through, "gap")
        return CheckpointKept(
            generation=message.generation, through_seq=book.through, stager=message.stager, closed=message.closed
        )

    def _apply(self, book: Books, message: KeepCheckpoint, frames: int) -> None:
        book.through, book.received = message.last_seq, book.received + frames
        book.closed = book.closed or message.closed
        book.counts.update(message.counts)
        book.counts["stored"] += sum(each.frames for each in (*message.sessions, *message.turns, *message.items))
        book.counts["merged"] += sum(each.merged_frames for each in message.items)
        self.bodies.update(each.body for each in message.items)
        for loss in message.losses:
            book.counts[f"dropped:{loss.reason}"] += loss.frames
        self.audit.update(note.kind for note in message.audit)
        self.audit["stage_loss"] += len(message.losses)
        book.staged = {(each.session_id, each.turn_id, each.item_id): each.frames for each in message.staged}
        assert not (message.closed and message.staged), "nothing is open in closed books"
        assert book.difference == 0, f"{book.difference} frames differ after {message.first_seq}..{message.last_seq}"

    def _refuse(self, message: KeepCheckpoint, through: int, code: Any) -> CheckpointRefused:
        return CheckpointRefused(
            generation=message.generation, stager=message.stager, through_seq=through, code=code, text=""
        )
