"""The canonical rows of sessions: what is known of a thread. Runs inside the caller's transaction."""

from __future__ import annotations

from cachetools import LRUCache

from messages.records import SessionSeen
from storage.cleaning import NOTE_CHARS_MAX, TITLE_CHARS_MAX, WORD_CHARS_MAX, Cleaner
from storage.connection import Database
from storage.identity import Malformed, Place, good_id, whole

ROW_IDS_MAX = 4_096
"""Row ids remembered in front of the unique key."""
FACTS = ("cwd", "branch", "commit", "model", "title", "cli_version", "path")

_FIND = "SELECT id FROM sessions WHERE tool = ? AND session_id = ?"
_ADD = """INSERT INTO sessions (tool, session_id, first_seen_ms, source) VALUES (?, ?, ?, ?)
    ON CONFLICT (tool, session_id) DO NOTHING"""
_READ = 'SELECT cwd, branch, "commit", model, title, cli_version, path, created_at_ms FROM sessions WHERE id = ?'
_WRITE = """UPDATE sessions SET cwd = ?, branch = ?, "commit" = ?, model = ?, title = ?, cli_version = ?, path = ?,
    created_at_ms = ? WHERE id = ?"""


class Sessions:
    """Sessions of one tool. `forget()` after a rollback."""

    def __init__(self, database: Database, cleaner: Cleaner, tool: str) -> None:
        self._database = database
        self._cleaner = cleaner
        self._tool = tool
        self._rows: LRUCache[str, int] = LRUCache(ROW_IDS_MAX)

    def forget(self) -> None:
        """What was remembered may not be in the file: read it again."""
        self._rows.clear()

    def row(self, session_id: str, place: Place) -> tuple[int, bool]:
        """Row id of a session, and whether it is new: an item may come before anything is known of its thread.

        Errors: Malformed when the id cannot be part of a key.
        """
        known = self._rows.get(session_id)
        if known is not None:
            return known, False
        if not good_id(session_id):
            raise Malformed("session id is empty or too long")
        added = self._database.add(_ADD, (self._tool, session_id, place.at_ms, place.source))
        row: int = added or self._database.run(_FIND, (self._tool, session_id)).fetchone()[0]
        self._rows[session_id] = row
        return row, added is not None

    def see(self, seen: SessionSeen, place: Place) -> bool:
        """Take what is known of a session; None leaves what is stored, `created_at_ms` never moves once set.

        True when anything changed. The latest of the other facts wins: a thread changes its model, title or folder,
        also back to a former one. Errors: Malformed.
        """
        row, new = self.row(seen.session_id, place)
        stored = self._database.run(_READ, (row,)).fetchone()
        facts: list[str | int | None] = list(stored)
        for at, name in enumerate(FACTS):
            value = getattr(seen, name)
            if value is not None:
                facts[at] = self._cleaner.text(value, _CHARS_MAX.get(name, NOTE_CHARS_MAX))
        if facts[-1] is None:
            facts[-1] = whole(seen.created_at_ms)
        if tuple(facts) == stored:
            return new
        self._database.run(_WRITE, (*facts, row))
        return True


_CHARS_MAX = {
    "title": TITLE_CHARS_MAX,
    "commit": WORD_CHARS_MAX,
    "model": WORD_CHARS_MAX,
    "cli_version": WORD_CHARS_MAX,
}
