"""Which source saw which content of an item, and what the item said before. Runs inside the caller's transaction.

Rows of a message are written together. Their ids are the order in which a source told a turn's items (`order.py`), so
nothing is written past what waits.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from storage.connection import Database
from storage.identity import Place

UNREAD = ""
"""Content hash of a sighting whose content was not looked at, since a source that comes before had told the item."""

_FORMER = "SELECT 1 FROM item_sources WHERE item_row = ? AND source = ? AND content_hash = ?"
_KEEP_FORMER = """UPDATE item_sources SET (kind, status, started_at_ms, completed_at_ms, text, body) =
    (SELECT kind, status, started_at_ms, completed_at_ms, text, body FROM items WHERE id = ?)
    WHERE item_row = ? AND source = ? AND content_hash = ?"""
_SIGHT = """INSERT INTO item_sources (item_row, source, content_hash, revision, run_id, generation, seen_at_ms, kind,
    status, started_at_ms, completed_at_ms, text, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (item_row, source, content_hash) DO NOTHING"""


class Stored(NamedTuple):
    """What an item says now, and who told it."""

    row: int
    source: str
    content_hash: str
    revision: int


Said = tuple[str | None, str | None, int | None, int | None, str, str]
"""Kind, status, start, end, text and body of an item."""


class Sightings:
    """Sightings of all items. `forget()` after a rollback, `settle()` when a message is through."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[tuple[Any, ...]] = []
        self._fresh: dict[int, tuple[int, Said]] = {}
        """By row of an item that has one sighting, which waits: its place there, and what the item says."""

    def forget(self) -> None:
        """What waits did not come to be."""
        self._waiting.clear()
        self._fresh.clear()

    def settle(self) -> None:
        """Write what waits."""
        self._database.run_many(_SIGHT, self._waiting)
        self.forget()

    def first(self, stored: Stored, said: Said, place: Place) -> None:
        """An item is there for the first time."""
        self._fresh[stored.row] = (len(self._waiting), said)
        self._waiting.append(_row(stored, stored.content_hash, place))

    def again(self, stored: Stored, content_hash: str, place: Place) -> bool:
        """A source tells an item; true when it had not told this content before."""
        self.settle()
        return self._database.run(_SIGHT, _row(stored, content_hash, place)).rowcount == 1

    def grow(self, before: Stored, now: Stored, place: Place) -> bool:
        """An item of this message says something else already: a call and its result. Nothing has to be read for it.

        False, and nothing done, when the item is not one of those.
        """
        found = self._fresh.pop(before.row, None)
        if found is None:
            return False
        at, said = found
        self._waiting[at] = (*self._waiting[at][:7], *said)
        self._waiting.append(_row(now, now.content_hash, place))
        return True

    def is_former(self, stored: Stored, content_hash: str) -> bool:
        """Whether the item said this before, in the words of the same source."""
        self.settle()
        return self._database.run(_FORMER, (stored.row, stored.source, content_hash)).fetchone() is not None

    def keep_former(self, stored: Stored) -> None:
        """What an item says goes to its revision, which had no need of a copy until now."""
        self.settle()
        self._database.run(_KEEP_FORMER, (stored.row, stored.row, stored.source, stored.content_hash))


def _row(stored: Stored, content_hash: str, place: Place) -> tuple[Any, ...]:
    """A sighting whose content stands in the item, or was not looked at."""
    revision = stored.revision if content_hash != UNREAD else 0
    at = (place.run_id, place.generation, place.at_ms)
    return (stored.row, place.source, content_hash, revision, *at, *(None,) * 6)
