"""Other names of turns: Claude's `promptId`, by which its telemetry and its sub-agents' files know a turn.

A transcript names a turn by its prompt's uuid, which a fork copies, and tells the other name along. Telemetry may come
first and know only the other name: the row that it made is then given its real one. Inside the caller's transaction.
"""

from __future__ import annotations

from storage.connection import Database

_NAMED = "SELECT turn_row FROM turn_names WHERE session_row = ? AND name = ?"
_NAME = """INSERT INTO turn_names (session_row, name, turn_row) VALUES (?, ?, ?)
    ON CONFLICT (session_row, name) DO UPDATE SET turn_row = excluded.turn_row"""
_CALLED = "SELECT id FROM turns WHERE session_row = ? AND turn_id = ?"
_KNOWN = "SELECT 1 FROM turns t JOIN sessions s ON s.id = t.session_row WHERE t.turn_id = ? AND s.tool = ? LIMIT 1"
_RENAME = "UPDATE turns SET turn_id = ? WHERE id = ?"


class TurnNames:
    """Names of all turns beside their ids."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, session_row: int, name: str) -> int | None:
        """The turn of this session that has this other name."""
        row = self._database.run(_NAMED, (session_row, name)).fetchone()
        return row[0] if row else None

    def adopt(self, session_row: int, turn_id: str, name: str, tool: str) -> None:
        """Before a turn's row is looked for: a row that was made under its other name gets its id."""
        if turn_id == name or self._database.run(_KNOWN, (turn_id, tool)).fetchone() is not None:
            return
        made = self._database.run(_CALLED, (session_row, name)).fetchone()
        if made is not None:
            self._database.run(_RENAME, (turn_id, made[0]))

    def name(self, session_row: int, name: str, turn_row: int) -> bool:
        """Remember the name; true when it is news.

        A fork gives all turns that it copied the name of its own one, which comes last in its file: the newest has it.
        """
        if self.find(session_row, name) == turn_row:
            return False
        self._database.run(_NAME, (session_row, name, turn_row))
        return True
