"""The canonical rows of items: new, the same again, changed, or not storable. Runs inside the caller's transaction.

The unique key decides. The cache in front of it only spares a look at rows that were stored a moment ago.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from cachetools import TTLCache

from messages.records import FinalItem
from storage.audit import Decision
from storage.cleaning import ERROR_TEXT, Cleaner
from storage.connection import Database
from storage.identity import ItemKey, Malformed, Place, canonical, content_hash, good_id, parsed, whole
from storage.order import Order
from storage.pulls import PULL
from storage.texts import item_text
from storage.turns import Turns

_ADD = """INSERT INTO items
    (turn_row, item_id, ordinal, kind, status, started_at_ms, completed_at_ms, revision, content_hash, text, body)
    VALUES (?, ?, (SELECT item_count + 1 FROM turns WHERE id = ?), ?, ?, ?, ?, 1, ?, ?, ?)
    ON CONFLICT (turn_row, item_id) DO NOTHING"""
_COUNT = "UPDATE turns SET item_count = item_count + 1 WHERE id = ?"
_FIND = "SELECT id, content_hash, revision FROM items WHERE turn_row = ? AND item_id = ?"
_FORMER = "SELECT 1 FROM item_sources WHERE item_row = ? AND content_hash = ? LIMIT 1"
_STREAMED = "SELECT 1 FROM item_sources WHERE item_row = ? AND source != ? LIMIT 1"
_REPLACE = """UPDATE items SET kind = ?, status = ?, started_at_ms = coalesce(?, started_at_ms),
    completed_at_ms = coalesce(?, completed_at_ms), revision = revision + 1, content_hash = ?, text = ?, body = ?
    WHERE id = ?"""
_SOURCE = """INSERT INTO item_sources (item_row, content_hash, run_id, source, generation, seen_at_ms)
    VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (item_row, content_hash, run_id, source, generation) DO NOTHING"""


class Stored(NamedTuple):
    """What the cache remembers of an item."""

    row: int
    content_hash: str
    revision: int


class Kept(NamedTuple):
    """What became of an item."""

    decision: Decision
    disposition: str
    """The same in the ledger's words."""
    reason: str
    revision: int | None
    turn_row: int | None
    """Set when a new row joined this turn."""
    redaction_failed: bool = False


class _Content(NamedTuple):
    content_hash: str
    text: str
    body: str
    failed: bool


