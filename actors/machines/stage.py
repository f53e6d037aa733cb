"""The items that are open now, in memory only, bounded by count and bytes, oldest first.

Losing them with their process is acceptable; losing them silently is not. So every way out of here has a name: merged
into the completed item, or a `StageLoss` with a reason. DESIGN decision 4.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from messages.records import StagedItem, StageLoss

Key = tuple[str, str, str]
"""Thread, turn, item: upstream's item ids are the provider's and repeat across turns (codex 0.169)."""

FINISHED_MAX = 4096
"""Completed items remembered, so that a late delta is known as late."""


class Live(Protocol):
    """Turns deltas into redacted whole lines; holds back what is open."""

    def feed(self, delta: str) -> str:
        """Lines that are complete and redacted now; empty when there are none."""

    def finish(self) -> str:
        """What was held back, redacted."""


@dataclass(slots=True)
class OpenItem:
    """One item between `item/started` and `item/completed`."""

    kind: str
    frames: int = 0
    bytes_count: int = 0
    text: list[str] = field(default_factory=list)
    """Its text so far, one piece per batch."""
    fresh: list[str] = field(default_factory=list)
    """Deltas of the batch that is being read."""
    live: Live | None = None


@dataclass(slots=True)
class Stage:
    """All open items of one generation."""

    items_max: int
    bytes_max: int
    live_lines: Callable[[str], Live]
    """For an item of this session."""
    watched: bool = False
    """Whether somebody watches: only items opened while somebody does are shown, since a secret may be half over."""
    items: OrderedDict[Key, OpenItem] = field(default_factory=OrderedDict)
    touched: dict[Key, OpenItem] = field(default_factory=dict)
    finished: OrderedDict[Key, None] = field(default_factory=OrderedDict)
    bytes_count: int = 0

    def open(self, key: Key, kind: str) -> tuple[OpenItem, StageLoss | None]:
        """Open an item, and name what an earlier attempt at it loses: upstream starts an item again when it retries
        the provider, and sends its deltas anew (codex 0.169, `error` with `willRetry`)."""
        loss = self.lose(key, "superseded")
        self.finished.pop(key, None)
        item = OpenItem(kind, live=self.live_lines(key[0]) if self.watched else None)
        self.items[key] = item
        return item, loss

    def close(self, key: Key) -> OpenItem | None:
        """The item completed: hand it out and remember that it is over."""
        self.finished[key] = None
        if len(self.finished) > FINISHED_MAX:
            self.finished.popitem(last=False)
        self.touched.pop(key, None)
        item = self.items.pop(key, None)
        if item is not None:
            self.bytes_count -= item.bytes_count
        return item

    def lose(self, key: Key, reason: str) -> StageLoss | None:
        """Give an open item up; None when it is not open."""
        item = self.items.pop(key, None)
        self.touched.pop(key, None)
        if item is None:
            return None
        fresh = len("".join(item.fresh).encode(errors="replace"))
        self.bytes_count -= item.bytes_count
        return StageLoss(
            session_id=key[0],
            turn_id=key[1],
            item_id=key[2],
            kind=item.kind,
            frames=item.frames,
            bytes_count=item.bytes_count + fresh,
            reason=reason,
        )

    def lose_where(self, wanted: Callable[[Key], bool], reason: str) -> list[StageLoss]:
        """Give up every open item that fits, oldest first."""
        losses = (self.lose(key, reason) for key in [key for key in self.items if wanted(key)])
        return [loss for loss in losses if loss is not None]

    def settle_batch(self) -> Iterator[tuple[Key, OpenItem, str]]:
        """Count the deltas of this batch; yields the redacted lines that are complete now."""
        for key, item in self.touched.items():
            piece = "".join(item.fresh)
            item.fresh.clear()
            if not piece:
                continue
            size = len(piece.encode(errors="replace"))
            item.text.append(piece)
            item.bytes_count += size
            self.bytes_count += size
            if item.live is not None:
                shown = item.live.feed(piece)
                if shown:
                    yield key, item, shown
        self.touched.clear()

    def evict(self) -> list[StageLoss]:
        """Over a bound the oldest items go, with a name."""
        losses: list[StageLoss] = []
        while len(self.items) > self.items_max or (self.bytes_count > self.bytes_max and self.items):
            loss = self.lose(next(iter(self.items)), "stage_full")
            if loss is not None:
                losses.append(loss)
        return losses

    def staged(self) -> tuple[StagedItem, ...]:
        """What is open, for the store to name should the stager die."""
        return tuple(
            StagedItem(
                session_id=key[0],
                turn_id=key[1],
                item_id=key[2],
                kind=item.kind,
                frames=item.frames,
                bytes_count=item.bytes_count,
            )
            for key, item in self.items.items()
        )
