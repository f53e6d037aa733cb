"""Which messages of a source of the baseline are stored: each once, in order, without a hole.

Runs inside the caller's transaction. A source's messages are numbered per incarnation of the baseline, from 1.
"""

from __future__ import annotations

from typing import Literal

from messages.baseline import KeepRecords, RecordsKept, RecordsRefused
from storage.connection import Database
from storage.identity import Place
from storage.positions import Positions

_ADVANCE = """INSERT INTO offsets (run_id, source, generation, stager, through_seq, received, closed, difference)
    VALUES (?, ?, ?, 0, ?, ?, 0, 0) ON CONFLICT (run_id, source, generation) DO UPDATE SET
    through_seq = excluded.through_seq, received = offsets.received + excluded.received"""
_THROUGH = "SELECT through_seq FROM offsets WHERE run_id = ? AND source = ? AND generation = ?"


class Numbering:
    """How far each source is stored."""

    def __init__(self, database: Database, positions: Positions) -> None:
        self._database = database
        self._positions = positions

    def advance(self, message: KeepRecords, place: Place) -> RecordsKept | RecordsRefused | None:
        """Count what is received; None when the message is to be taken now, else its answer: it was kept before, comes
        behind a hole, or its file position does not follow on what is stored."""
        row = self._database.run(_THROUGH, place[:3]).fetchone()
        through = row[0] if row else 0
        if message.n <= through:
            return kept_all_of(message)
        if message.n > through + 1:
            return _refused(message, through, "gap", None, f"number {through + 1} has not come yet")
        stored = self._positions.misfit(message.position) if message.position else None
        if stored is not None:
            return _refused(message, through, "position", stored, f"the file is stored up to byte {stored}")
        self._database.run(_ADVANCE, (*place[:3], message.n, message.received))
        return None


def kept_all_of(message: KeepRecords) -> RecordsKept:
    """The answer to a message that is stored."""
    return RecordsKept(incarnation=message.incarnation, n=message.n, source=message.source)


def _refused(
    message: KeepRecords, through_n: int, code: Literal["gap", "position"], offset: int | None, text: str
) -> RecordsRefused:
    return RecordsRefused(
        incarnation=message.incarnation,
        n=message.n,
        source=message.source,
        code=code,
        through_n=through_n,
        offset=offset,
        text=text,
    )
