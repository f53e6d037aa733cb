"""The order of a turn's items when two sources bring them: neither may depend on who came first.

Each source has an order of its own and leaves something out (upstream's history forgets declined commands, the stream
loses lines that are too long). A new item stands behind the one before it in its own source; where the other source
has items there too, the earlier start comes first. Runs inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from cachetools import LRUCache

from storage.connection import Database
from storage.pulls import PULL
from storage.sessions import ROW_IDS_MAX

_ITEMS = """SELECT i.id, i.item_id, i.ordinal, coalesce(i.started_at_ms, i.completed_at_ms, 0),
    EXISTS (SELECT 1 FROM item_sources s WHERE s.item_row = i.id AND s.source != ?)
    FROM items i WHERE i.turn_row = ? ORDER BY i.ordinal"""
_PULLED = """SELECT 1 FROM items i JOIN item_sources s ON s.item_row = i.id
    WHERE i.turn_row = ? AND s.source = ? LIMIT 1"""
_MOVE = "UPDATE items SET ordinal = ? WHERE id = ?"


class _Item(NamedTuple):
    row: int
    item_id: str
    ordinal: int
    at_ms: int
    streamed: bool

    def before(self, other: _Item) -> bool:
        return (self.at_ms, self.item_id) < (other.at_ms, other.item_id)


class Order:
    """Places new items of turns that were pulled. `forget()` after a rollback."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._mixed: LRUCache[int, bool] = LRUCache(ROW_IDS_MAX)
        """By turn row, whether anything of it came from the pull: only then is there an order to keep."""

    def forget(self) -> None:
        """What was remembered may not be in the file: read it again."""
        self._mixed.clear()

    def pulled(self, turn_row: int, item_ids: Sequence[str], new: set[str]) -> None:
        """Place those that are `new` among the items of a turn, whose order upstream's history gives as `item_ids`."""
        self._mixed[turn_row] = True
        items = self._read(turn_row)
        by_id = {item.item_id: item for item in items}
        standing = [item for item in items if item.item_id not in new]
        own = set(item_ids)
        for number, item_id in enumerate(item_ids):
            if item_id in new:
                before = item_ids[number - 1] if number else None
                behind = next((n + 1 for n, item in enumerate(standing) if item.item_id == before), 0)
                _insert(standing, by_id[item_id], behind, lambda item: item.item_id in own)
        self._write(standing)

    def streamed(self, turn_row: int, item_id: str) -> None:
        """Place the newest item of the stream behind the one before it."""
        mixed = self._mixed.get(turn_row)
        if mixed is None:
            mixed = self._database.run(_PULLED, (turn_row, PULL)).fetchone() is not None
            self._mixed[turn_row] = mixed
        if not mixed:
            return
        items = self._read(turn_row)
        standing = [item for item in items if item.item_id != item_id]
        behind = max((n + 1 for n, item in enumerate(standing) if item.streamed), default=0)
        _insert(standing, next(item for item in items if item.item_id == item_id), behind, lambda item: item.streamed)
        self._write(standing)

    def _read(self, turn_row: int) -> list[_Item]:
        return [_Item(*row) for row in self._database.run(_ITEMS, (PULL, turn_row)).fetchall()]

    def _write(self, items: list[_Item]) -> None:
        for ordinal, item in enumerate(items, 1):
            if item.ordinal != ordinal:
                self._database.run(_MOVE, (ordinal, item.row))


def _insert(standing: list[_Item], new: _Item, at: int, is_own: Callable[[_Item], bool]) -> None:
    while at < len(standing) and not is_own(standing[at]) and standing[at].before(new):
        at += 1
    standing.insert(at, new)
