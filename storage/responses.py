"""Tokens and cost per model response, kept once whoever tells them. Runs inside the caller's transaction.

Several tellers of one response are merged field by field, the larger count of each: so order, repetition and partial
tellings make no difference. What a session spent in all is worked out when it is read (`spending.py`).
"""

from __future__ import annotations

from typing import Any

from messages.baseline import ResponseUsage
from storage.cleaning import Cleaner
from storage.connection import Database
from storage.identity import Malformed, Place, good_id, whole
from storage.sessions import Sessions
from storage.turns import Turns

COUNTS = ("input", "cached", "cache_written", "output", "reasoning", "total", "cost_usd_micros")
FILES = frozenset({"rollout", "transcript"})

_COLUMNS = """turn_row, model, at_ms, input, cached, cache_written, output, reasoning, total, cost_usd_micros,
    in_file, in_telemetry"""
_FIND = f"SELECT id, {_COLUMNS} FROM response_usage WHERE session_row = ? AND response_id = ? ORDER BY id LIMIT 1"
_FIND_IN_TURN = f"""SELECT id, {_COLUMNS} FROM response_usage WHERE session_row = ? AND response_id = ?
    AND (turn_row IS NULL OR turn_row = ?) ORDER BY id LIMIT 1"""
_ADD = f"""INSERT INTO response_usage (session_row, response_id, {_COLUMNS})
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_WRITE = """UPDATE response_usage SET turn_row = ?, model = ?, at_ms = ?, input = ?, cached = ?, cache_written = ?,
    output = ?, reasoning = ?, total = ?, cost_usd_micros = ?, in_file = ?, in_telemetry = ? WHERE id = ?"""
_OF_TURN = f"SELECT id, session_row, response_id, {_COLUMNS} FROM response_usage WHERE turn_row = ?"
_HOME = "SELECT session_row FROM turns WHERE id = ?"


class Responses:
    """Model responses of all sessions."""

    def __init__(self, database: Database, cleaner: Cleaner, sessions: Sessions, turns: Turns) -> None:
        self._database = database
        self._cleaner = cleaner
        self._sessions = sessions
        self._turns = turns

    def keep(self, usage: ResponseUsage, place: Place) -> bool:
        """Take what is told of a response; true when anything changed. Errors: Malformed."""
        if not good_id(usage.response_id):
            raise Malformed("response id is empty or too long")
        turn_row = None
        if usage.turn_id is None:
            session_row, _ = self._sessions.row(usage.session_id, place)
        else:
            turn_row, _ = self._turns.row(usage.session_id, usage.turn_id, place)
            session_row = self._database.run(_HOME, (turn_row,)).fetchone()[0]
        told = (
            turn_row,
            self._cleaner.word(usage.model) if usage.model else None,
            whole(usage.at_ms),
            *(whole(getattr(usage, name)) for name in COUNTS),
            int(place.source in FILES),
            int(place.source == "otlp"),
        )
        return self._merge(session_row, usage.response_id, told)

    def move(self, turn_row: int) -> None:
        """A turn has a new home: its responses go along, and meet what is told of them there."""
        (home,) = self._database.run(_HOME, (turn_row,)).fetchone()
        for row, session_row, response_id, *told in self._database.run(_OF_TURN, (turn_row,)).fetchall():
            if session_row != home:
                self._database.run("DELETE FROM response_usage WHERE id = ?", (row,))
                self._merge(home, response_id, tuple(told))

    def _merge(self, session_row: int, response_id: str, told: tuple[Any, ...]) -> bool:
        turn_row = told[0]
        if turn_row is None:
            found = self._database.run(_FIND, (session_row, response_id)).fetchone()
        else:
            found = self._database.run(_FIND_IN_TURN, (session_row, response_id, turn_row)).fetchone()
        if found is None:
            self._database.run(_ADD, (session_row, response_id, *told))
            return True
        row, *stored = found
        merged = (stored[0] or turn_row, *(_larger(old, new) for old, new in zip(stored[1:], told[1:], strict=True)))
        if merged == tuple(stored):
            return False
        self._database.run(_WRITE, (*merged, row))
        return True


def _larger(old: Any, new: Any) -> Any:
    return max((each for each in (old, new) if each is not None), default=None)
