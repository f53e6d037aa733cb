"""The canonical rows of items: new, the same again, changed, or not storable. Runs inside the caller's transaction.

What the source that comes first says is the item (`precedence.py`); what it said before is kept as a revision. The
unique key decides. The cache in front of it only spares a look at rows that were stored a moment ago.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from messages.records import FinalItem
from storage.audit import Decision
from storage.cleaning import Cleaner
from storage.connection import Database
from storage.content import Content, Shown
from storage.identity import Malformed, Place, good_id, whole
from storage.order import Order
from storage.precedence import comes_before, rank
from storage.preparing import Key, Prepared, key_of, prepared
from storage.remembered import Recent, Remembered
from storage.search_index import SearchIndex
from storage.sessions import ROW_IDS_MAX
from storage.sightings import UNREAD, Said, Sightings, Stored
from storage.spreading import Spread
from storage.turns import Turns

_ADD = """INSERT INTO items (turn_row, item_id, ordinal, kind, status, started_at_ms, completed_at_ms, revision,
    content_hash, text, body, source, agent_id)
    VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?)
    ON CONFLICT (turn_row, item_id) DO NOTHING"""
_READ_COUNT = "SELECT item_count FROM turns WHERE id = ?"
_SESSION = "SELECT session_row FROM turns WHERE id = ?"
_COUNT = "UPDATE turns SET item_count = ? WHERE id = ?"
_TEXT = "SELECT text FROM items WHERE id = ?"
_FIND = "SELECT id, source, content_hash, revision FROM items WHERE turn_row = ? AND item_id = ?"
_REVISE = """UPDATE items SET kind = ?, status = ?, started_at_ms = coalesce(?, started_at_ms),
    completed_at_ms = coalesce(?, completed_at_ms), revision = ?, content_hash = ?, text = ?, body = ?, agent_id = ?
    WHERE id = ?"""
_TAKE_OVER = """UPDATE items SET kind = ?, status = ?, started_at_ms = ?, completed_at_ms = ?, revision = ?,
    content_hash = ?, text = ?, body = ?, agent_id = ?, source = ? WHERE id = ?"""


class KeptItem(NamedTuple):
    """What became of an item."""

    decision: Decision
    disposition: str
    """The same in the ledger's words."""
    reason: str
    revision: int | None
    turn_row: int | None
    """The turn whose items are others now: a new one, or new words."""
    item_row: int | None = None
    """Set with it: the item."""
    redaction_failed: bool = False
    shows: tuple[Shown, ...] = ()
    """Set with it: what the item says about files and commits."""


