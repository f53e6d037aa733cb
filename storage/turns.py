"""The canonical rows of turns, their usage and their result. Runs inside the caller's transaction.

One completed turn has one result: once its status is final, status, error and end stand, whatever comes again. Only an
end that nobody wrote down (upstream's guess, or our sweep) gives way to a real one, and what one source said of a turn
to what a source before it says (`precedence.py`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from messages.records import TurnSeen, TurnStored
from storage.cleaning import WORD_CHARS_MAX, Cleaner
from storage.connection import Database
from storage.homes import Homes
from storage.identity import Malformed, Place, canonical, good_id, is_uuid, whole
from storage.precedence import rank
from storage.pulls import PULL
from storage.remembered import Remembered
from storage.sessions import ROW_IDS_MAX, Sessions
from storage.turn_names import TurnNames

UNPROVED = "unproved"
"""Runner of a turn that was given up: its process is gone and wrote no end, so a real one would still be news."""
ON_FILE = "file"
"""Runner of a turn that only a file or telemetry tells of: a process that no sweep of ours can judge."""
LIVE = frozenset({"stream", "pull"})
"""Sources whose generation is a process of ours."""
GUESSING = frozenset({PULL, "rollout", "transcript"})
"""Sources that call a turn interrupted, without a time, when they find no end of it."""
SWEEP_MAX = 1_000
"""Turns that one sweep ends."""
FINAL = frozenset({"completed", "interrupted", "failed"})
TOKENS = ("input", "cached", "output", "reasoning", "total")

_FIND = "SELECT id FROM turns WHERE session_row = ? AND turn_id = ?"
_ADD = """INSERT INTO turns (session_row, turn_id, item_count) VALUES (?, ?, 0)
    ON CONFLICT (session_row, turn_id) DO NOTHING"""
_READ = """SELECT status, error, started_at_ms, completed_at_ms, duration_ms, runner, trace_id, start_source, end_source
    FROM turns WHERE id = ?"""
_WRITE = """UPDATE turns SET status = ?, error = ?, started_at_ms = ?, completed_at_ms = ?, duration_ms = ?, runner = ?,
    trace_id = ?, start_source = ?, end_source = ? WHERE id = ?"""
_LEFT = """SELECT t.id, s.session_id, t.turn_id FROM turns t JOIN sessions s ON s.id = t.session_row
    WHERE t.status = 'inProgress' AND s.tool = ? AND (t.runner IS NULL OR t.runner NOT IN (?, ?)) LIMIT ?"""
# Not `IS DISTINCT FROM`: SQLite knows it since 3.39 only, and older ones are in use.
_GIVE_UP = "UPDATE turns SET status = 'interrupted', runner = ? WHERE id = ?"
_READ_USAGE = "SELECT input, cached, output, reasoning, total, other FROM usage WHERE turn_row = ?"
_WRITE_USAGE = """INSERT INTO usage (turn_row, source, input, cached, output, reasoning, total, other)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (turn_row) DO UPDATE SET input = excluded.input,
    cached = excluded.cached, output = excluded.output, reasoning = excluded.reasoning, total = excluded.total,
    other = excluded.other"""
_RESULT = """UPDATE turns SET result_item_id = (SELECT item_id FROM items
    WHERE turn_row = turns.id AND kind = 'agentMessage' ORDER BY ordinal DESC LIMIT 1)
    WHERE id = ? AND status IN ('completed', 'interrupted', 'failed')"""
_COUNT = "SELECT item_count FROM turns WHERE id = ?"


class TurnChange(NamedTuple):
    """What a TurnSeen did."""

    row: int
    changed: bool
    ended: bool
    """The turn became final with this."""
    refused: str
    """Why an end was not taken; empty when it was, or when there was none."""


class Turns:
    """Turns of all sessions. `forget()` after a rollback."""

    def __init__(self, database: Database, cleaner: Cleaner, sessions: Sessions, homes: Homes) -> None:
        self._database = database
        self._cleaner = cleaner
        self._sessions = sessions
        self._homes = homes
        self._names = TurnNames(database)
        self._rows: Remembered[tuple[str, str, str, str], int] = Remembered(ROW_IDS_MAX)

    def forget(self) -> None:
        """What was remembered may not be in the file: read it again."""
        self._rows.clear()

    def row(self, session_id: str, turn_id: str, place: Place) -> tuple[int, bool]:
        """Row id of a turn, and whether it is new. Errors: Malformed when an id cannot be part of a key."""
        key = (place.tool, place.source, session_id, turn_id)
        known = self._rows.get(key)
        if known is not None:
            return known, False
        if not good_id(turn_id):
            raise Malformed("turn id is empty or too long")
        session_row, _ = self._sessions.row(session_id, place)
        row = None
        if is_uuid(turn_id):
            row = self._names.find(session_row, turn_id) or self._homes.find(turn_id, place.tool, session_row)
        added = None if row is not None else self._database.add(_ADD, (session_row, turn_id))
        if row is None:
            row = added or int(self._database.run(_FIND, (session_row, turn_id)).fetchone()[0])
        self._rows.trim()  # at any time: rows of turns are written at once
        self._rows[key] = row
        return row, added is not None

    def resettle(self, session_row: int) -> None:
        """The age or origin of a session changed: turns that it shares may belong to another now."""
        self._homes.resettle(session_row)

    def see(self, seen: TurnSeen, place: Place) -> TurnChange:
        """Take what is known of a turn; None leaves what is stored, an ended turn keeps its end. Errors: Malformed."""
        row, new = self._named(seen, seen.prompt_id, place) if seen.prompt_id else self._row_of(seen, place)
        stored = self._database.run(_READ, (row,)).fetchone()
        status, error, started, completed, duration, runner, trace_id, start_source, end_source = stored
        given_up = status in FINAL and runner is not None
        was_final = status in FINAL and not given_up
        ends = seen.status in FINAL
        guessed = place.source in GUESSING and seen.status == "interrupted" and seen.completed_at_ms is None
        overruled = was_final and ends and not guessed and rank(place.source) > rank(end_source)
        begun = whole(seen.started_at_ms)
        if begun is not None and (started is None or rank(place.source) > rank(start_source)):
            started, start_source = begun, place.source
        trace_id = trace_id or (self._cleaner.word(seen.trace_id) if seen.trace_id else None)
        if overruled:
            error = completed = duration = None
        if overruled or not was_final:
            if ends or not given_up:
                status = seen.status or status
            if ends:
                runner = UNPROVED if guessed else None
                end_source = place.source
            elif seen.status is not None and not given_up:
                runner = _runner(place) if place.source in LIVE else runner or ON_FILE
            error = error if seen.error is None else self._cleaner.text(seen.error)
            completed = _newer(completed, seen.completed_at_ms)
            duration = _newer(duration, seen.duration_ms)
        changed = new
        after = (status, error, started, completed, duration, runner, trace_id, start_source, end_source)
        if after != stored:
            self._database.run(_WRITE, (*after, row))
            changed = True
        if seen.usage is not None:
            changed |= self._use(row, seen.usage, place.source)
        return TurnChange(
            row=row,
            changed=changed,
            ended=ends and not was_final and not (given_up and guessed),
            refused=f"the turn has ended before as {stored[0]}" if was_final and ends and not overruled else "",
        )

    def _row_of(self, seen: TurnSeen, place: Place) -> tuple[int, bool]:
        return self.row(seen.session_id, seen.turn_id, place)

    def _named(self, seen: TurnSeen, name: str, place: Place) -> tuple[int, bool]:
        """The row of a turn that has another name beside its id; both find it from now on."""
        if not good_id(name):
            raise Malformed("prompt id is empty or too long")
        session_row, _ = self._sessions.row(seen.session_id, place)
        self._names.adopt(session_row, seen.turn_id, name, place.tool)
        row, new = self._row_of(seen, place)
        if self._names.name(session_row, name, row):
            self._rows.clear()  # the name may have meant another turn until now
        return row, new

    def sweep(self, place: Place) -> list[tuple[str, str, int]]:
        """End every open turn that another process than this generation's ran; gives session, turn and row of each.

        Such a process is gone. Upstream's history has told its end by now, unless it never wrote the turn at all, as
        for an ephemeral thread.
        """
        left = self._database.run(_LEFT, (place.tool, _runner(place), ON_FILE, SWEEP_MAX)).fetchall()
        for row, _, _ in left:
            self._database.run(_GIVE_UP, (UNPROVED, row))
        return [(session_id, turn_id, row) for row, session_id, turn_id in left]

    def settle(self, row: int) -> None:
        """Point an ended turn at its last agent message; an open turn has no result yet."""
        self._database.run(_RESULT, (row,))

    def stored(self, seen: TurnSeen, row: int) -> TurnStored:
        """The announcement of a turn that ended."""
        (items,) = self._database.run(_COUNT, (row,)).fetchone()
        return TurnStored(
            session_id=seen.session_id, turn_id=seen.turn_id, status=seen.status or "completed", items=items
        )

    def _use(self, row: int, usage: dict[str, int], source: str) -> bool:
        """Upstream reports a turn's tokens several times, counting upwards: the largest count of each kind stands.

        So neither a replay from the start nor the partial sum of a stager that began in the middle lowers it.
        """
        stored = self._database.run(_READ_USAGE, (row,)).fetchone()
        before: list[int | None] = list(stored[:-1]) if stored else [None] * len(TOKENS)
        counts: list[Any] = [_larger(old, usage.get(name)) for name, old in zip(TOKENS, before, strict=True)]
        old_other: dict[str, int | None] = orjson.loads(stored[-1]) if stored and stored[-1] else {}
        other = dict(old_other)
        for name, count in usage.items():
            if name not in TOKENS:
                clean = self._cleaner.text(name, WORD_CHARS_MAX)
                other[clean] = _larger(old_other.get(clean), count)
        counts.append(canonical(other).decode() if other else None)
        if tuple(counts) == stored:
            return False
        self._database.run(_WRITE_USAGE, (row, source, *counts))
        return True


def _runner(place: Place) -> str:
    return f"{place.run_id} {place.generation}"


def _larger(old: int | None, new: int | None) -> int | None:
    known = [count for count in (old, whole(new)) if count is not None]
    return max(known, default=None)


def _newer(old: int | None, new: int | None) -> int | None:
    found = whole(new)
    return old if found is None else found
