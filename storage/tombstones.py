"""What was purged stays away: sessions and turns that were removed on purpose, by id and time, without their content.

A source that still has them (a transcript, the app-server's history) brings them again at every import. What it says of
the time before the purge is dropped as `dropped:purged`; a session that goes on afterwards is captured from there. Runs
inside the caller's transaction.
"""

from __future__ import annotations

from cachetools import LRUCache

from storage.connection import Database
from storage.identity import Place

DISPOSITION = "dropped:purged"
KNOWN_MAX = 4_096
"""Sessions and turns whose answer is remembered."""
LIVE = "stream"
"""What a process says right now is never from before a purge."""

_ANY = "SELECT 1 FROM purged_sessions LIMIT 1"
_SESSION = "SELECT before_ms FROM purged_sessions WHERE tool = ? AND session_id = ?"
_TURN = "SELECT 1 FROM purged_turns WHERE tool = ? AND turn_id = ?"
_KEEP_SESSION = """INSERT INTO purged_sessions (tool, session_id, before_ms) VALUES (?, ?, ?)
    ON CONFLICT (tool, session_id) DO UPDATE SET before_ms = excluded.before_ms"""
_KEEP_TURNS = """INSERT INTO purged_turns (tool, turn_id) SELECT ?, turn_id FROM turns WHERE session_row = ?
    ON CONFLICT (tool, turn_id) DO NOTHING"""
_KEEP_NAMES = """INSERT INTO purged_turns (tool, turn_id) SELECT ?, n.name FROM turn_names n
    JOIN turns t ON t.id = n.turn_row WHERE t.session_row = ? ON CONFLICT (tool, turn_id) DO NOTHING"""
_THERE = "SELECT 1 FROM sessions WHERE tool = ? AND session_id = ?"
_TURN_THERE = """SELECT 1 FROM turns t JOIN sessions s ON s.id = t.session_row
    WHERE s.tool = ? AND s.session_id = ? AND t.turn_id = ?"""
_EPOCH = "SELECT value FROM meta WHERE key = 'purges'"
_NEXT_EPOCH = """INSERT INTO meta (key, value) VALUES ('purges', '1')
    ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(meta.value AS INTEGER) + 1 AS TEXT)"""


class Tombstones:
    """Of all sessions. `forget()` after a rollback, and when somebody else purged."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._any: bool | None = None
        self._sessions: LRUCache[tuple[str, str], int | None] = LRUCache(KNOWN_MAX)
        self._turns: LRUCache[tuple[str, str], bool] = LRUCache(KNOWN_MAX)

    def forget(self) -> None:
        """What was remembered may have changed."""
        self._any = None
        self._sessions.clear()
        self._turns.clear()

    def refuse(self, place: Place, session_id: str, turn_id: str | None, at_ms: int | None) -> bool:
        """Whether a record of this time is from before a purge. One without a time is, unless its turn (or its session,
        when it has no turn) is stored: then that one is from afterwards."""
        if place.source == LIVE:
            return False
        if self._any is None:
            self._any = self._database.run(_ANY).fetchone() is not None
        if not self._any:
            return False
        if turn_id is not None and self._purged_turn(place.tool, turn_id):
            return True
        before = self._before(place.tool, session_id)
        if before is None or at_ms is not None:
            return before is not None and at_ms is not None and at_ms <= before
        key = (place.tool, session_id)
        there = self._database.run(_THERE, key) if turn_id is None else self._database.run(_TURN_THERE, (*key, turn_id))
        return there.fetchone() is None

    def keep(self, tool: str, session_id: str, session_row: int, before_ms: int) -> None:
        """Remember a session that is being removed, and its turns: a fork may have copies of them."""
        self._database.run(_KEEP_SESSION, (tool, session_id, before_ms))
        self._database.run(_KEEP_TURNS, (tool, session_row))
        self._database.run(_KEEP_NAMES, (tool, session_row))
        self._database.run(_NEXT_EPOCH)
        self.forget()

    def _before(self, tool: str, session_id: str) -> int | None:
        key = (tool, session_id)
        if key not in self._sessions:
            row = self._database.run(_SESSION, key).fetchone()
            self._sessions[key] = row[0] if row else None
        return self._sessions[key]

    def _purged_turn(self, tool: str, turn_id: str) -> bool:
        key = (tool, turn_id)
        if key not in self._turns:
            self._turns[key] = self._database.run(_TURN, key).fetchone() is not None
        return self._turns[key]


def epoch(database: Database) -> str:
    """Changes with every purge, whoever does it: rows that a writer remembers may be gone, and their numbers reused."""
    row = database.run(_EPOCH).fetchone()
    return str(row[0]) if row else ""
