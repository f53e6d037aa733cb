"""Two records of what was decided: the audit (never thinned) and the dedupe log (the newest decisions)."""

from __future__ import annotations

from typing import Any, Literal

from messages.records import AuditNote, StagedItem, StageLoss
from storage.cleaning import Cleaner
from storage.connection import Database
from storage.identity import Place

Decision = Literal["accepted", "duplicate", "replaced", "dropped"]

DECISIONS_MAX = 100_000
"""Rows of the dedupe log that are kept; older ones are deleted."""
DECISIONS_SLACK = 1_000
"""How far the log may grow beyond that before it is thinned: one delete in so many inserts."""

_NOTE = """INSERT INTO audit
    (at_ms, run_id, kind, subject, text, session_id, turn_id, item_id, frames, bytes_count)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_DECISION = """INSERT INTO dedupe_log
    (at_ms, run_id, source, generation, tool, session_id, turn_id, item_id, kind, decision, reason, revision)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_THIN = "DELETE FROM dedupe_log WHERE id <= (SELECT max(id) FROM dedupe_log) - ?"


class Audit:
    """Writes audit rows. Runs inside the caller's transaction."""

    def __init__(self, database: Database, cleaner: Cleaner, run_id: str) -> None:
        self._database = database
        self._cleaner = cleaner
        self._run_id = run_id

    def note(self, note: AuditNote) -> None:
        """Something that anybody in the tree wants remembered."""
        self.say(note.at_ms, note.kind, note.subject, note.text)

    def say(self, at_ms: int, kind: str, subject: str, text: str) -> None:
        """A row about something that is not one item."""
        clean = self._cleaner.text
        self._database.run(
            _NOTE,
            (at_ms, self._run_id, self._cleaner.word(kind), clean(subject), clean(text), *(None,) * 5),
        )

    def item(
        self, place: Place, kind: str, text: str, about: StagedItem | StageLoss, run_id: str | None = None
    ) -> None:
        """A row about one item that names thread, turn, item, frames and bytes."""
        self._database.run(
            _NOTE,
            (
                place.at_ms,
                run_id or place.run_id,
                kind,
                about.item_id,
                self._cleaner.text(text),
                about.session_id,
                about.turn_id,
                about.item_id,
                about.frames,
                about.bytes_count,
            ),
        )


class DecisionLog:
    """Writes what became of items and turn results, with the reason. Runs inside the caller's transaction: `settle()`
    writes what was decided, `forget()` after a rollback."""

    def __init__(self, database: Database, rows_max: int = DECISIONS_MAX, slack: int = DECISIONS_SLACK) -> None:
        self._database = database
        self._rows_max = rows_max
        self._slack = slack
        self._decided: list[tuple[Any, ...]] = []
        self._since = 0
        """Rows written since the log was thinned."""

    def forget(self) -> None:
        """What was decided did not come to be."""
        self._decided.clear()

    def write(
        self,
        place: Place,
        key: tuple[str, str, str | None],
        kind: str,
        decision: Decision,
        reason: str,
        revision: int | None,
    ) -> None:
        """One decision about (session, turn, item); item None means the turn itself."""
        self._decided.append((place.at_ms, *place[:3], place.tool, *key, kind, decision, reason, revision))

    def settle(self) -> None:
        """Write what was decided."""
        self._database.run_many(_DECISION, self._decided)
        self._since += len(self._decided)
        self._decided.clear()
        if self._since >= self._slack:
            # Ids only grow, because the newest row is never deleted.
            self._since = 0
            self._database.run(_THIN, (self._rows_max,))
