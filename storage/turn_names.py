"""Other names of turns: Claude's `promptId`, by which its telemetry and its sub-agents' files know a turn.

A transcript names a turn by its prompt's uuid, which a fork copies, and tells the other name along. Telemetry may come
first and know only the other name: the row that it made is then given its real one, or makes way for the row that a
fork's file made of the same turn. Inside the caller's transaction.
"""

from __future__ import annotations

from storage.connection import Database

_NAMED = "SELECT turn_row FROM turn_names WHERE session_row = ? AND name = ?"
_NAME = """INSERT INTO turn_names (session_row, name, turn_row) VALUES (?, ?, ?)
    ON CONFLICT (session_row, name) DO UPDATE SET turn_row = excluded.turn_row"""
_CALLED = "SELECT id FROM turns WHERE session_row = ? AND turn_id = ?"
_KNOWN = "SELECT t.id FROM turns t JOIN sessions s ON s.id = t.session_row WHERE t.turn_id = ? AND s.tool = ? LIMIT 1"
_RENAME = "UPDATE turns SET turn_id = ? WHERE id = ?"
_EMPTY = "SELECT 1 FROM turns WHERE id = ? AND NOT EXISTS (SELECT 1 FROM items WHERE turn_row = ?)"
_INHERIT = """UPDATE turns SET trace_id = COALESCE(trace_id, (SELECT trace_id FROM turns WHERE id = ?)),
    started_at_ms = COALESCE(started_at_ms, (SELECT started_at_ms FROM turns WHERE id = ?)) WHERE id = ?"""
_FREE = "UPDATE response_usage SET turn_row = NULL WHERE turn_row = ?"
_FORGET = (
    "DELETE FROM usage WHERE turn_row = ?", "DELETE FROM turn_sessions WHERE turn_row = ?",
    "DELETE FROM turn_names WHERE turn_row = ?", "DELETE FROM turns WHERE id = ?",
)  # fmt: skip


class TurnNames:
    """Names of all turns beside their ids."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, session_row: int, name: str) -> int | None:
        """The turn of this session that has this other name."""
        row = self._database.run(_NAMED, (session_row, name)).fetchone()
        return row[0] if row else None

    def adopt(self, session_row: int, turn_id: str, name: str, tool: str) -> None:
        """Before a turn's row is looked for: a row that was made under its other name gets its id, or makes way.

        Its responses are then nobody's until they are told of in their turn, as the file that names it does next.
        """
        made = None if turn_id == name else self._database.run(_CALLED, (session_row, name)).fetchone()
        if made is None:
            return
        known = self._database.run(_KNOWN, (turn_id, tool)).fetchone()
        if known is None:
            self._database.run(_RENAME, (turn_id, made[0]))
        elif known != made and self._database.run(_EMPTY, (made[0], made[0])).fetchone() is not None:
            self._database.run(_INHERIT, (made[0], made[0], known[0]))
            for statement in (_FREE, *_FORGET):
                self._database.run(statement, (made[0],))

    def name(self, session_row: int, name: str, turn_row: int) -> bool:
        """Remember the name; true when it is news.

        A fork gives all turns that it copied the name of its own one, which comes last in its file: the newest has it.
        """
        if self.find(session_row, name) == turn_row:
            return False
        self._database.run(_NAME, (session_row, name, turn_row))
        return True
