"""Removing sessions for good: their rows, what hangs on them, and the bytes.

What hangs on a session is read from the models: every table that points at it, at any depth. A session goes in one
transaction with its tombstone and its audit row, so a kill leaves it whole or gone. The ledger counts frames, not rows,
and stays as it is. Afterwards nothing is left in free pages (`secure_delete`), the write-ahead log or the search index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from peewee import ForeignKeyField, Model

from storage import redaction
from storage.audit import Audit
from storage.cleaning import Cleaner
from storage.connection import Writer
from storage.models import TABLES, AuditRow, PullRow, PurgedSessionRow, SessionRow, StagedRow
from storage.tombstones import Tombstones

KEPT = (AuditRow, PullRow, StagedRow, PurgedSessionRow)
"""Tables that name a session and keep their rows: what happened, how far it was read, what is open, and tombstones.
They hold ids and counts, nothing that was said."""

_LAST = """SELECT s.id, s.tool, s.session_id, s.title, s.created_at_ms, s.first_seen_ms,
    (SELECT max(coalesce(t.completed_at_ms, t.started_at_ms)) FROM turns t WHERE t.session_row = s.id),
    (SELECT max(coalesce(i.completed_at_ms, i.started_at_ms)) FROM items i JOIN turns t ON t.id = i.turn_row
        WHERE t.session_row = s.id),
    (SELECT max(e.at_ms) FROM events e WHERE e.session_row = s.id)
    FROM sessions s WHERE {where} ORDER BY s.id"""
_OLD = "coalesce(s.created_at_ms, s.first_seen_ms) < ?"
_NAMED = "s.session_id = ?"
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

        Errors: StoreUnavailable when nothing was removed.
        """
        removed = 0
        with self._database.write(self._tombstones.forget):
            self._tombstones.keep(doomed.tool, doomed.session_id, doomed.row, at_ms)
            for sql, by_row in _deletions():
                params = (doomed.row,) * by_row or (doomed.tool, doomed.session_id)
                removed += self._database.run(sql, params).rowcount
            text = f"{doomed.turns} turns and {doomed.items} items of {doomed.tool} were removed: {why}"
            self._audit.say(at_ms, "purged", doomed.session_id, text)
        return removed

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
def _deletions() -> tuple[tuple[str, int], ...]:
    """DELETEs in the order in which nothing points at what goes: by row (how often it is a parameter), or by name."""
    return (*_by_name(), *_by_row())


def _by_row() -> Iterator[tuple[str, int]]:
    for model in sorted(TABLES, key=_depth, reverse=True):
        condition = _hangs_on_session(model)
        if condition is not None:
            yield f'DELETE FROM "{model._meta.table_name}" WHERE {condition}', condition.count("?")


def _by_name() -> Iterator[tuple[str, int]]:
    for model in TABLES:
        names = {field.column_name for field in model._meta.sorted_fields}
        if {"tool", "session_id"} <= names and model is not SessionRow and model not in KEPT:
            yield f'DELETE FROM "{model._meta.table_name}" WHERE tool = ? AND session_id = ?', 0


def _hangs_on_session(model: type[Model]) -> str | None:
    """The condition by which rows of a table belong to the session whose row is the parameter."""
    if model is SessionRow:
        return "id = ?"
    parts = []
    for field in _pointers(model):
        target = field.rel_model
        inner = _hangs_on_session(target)
        if target is SessionRow:
            parts.append(f"{field.column_name} = ?")
        elif inner is not None:
            parts.append(f'{field.column_name} IN (SELECT id FROM "{target._meta.table_name}" WHERE {inner})')
    return " OR ".join(parts) or None


def _depth(model: type[Model]) -> int:
    return max((_depth(field.rel_model) + 1 for field in _pointers(model)), default=0)


def _pointers(model: type[Model]) -> list[ForeignKeyField]:
    return [field for field in model._meta.sorted_fields if isinstance(field, ForeignKeyField)]
