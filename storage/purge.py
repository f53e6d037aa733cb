"""Removing sessions for good: their rows, what hangs on them, and the bytes.

What hangs on a session is read from the models: every table that points at it, at any depth. A session goes in one
transaction with its tombstone and its audit row, so a kill leaves it whole or gone; a large one goes in pieces, its
tombstone first, so that nobody waits long for the lock, and after a kill the next purge goes on. The ledger counts
frames, not rows, and stays as it is. Afterwards nothing is left in free pages (`secure_delete`), log or search index.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from peewee import ForeignKeyField, Model

from storage import redaction
from storage.account_models import AuditRow, PullRow, PurgedSessionRow, StagedRow
from storage.audit import Audit
from storage.cleaning import Cleaner
from storage.connection import Writer
from storage.models import ItemRow, SessionRow
from storage.schema import TABLES
from storage.tombstones import Tombstones

KEPT = (AuditRow, PullRow, StagedRow, PurgedSessionRow)
"""Tables that name a session and keep their rows: what happened, how far it was read, what is open, and tombstones.
They hold ids and counts, nothing that was said."""

PIECE_ITEMS_MAX = 2_000
PIECE_CHARACTERS_MAX = 4_000_000
"""What one transaction removes of a large session: well under a second, search index included."""

_PIECE = """SELECT i.id, length(i.text) + length(i.body) FROM items i JOIN turns t ON t.id = i.turn_row
    WHERE t.session_row = ? ORDER BY i.id LIMIT ?"""
_IN_PIECE = "id <= ? AND turn_row IN (SELECT id FROM turns WHERE session_row = ?)"
_RECOUNT = """UPDATE turns SET item_count = (SELECT count(*) FROM items i WHERE i.turn_row = turns.id), result_item_id =
    (SELECT item_id FROM items i WHERE i.turn_row = turns.id AND i.kind = 'agentMessage' ORDER BY ordinal DESC LIMIT 1)
    WHERE session_row = ?"""
_LAST = """SELECT s.id, s.tool, s.session_id, s.title, s.created_at_ms, s.first_seen_ms,
    (SELECT max(coalesce(t.completed_at_ms, t.started_at_ms)) FROM turns t WHERE t.session_row = s.id),
    (SELECT max(coalesce(i.completed_at_ms, i.started_at_ms)) FROM items i JOIN turns t ON t.id = i.turn_row
        WHERE t.session_row = s.id),
    (SELECT max(e.at_ms) FROM events e WHERE e.session_row = s.id)
    FROM sessions s WHERE {where} ORDER BY s.id"""
_OLD = "coalesce(s.created_at_ms, s.first_seen_ms) < ?"
_NAMED = "s.session_id = ?"
_TRACES = "DELETE FROM traces WHERE session_ids LIKE ? ESCAPE '!'"
_SIZE = """SELECT count(DISTINCT t.id), count(i.id), coalesce(sum(length(i.text) + length(i.body)), 0)
    FROM turns t LEFT JOIN items i ON i.turn_row = t.id WHERE t.session_row = ?"""


@dataclass(frozen=True, slots=True)
class Doomed:
    """A session that a purge is about."""

    row: int
    tool: str
    session_id: str
    title: str | None
    last_ms: int
    """When anything last happened in it, as its sources tell."""
    turns: int
    items: int
    characters: int


class Purge:
    """Finds and removes sessions on one writing connection. `remove` one by one: each is a transaction."""

    def __init__(self, database: Writer, run_id: str, cleaner: Cleaner | None = None) -> None:
        self._database = database
        self._audit = Audit(database, cleaner or Cleaner(redaction), run_id)
        self._tombstones = Tombstones(database)

    def older_than(self, before_ms: int, limit: int | None = None) -> list[Doomed]:
        """Sessions in which nothing happened since then, oldest row first."""
        return self._found(_OLD, (before_ms,), lambda last_ms: last_ms < before_ms, limit)

    def named(self, session_id: str) -> list[Doomed]:
        """The session of this id, of whichever tool."""
        return self._found(_NAMED, (session_id,), lambda _: True, None)

    def remove(self, doomed: Doomed, at_ms: int, why: str) -> int:
        """Remove one session; gives how many rows went. What its sources tell of the time until now stays away.

        Errors: StoreUnavailable when the last of it was not removed; the call may be repeated.
        """
        removed = 0
        while True:
            rows, gone = self.step(doomed, at_ms, why)
            removed += rows
            if gone:
                return removed

    def step(self, doomed: Doomed, at_ms: int, why: str) -> tuple[int, bool]:
        """One transaction of `remove`; gives how many rows went, and whether that was the last of it."""
        with self._database.write(self._tombstones.forget):
            self._tombstones.keep(doomed.tool, doomed.session_id, doomed.row, at_ms)
            last_item = self._piece(doomed.row)
            if last_item is not None:
                removed = self._run(_deletions(ItemRow, _IN_PIECE), (last_item, doomed.row))
                self._database.run(_RECOUNT, (doomed.row,))
                return removed, False
            removed = self._run(_deletions(SessionRow, "id = ?"), (doomed.row,))
            removed += self._run(_by_name(), (doomed.tool, doomed.session_id))
            named = "".join(f"!{letter}" if letter in "!%_" else letter for letter in doomed.session_id)
            removed += self._database.run(_TRACES, (f"%,{named},%",)).rowcount
            text = f"{doomed.turns} turns and {doomed.items} items of {doomed.tool} were removed: {why}"
            self._audit.say(at_ms, "purged", doomed.session_id, text)
        return removed, True

    def _piece(self, session_row: int) -> int | None:
        """The last item of the next piece; None when all that is left goes at once."""
        characters = 0
        rows = self._database.run(_PIECE, (session_row, PIECE_ITEMS_MAX + 1)).fetchall()
        for row, size in rows[:PIECE_ITEMS_MAX]:
            characters += size
            if characters > PIECE_CHARACTERS_MAX and row != rows[-1][0]:
                return int(row)
        return int(rows[PIECE_ITEMS_MAX - 1][0]) if len(rows) > PIECE_ITEMS_MAX else None

    def _run(self, deletions: Sequence[tuple[str, int]], params: Sequence[Any]) -> int:
        return sum(self._database.run(sql, tuple(params) * times).rowcount for sql, times in deletions)

    def _found(
        self, where: str, params: Sequence[Any], wanted: Callable[[int], bool], limit: int | None
    ) -> list[Doomed]:
        found = []
        with self._database.reading():
            for row, tool, session_id, title, created, seen, *times in self._database.run(
                _LAST.format(where=where), params
            ).fetchall():
                last_ms = max((each for each in (created, *times) if each is not None), default=seen)
                if not wanted(last_ms):
                    continue
                size = self._database.run(_SIZE, (row,)).fetchone()
                found.append(Doomed(row, tool, session_id, title, last_ms, *size))
                if limit is not None and len(found) >= limit:
                    break
        return found


@cache
def _deletions(root: type[Model], condition: str) -> tuple[tuple[str, int], ...]:
    """DELETEs of the rows of `root` that fit and of all that hangs on them, in the order in which nothing points at
    what goes; with each, how often it takes the parameters of the condition."""
    found = []
    for model in sorted(TABLES, key=_depth, reverse=True):
        where = _hangs_on(model, root, condition)
        if where is not None:
            found.append((f'DELETE FROM "{model._meta.table_name}" WHERE {where}', where.count(condition)))
    return tuple(found)


@cache
def _by_name() -> tuple[tuple[str, int], ...]:
    """DELETEs in tables that name a session instead of pointing at it."""
    found = []
    for model in TABLES:
        names = {field.column_name for field in model._meta.sorted_fields}
        if {"tool", "session_id"} <= names and model is not SessionRow and model not in KEPT:
            found.append((f'DELETE FROM "{model._meta.table_name}" WHERE tool = ? AND session_id = ?', 1))
    return tuple(found)


def _hangs_on(model: type[Model], root: type[Model], condition: str) -> str | None:
    """The condition by which rows of a table hang on those of `root` that fit; None when none can."""
    if model is root:
        return condition
    parts = []
    for field in _pointers(model):
        inner = _hangs_on(field.rel_model, root, condition)
        if inner is not None:
            target = field.rel_model._meta.table_name
            parts.append(f'{field.column_name} IN (SELECT id FROM "{target}" WHERE {inner})')
    return " OR ".join(parts) or None


def _depth(model: type[Model]) -> int:
    return max((_depth(field.rel_model) + 1 for field in _pointers(model)), default=0)


def _pointers(model: type[Model]) -> list[ForeignKeyField]:
    return [field for field in model._meta.sorted_fields if isinstance(field, ForeignKeyField)]