class Items:
    """Items of one tool. `forget()` after a rollback."""

    def __init__(
        self,
        database: Database,
        cleaner: Cleaner,
        turns: Turns,
        tool: str,
        keys_max: int,
        ttl_s: float,
        timer: Callable[[], float],
    ) -> None:
        self._database = database
        self._cleaner = cleaner
        self._turns = turns
        self._order = Order(database)
        self._tool = tool
        self._seen: TTLCache[ItemKey, Stored, float] = TTLCache(keys_max, ttl_s, timer)

    def forget(self) -> None:
        """What was remembered may not be in the file: read it again."""
        self._seen.clear()
        self._order.forget()

    def keep(self, item: FinalItem, place: Place) -> Kept:
        """Store one completed item, redacted. A bad item is a decision, never an exception."""
        try:
            if not good_id(item.item_id):
                raise Malformed("item id is empty or too long")
            standing = self._standing(item, place) if place.source == PULL else None
            if standing is not None:
                return standing
            content = self._content(item)
            return self._place(item, content, place)
        except Malformed as error:
            return Kept("dropped", "dropped:malformed", str(error), None, None)

    def arrange(self, items: Sequence[FinalItem], new: Collection[tuple[str, str, str]], place: Place) -> None:
        """Give pulled items their places: `items` in upstream's order, of which `new` (session, turn, item) joined."""
        turns: dict[tuple[str, str], list[str]] = {}
        for item in items:
            turns.setdefault((item.session_id, item.turn_id), []).append(item.item_id)
        for (session_id, turn_id), item_ids in turns.items():
            joined = {item_id for item_id in item_ids if (session_id, turn_id, item_id) in new}
            if joined:
                turn_row, _ = self._turns.row(session_id, turn_id, place)
                self._order.pulled(turn_row, [each for each in item_ids if good_id(each)], joined)

    def _standing(self, item: FinalItem, place: Place) -> Kept | None:
        """What the live stream or a file said of an item stands, whatever the pull says: it is not even redacted."""
        turn_row, _ = self._turns.row(item.session_id, item.turn_id, place)
        found = self._database.run(_FIND, (turn_row, item.item_id)).fetchone()
        if found is None or self._database.run(_STREAMED, (found[0], PULL)).fetchone() is None:
            return None
        return Kept("duplicate", "duplicate", "stored from a source that comes before the pull", found[2], None)

    def _content(self, item: FinalItem) -> _Content:
        clean, failed = self._cleaner.body(parsed(item.body))
        data = canonical(ERROR_TEXT if clean is None else clean)
        text = ERROR_TEXT if clean is None else item_text(item.kind, clean)
        return _Content(content_hash(item.kind, item.status, data), text, data.decode(), failed)

    def _place(self, item: FinalItem, content: _Content, place: Place) -> Kept:
        key = ItemKey(self._tool, item.session_id, item.turn_id, item.item_id)
        stored = self._seen.get(key)
        if stored is None or stored.content_hash != content.content_hash:
            turn_row, _ = self._turns.row(item.session_id, item.turn_id, place)
            new = self._add(turn_row, item, content)
            if new is not None:
                self._remember(key, new, content, place)
                if place.source != PULL:
                    self._order.streamed(turn_row, item.item_id)
                return Kept("accepted", "stored", "new", 1, turn_row, content.failed)
            stored = Stored(*self._database.run(_FIND, (turn_row, item.item_id)).fetchone())
        return self._again(key, stored, item, content, place)

    def _add(self, turn_row: int, item: FinalItem, content: _Content) -> Stored | None:
        row = self._database.add(
            _ADD,
            (
                turn_row,
                item.item_id,
                turn_row,
                self._word(item.kind),
                self._word(item.status),
                whole(item.started_at_ms),
                whole(item.completed_at_ms),
                content.content_hash,
                content.text,
                content.body,
            ),
        )
        if row is None:
            return None
        self._database.run(_COUNT, (turn_row,))
        return Stored(row, content.content_hash, 1)

    def _again(self, key: ItemKey, stored: Stored, item: FinalItem, content: _Content, place: Place) -> Kept:
        """The item has a row already."""
        if content.content_hash == stored.content_hash:
            self._remember(key, stored, content, place)
            return Kept("duplicate", "duplicate", "same content", stored.revision, None, content.failed)
        if self._database.run(_FORMER, (stored.row, content.content_hash)).fetchone() is not None:
            # A replay brings the revisions again in their order; taking an old one back would never come to rest.
            self._remember(key, stored, content, place)
            return Kept("duplicate", "duplicate", "content of an older revision", stored.revision, None, content.failed)
        if content.failed:
            reason = "redaction failed; the stored revision stays"
            return Kept("dropped", "dropped:redaction_failed", reason, stored.revision, None, True)
        self._database.run(
            _REPLACE,
            (
                self._word(item.kind),
                self._word(item.status),
                whole(item.started_at_ms),
                whole(item.completed_at_ms),
                content.content_hash,
                content.text,
                content.body,
                stored.row,
            ),
        )
        revision = stored.revision + 1
        self._remember(key, Stored(stored.row, content.content_hash, revision), content, place)
        return Kept("replaced", "replaced", "content changed", revision, None)

    def _word(self, word: str | None) -> str | None:
        return None if word is None else self._cleaner.word(word)

    def _remember(self, key: ItemKey, stored: Stored, content: _Content, place: Place) -> None:
        self._seen[key] = stored
        self._database.run(
            _SOURCE,
            (stored.row, content.content_hash, place.run_id, place.source, place.generation, place.at_ms),
        )