class Items:
    """Items of all turns. `forget()` after a rollback, `settle()` when a message is through."""

    def __init__(
        self,
        database: Database,
        cleaner: Cleaner,
        turns: Turns,
        keys_max: int,
        ttl_s: float,
        timer: Callable[[], float],
    ) -> None:
        self._database = database
        self._cleaner = cleaner
        self._turns = turns
        self.prepared: dict[Key, Prepared] = {}
        """Items of the message in hand that were redacted elsewhere."""
        self._order = Order(database)
        self._index = SearchIndex(database)
        self._counts: Remembered[int, int] = Remembered(ROW_IDS_MAX)
        """By turn row, how many items it has."""
        self._grown: set[int] = set()
        self._sightings = Sightings(database)
        self.spread = Spread(database, self._index)
        self._seen: Recent[tuple[int, str], Stored] = Recent(keys_max, ttl_s, timer)

    def forget(self) -> None:
        """What was remembered may not be in the file: read it again."""
        self._seen.clear()
        self._counts.clear()
        self._grown.clear()
        self._sightings.forget()
        self._order.forget()
        self._index.forget()
        self.spread.forget()

    def settle(self) -> set[int]:
        """Put the items of turns that several sources tell in their order, and what is new into the search index; gives
        the turns whose order was looked at."""
        self._sightings.settle()
        self._database.run_many(_COUNT, [(self._counts[row], row) for row in sorted(self._grown)])
        self._grown.clear()
        self._counts.trim()
        self.spread.settle()
        self._index.settle()
        return self._order.settle()

    def keep(self, item: FinalItem, place: Place) -> KeptItem:
        """Store one completed item, redacted. A bad item is a decision, never an exception."""
        try:
            if not good_id(item.item_id):
                raise Malformed("item id is empty or too long")
            return self._place(item, place)
        except Malformed as error:
            return KeptItem("dropped", "dropped:malformed", str(error), None, None)

    def _place(self, item: FinalItem, place: Place) -> KeptItem:
        turn_row, _ = self._turns.row(item.session_id, item.turn_id, place)
        key = (turn_row, item.item_id)
        stored = self._seen.get(key)
        if stored is None and not self._order.is_alone(turn_row, place.source):
            stored = self._find(key)
        if stored is not None and rank(place.source) < rank(stored.source):
            return self._stands(key, stored, place)
        content = self._content(item, turn_row)
        if stored is None or (stored.source, stored.content_hash) != (place.source, content.content_hash):
            new = self._add(turn_row, item, content, place) if stored is None else None
            if new is not None:
                self._seen.put(key, new)
                self._sightings.first(new, _said(self._row(item, content, 1)), place)
                self._order.sighted(turn_row, place.source, content.agent_id, True)
                return KeptItem("accepted", "stored", "new", 1, turn_row, new.row, content.failed, content.shows)
            stored = self._find(key)
            assert stored is not None, "an item that could not be added is there"
        if rank(place.source) < rank(stored.source):
            return self._stands(key, stored, place)
        if place.source != stored.source and rank(place.source) > rank(stored.source):
            return self._take_over(key, stored, item, content, place)
        return self._again(key, stored, item, content, place)

    def _find(self, key: tuple[int, str]) -> Stored | None:
        row = self._database.run(_FIND, key).fetchone()
        return None if row is None else Stored(*row)

    def _content(self, item: FinalItem, turn_row: int) -> Content:
        """What is stored of an item. The hash is that of the item alone, whatever its session gave away."""
        ready = self.prepared.pop(key_of(item), None) if self.prepared else None
        if ready is None:
            ready = prepared(item, self._cleaner)
        else:
            self._cleaner.failures += ready.content.failed
        content, found = ready
        if found:
            (session_row,) = self._database.run(_SESSION, (turn_row,)).fetchone()
            self.spread.learn(item.session_id, session_row, found)
        text, body = self.spread.hide_item(item.session_id, item.kind, content.text, content.body)
        return content if body is content.body else content._replace(text=text, body=body)

    def _add(self, turn_row: int, item: FinalItem, content: Content, place: Place) -> Stored | None:
        count = self._counts.get(turn_row)
        if count is None:
            count = self._counts[turn_row] = self._database.run(_READ_COUNT, (turn_row,)).fetchone()[0]
        row = self._database.add(
            _ADD,
            (
                turn_row,
                item.item_id,
                count + 1,
                self._word(item.kind),
                self._word(item.status),
                whole(item.started_at_ms),
                whole(item.completed_at_ms),
                content.content_hash,
                content.text,
                content.body,
                place.source,
                content.agent_id,
            ),
        )
        if row is None:
            return None
        self._counts[turn_row] = count + 1
        self._grown.add(turn_row)
        self._index.add(row, content.text)
        return Stored(row, place.source, content.content_hash, 1)

    def _stands(self, key: tuple[int, str], stored: Stored, place: Place) -> KeptItem:
        """What a source that comes before said stands: the content of this one is not even redacted."""
        self._sight(key, stored, UNREAD, place)
        return KeptItem("duplicate", "duplicate", comes_before(stored.source, place.source), stored.revision, None)

    def _again(self, key: tuple[int, str], stored: Stored, item: FinalItem, content: Content, place: Place) -> KeptItem:
        """The source that told the item tells it again."""
        if content.content_hash == stored.content_hash:
            self._sight(key, stored, stored.content_hash, place)
            return KeptItem("duplicate", "duplicate", "same content", stored.revision, None, None, content.failed)
        revision = stored.revision + 1
        new = Stored(stored.row, stored.source, content.content_hash, revision)
        replaced = KeptItem(
            "replaced", "replaced", "content changed", revision, key[0], stored.row, False, content.shows
        )
        if not content.failed and self._sightings.grow(stored, new, place):
            self._index.replace(stored.row, content.text)
            self._database.run(_REVISE, (*self._row(item, content, revision), stored.row))
            self._seen.put(key, new)
            return replaced
        if self._sightings.is_former(stored, content.content_hash):
            # A replay brings the revisions again in their order; taking an old one back would never come to rest.
            self._seen.put(key, stored)
            return KeptItem(
                "duplicate", "duplicate", "content of an older revision", stored.revision, None, None, content.failed
            )
        if content.failed:
            reason = "redaction failed; the stored revision stays"
            return KeptItem("dropped", "dropped:redaction_failed", reason, stored.revision, None, None, True)
        self._keep_former(stored, content.text)
        self._database.run(_REVISE, (*self._row(item, content, revision), stored.row))
        self._sight(key, new, content.content_hash, place)
        return replaced

    def _take_over(
        self, key: tuple[int, str], stored: Stored, item: FinalItem, content: Content, place: Place
    ) -> KeptItem:
        """A source that comes before speaks for the first time."""
        if content.failed:
            reason = "redaction failed; the stored revision stays"
            return KeptItem("dropped", "dropped:redaction_failed", reason, stored.revision, None, None, True)
        self._keep_former(stored, content.text)
        self._database.run(_TAKE_OVER, (*self._row(item, content, 1), place.source, stored.row))
        new = Stored(stored.row, place.source, content.content_hash, 1)
        self._sight(key, new, content.content_hash, place)
        same = content.content_hash == stored.content_hash
        reason = comes_before(place.source, stored.source)
        if same:
            return KeptItem(
                "duplicate", "duplicate", f"same content; {reason}", 1, key[0], stored.row, False, content.shows
            )
        return KeptItem("replaced", "replaced", reason, 1, key[0], stored.row, False, content.shows)

    def _row(self, item: FinalItem, content: Content, revision: int) -> tuple[Any, ...]:
        return (
            self._word(item.kind),
            self._word(item.status),
            whole(item.started_at_ms),
            whole(item.completed_at_ms),
            revision,
            content.content_hash,
            content.text,
            content.body,
            content.agent_id,
        )

    def _keep_former(self, stored: Stored, text: str) -> None:
        """The content that an item has now goes to its revision, which had no need of a copy until now."""
        if not self._index.replace(stored.row, text):
            (before,) = self._database.run(_TEXT, (stored.row,)).fetchone()
            self._index.change(stored.row, before, text)
        self._sightings.keep_former(stored)

    def _word(self, word: str | None) -> str | None:
        return None if word is None else self._cleaner.word(word)

    def _sight(self, key: tuple[int, str], stored: Stored, content_hash: str, place: Place) -> None:
        self._seen.put(key, stored)
        if self._sightings.again(stored, content_hash, place):
            self._order.sighted(key[0], place.source, None, False)


def _said(row: tuple[Any, ...]) -> Said:
    """Of an item's row, what a revision keeps."""
    kind, status, started, completed, _, _, text, body, _ = row
    return (kind, status, started, completed, text, body)
