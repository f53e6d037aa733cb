"""How far catching up is stored: which message of a generation was applied, and the position of each thread.

Runs inside the caller's transaction. A position belongs to the thread, not to a run: the next start goes on from there.
"""

from __future__ import annotations

from collections.abc import Sequence

from messages.pulls import KeepPulled, PullPosition
from storage.connection import Database
from storage.identity import Place, good_id, whole

PULL = "pull"
CURSOR_CHARS_MAX = 4_096
"""A longer cursor is not kept: the thread is read from its beginning again."""

_ADVANCE = """INSERT INTO offsets (run_id, source, generation, stager, through_seq, received, closed, difference)
    VALUES (?, ?, ?, 0, ?, ?, 0, 0) ON CONFLICT (run_id, source, generation) DO UPDATE SET
    through_seq = excluded.through_seq, received = offsets.received + excluded.received
    WHERE offsets.through_seq < excluded.through_seq"""
_FIND = "SELECT cursor, last_turn_id, updated_at_s FROM pulls WHERE tool = ? AND session_id = ?"
_KEEP = """INSERT INTO pulls (tool, session_id, cursor, last_turn_id, updated_at_s) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (tool, session_id) DO UPDATE SET cursor = excluded.cursor, last_turn_id = excluded.last_turn_id,
    updated_at_s = excluded.updated_at_s"""


class Pulls:
    """Positions of one tool's threads."""

    def __init__(self, database: Database, tool: str) -> None:
        self._database = database
        self._tool = tool

    def advance(self, message: KeepPulled, place: Place) -> bool:
        """Count what is received; false when this message was applied before."""
        received = sum(turn.frames for turn in message.turns) + sum(item.frames for item in message.items)
        cursor = self._database.run(_ADVANCE, (*place[:3], message.n, received))
        return cursor.rowcount == 1

    def positions(self, session_ids: Sequence[str]) -> tuple[PullPosition, ...]:
        """The positions of those threads that were ever pulled."""
        found = []
        for session_id in session_ids:
            row = self._database.run(_FIND, (self._tool, session_id)).fetchone()
            if row is not None:
                cursor, last, updated = row
                found.append(
                    PullPosition(session_id=session_id, cursor=cursor, last_turn_id=last, updated_at_s=updated)
                )
        return tuple(found)

    def keep(self, position: PullPosition) -> None:
        """Where the next round goes on. An id that cannot be part of a key has no position."""
        if not good_id(position.session_id):
            return
        cursor = position.cursor if len(position.cursor or "") <= CURSOR_CHARS_MAX else None
        last = position.last_turn_id if cursor == position.cursor else None
        self._database.run(_KEEP, (self._tool, position.session_id, cursor, last, whole(position.updated_at_s)))
