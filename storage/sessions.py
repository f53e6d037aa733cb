"""The canonical rows of sessions: what is known of a thread of a tool. Runs inside the caller's transaction."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson
from cachetools import LRUCache

from messages.records import SessionSeen
from storage.cleaning import NOTE_CHARS_MAX, TITLE_CHARS_MAX, WORD_CHARS_MAX, Cleaner
from storage.connection import Database
from storage.identity import ID_CHARS_MAX, Malformed, Place, canonical, good_id, whole
from storage.precedence import rank

ROW_IDS_MAX = 4_096
"""Row ids remembered in front of the unique key."""
FACTS = ("cwd", "branch", "commit", "model", "title", "cli_version", "path", "forked_from")

_FIND = "SELECT id, source FROM sessions WHERE tool = ? AND session_id = ?"
_ADD = """INSERT INTO sessions (tool, session_id, first_seen_ms, source) VALUES (?, ?, ?, ?)
    ON CONFLICT (tool, session_id) DO NOTHING"""
_PROMOTE = "UPDATE sessions SET source = ? WHERE id = ?"
_READ = """SELECT cwd, branch, "commit", model, title, cli_version, path, forked_from, created_at_ms, told
    FROM sessions WHERE id = ?"""
_WRITE = """UPDATE sessions SET cwd = ?, branch = ?, "commit" = ?, model = ?, title = ?, cli_version = ?, path = ?,
    forked_from = ?, created_at_ms = ?, told = ? WHERE id = ?"""


class SessionChange(NamedTuple):
    """What a SessionSeen did."""

    row: int
    changed: bool
    descent: bool
    """Its age or its origin changed: who a shared turn belongs to has to be asked again."""


class _Known(NamedTuple):
    row: int
    rank: int


class Sessions:
    """Sessions of all tools. `forget()` after a rollback."""

    def __init__(self, database: Database, cleaner: Cleaner) -> None:
        self._database = database
        self._cleaner = cleaner
        self._rows: LRUCache[tuple[str, str], _Known] = LRUCache(ROW_IDS_MAX)
        self._last: LRUCache[int, tuple[str, SessionSeen]] = LRUCache(ROW_IDS_MAX)
        """By row, what was taken last and from whom: the same again costs nothing."""

    def forget(self) -> None:
        """What was remembered may not be in the file: read it again."""
        self._rows.clear()
        self._last.clear()

    def row(self, session_id: str, place: Place) -> tuple[int, bool]:
        """Row id of a session, and whether it is new: an item may come before anything is known of its thread.

        `source` of the row names the one that comes first among those that saw it. Errors: Malformed when the id cannot
        be part of a key.
        """
        key = (place.tool, session_id)
        known = self._rows.get(key)
        new = False
        if known is None:
            if not good_id(session_id):
                raise Malformed("session id is empty or too long")
            added = self._database.add(_ADD, (*key, place.at_ms, place.source))
            new = added is not None
            if added is None:
                row, source = self._database.run(_FIND, key).fetchone()
                known = _Known(row, rank(source))
            else:
                known = _Known(added, rank(place.source))
            self._rows[key] = known
        if rank(place.source) > known.rank:
            self._database.run(_PROMOTE, (place.source, known.row))
            self._rows[key] = _Known(known.row, rank(place.source))
        return known.row, new

    def see(self, seen: SessionSeen, place: Place) -> SessionChange:
        """Take what is known of a session; None leaves what is stored.

        Of each fact the latest word stands, by upstream's time where it has one and then by source: a thread changes
        its model, title or folder, also back to a former one. The earliest `created_at_ms` stands. Errors: Malformed.
        """
        row, new = self.row(seen.session_id, place)
        if not new and self._last.get(row) == (place.source, seen):
            return SessionChange(row, False, False)
        *facts, created, told_text = self._database.run(_READ, (row,)).fetchone()
        before = (*facts, created, told_text)
        told: dict[str, list[Any]] = orjson.loads(told_text) if told_text else {}
        word = [whole(seen.at_ms) or 0, place.source]
        for at, name in enumerate(FACTS):
            value = getattr(seen, name)
            if value is not None and _later(word, told.get(name)):
                facts[at] = self._cleaner.text(value, _CHARS_MAX.get(name, NOTE_CHARS_MAX))
                told[name] = word
        told_created = whole(seen.created_at_ms)
        if told_created is not None and (created is None or told_created < created):
            created = told_created
        after = (*facts, created, canonical(told).decode() if told else None)
        self._last[row] = (place.source, seen)
        if after != before:
            self._database.run(_WRITE, (*after, row))
        descent = (facts[-1], created) != (before[len(FACTS) - 1], before[len(FACTS)])
        return SessionChange(row, new or after[:-1] != before[:-1], descent)


def _later(word: list[Any], stored: list[Any] | None) -> bool:
    return stored is None or (word[0], rank(word[1])) >= (stored[0], rank(stored[1]))


_CHARS_MAX = {
    "title": TITLE_CHARS_MAX,
    "commit": WORD_CHARS_MAX,
    "model": WORD_CHARS_MAX,
    "cli_version": WORD_CHARS_MAX,
    "forked_from": ID_CHARS_MAX,
}
