"""Where a turn belongs that several sessions have: a fork copies the turns of its origin, ids included.

Such a turn is one row, and its home is the session that ran it: the one that was not forked from another of them, the
oldest if that does not tell. All of them are remembered, so it makes no difference whose copy is read first: a turn of
which only a copy is known lives with the copy until its origin comes. Runs inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from storage.connection import Database

DESCENT_MAX = 64
"""Forks of forks that are followed."""

# CROSS: else SQLite goes through all sessions of the tool, 0.6 ms at 5,000 of them, instead of the turns of this name.
_FIND = """SELECT t.id, t.session_row FROM turns t CROSS JOIN sessions s
    WHERE t.turn_id = ? AND s.id = t.session_row AND s.tool = ? LIMIT 1"""
_SHARE = """INSERT INTO turn_sessions (turn_row, session_row) VALUES (?, ?)
    ON CONFLICT (turn_row, session_row) DO NOTHING"""
_SHARED = "SELECT turn_row FROM turn_sessions WHERE session_row = ?"
_CLAIMS = """SELECT s.id, s.tool, s.session_id, s.forked_from, s.created_at_ms FROM turn_sessions ts
    JOIN sessions s ON s.id = ts.session_row WHERE ts.turn_row = ?"""
_ORIGIN = "SELECT forked_from FROM sessions WHERE tool = ? AND session_id = ?"
_HOME = "SELECT session_row FROM turns WHERE id = ?"
_MOVE = "UPDATE turns SET session_row = ? WHERE id = ?"


class _Claim(NamedTuple):
    row: int
    tool: str
    session_id: str
    forked_from: str | None
    created_at_ms: int | None


class Homes:
    """Shared turns. What names a turn's session moves with the turn: those in `on_move` are told its row."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.on_move: tuple[Callable[[int], None], ...] = ()

    def find(self, turn_id: str, tool: str, session_row: int) -> int | None:
        """The row of a turn whose id is unique, whatever session has it; `session_row` has it too from now on."""
        found = self._database.run(_FIND, (turn_id, tool)).fetchone()
        if found is None:
            return None
        turn_row: int = found[0]
        if found[1] != session_row:
            for each in (found[1], session_row):
                self._database.run(_SHARE, (turn_row, each))
            self.settle(turn_row)
        return turn_row

    def resettle(self, session_row: int) -> None:
        """The age or origin of a session changed: give what it shares its home again."""
        for (turn_row,) in self._database.run(_SHARED, (session_row,)).fetchall():
            self.settle(turn_row)

    def settle(self, turn_row: int) -> None:
        """Give a shared turn its home."""
        claims = [_Claim(*row) for row in self._database.run(_CLAIMS, (turn_row,)).fetchall()]
        home = min(claims, key=lambda claim: (self._copied(claim, claims), *_age(claim)))
        if self._database.run(_HOME, (turn_row,)).fetchone()[0] != home.row:
            self._database.run(_MOVE, (home.row, turn_row))
            for moved in self.on_move:
                moved(turn_row)

    def _copied(self, claim: _Claim, claims: list[_Claim]) -> bool:
        """Whether this session descends from another one that has the turn."""
        others = {each.session_id for each in claims if each.row != claim.row}
        origin = claim.forked_from
        for _ in range(DESCENT_MAX):
            if origin is None or origin in others:
                return origin is not None
            row = self._database.run(_ORIGIN, (claim.tool, origin)).fetchone()
            origin = row[0] if row else None
        return False


def _age(claim: _Claim) -> tuple[bool, int, str]:
    return (claim.created_at_ms is None, claim.created_at_ms or 0, claim.session_id)
