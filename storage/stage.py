"""How far the stream is stored, and what its stager holds open: the offset of each generation and the staged items.

One stager incarnation is valid at a time. Runs inside the caller's transaction; `forget()` after a rollback.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from messages.records import CheckpointKept, CheckpointRefused, KeepCheckpoint, StagedItem, StageOpened
from storage.audit import Audit
from storage.cleaning import Cleaner
from storage.connection import Database
from storage.identity import Place
from storage.ledger import Ledger

_Key = tuple[str, str, str]

_ADVANCE = """UPDATE offsets SET through_seq = ?, received = received + ?,
    closed = CASE WHEN ? = 1 THEN 1 ELSE closed END
    WHERE run_id = ? AND source = ? AND generation = ? AND stager = ? AND through_seq = ?
    AND (closed = 0 OR ? = 1)"""
_OFFSET = "SELECT stager, through_seq FROM offsets WHERE run_id = ? AND source = ? AND generation = ?"
_STAGER = "SELECT max(stager) FROM offsets WHERE run_id = ? AND source = ?"
_TAKE_OVER = "UPDATE offsets SET stager = ? WHERE run_id = ? AND source = ?"
_OPEN = """INSERT INTO offsets (run_id, source, generation, stager, through_seq, received, closed, difference)
    VALUES (?, ?, ?, ?, 0, 0, 0, 0) ON CONFLICT (run_id, source, generation) DO NOTHING"""
_STAGED = """SELECT id, session_id, turn_id, item_id, frames, bytes_count FROM staged_items
    WHERE run_id = ? AND source = ? AND generation = ?"""
_ALL_STAGED = """SELECT run_id, source, generation, session_id, turn_id, item_id, kind, frames, bytes_count
    FROM staged_items WHERE source = ? ORDER BY id"""
_STAGE = """INSERT INTO staged_items
    (run_id, source, generation, session_id, turn_id, item_id, kind, frames, bytes_count)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_RESTAGE = "UPDATE staged_items SET frames = ?, bytes_count = ? WHERE id = ?"
_UNSTAGE = "DELETE FROM staged_items WHERE id = ?"


class Stage:
    """Offsets and staged items. Mirrors the staged rows of one generation, so that only changes are written."""

    def __init__(self, database: Database, cleaner: Cleaner, ledger: Ledger, audit: Audit) -> None:
        self._database = database
        self._cleaner = cleaner
        self._ledger = ledger
        self._audit = audit
        self._mirror: dict[_Key, tuple[int, int, int]] = {}
        """Row id, frames, bytes by (session, turn, item)."""
        self._mirrored: tuple[str, str, int] | None = None
        self._last_empty: KeepCheckpoint | None = None

    def forget(self) -> None:
        """What was remembered may not be in the file: read it again."""
        self._mirror.clear()
        self._mirrored = None
        self._last_empty = None

    def open(self, opened: StageOpened, place: Place) -> tuple[int, int]:
        """Make this stager the valid one; what anybody before it had staged is lost, with an audit row for each item.

        That includes runs before this one: the store has one writer, so their stages are gone too. Gives the valid
        incarnation (an older stager changes nothing and learns who is valid) and the stored `through_seq`.
        """
        run_id, source, generation = place[:3]
        (valid,) = self._database.run(_STAGER, (run_id, source)).fetchone()
        if valid is not None and opened.stager < valid:
            return valid, self._through(place)
        if valid is None or opened.stager > valid:
            self._lose_all(place)
            self._database.run(_TAKE_OVER, (opened.stager, run_id, source))
        self._database.run(_OPEN, (run_id, source, generation, opened.stager))
        return opened.stager, self._through(place)

    def advance(self, message: KeepCheckpoint, place: Place) -> CheckpointKept | CheckpointRefused | None:
        """Move the offset over the checkpoint's frames; an answer instead of None when it does not apply."""
        frames = message.last_seq - message.first_seq + 1
        if frames >= 0 and not self._repeated(message, frames):
            cursor = self._database.run(
                _ADVANCE,
                # Frames may follow on a closed generation: late ones of a dead process, counted as stale.
                (
                    message.last_seq,
                    frames,
                    message.closed,
                    *place[:3],
                    message.stager,
                    message.first_seq - 1,
                    frames > 0,
                ),
            )
            if cursor.rowcount == 1:
                # Only a checkpoint without frames leaves the offset where it was: its repetition is known by its face.
                self._last_empty = message if frames == 0 else None
                return None
        return self._answer(message, place)

    def replace(self, staged: Iterable[StagedItem], place: Place) -> None:
        """Make `staged` the staged items of this generation."""
        self._reflect(place)
        gone = dict(self._mirror)
        for item in staged:
            key = (item.session_id, item.turn_id, item.item_id)
            gone.pop(key, None)
            known = self._mirror.get(key)
            if known is None:
                kind = self._cleaner.word(item.kind)
                row = self._database.add(_STAGE, (*place[:3], *key, kind, item.frames, item.bytes_count))
                assert row is not None, "a plain insert adds a row or raises"
                self._mirror[key] = (row, item.frames, item.bytes_count)
            elif known[1:] != (item.frames, item.bytes_count):
                self._database.run(_RESTAGE, (item.frames, item.bytes_count, known[0]))
                self._mirror[key] = (known[0], item.frames, item.bytes_count)
        for key, (row, _, _) in gone.items():
            self._database.run(_UNSTAGE, (row,))
            del self._mirror[key]

    def _repeated(self, message: KeepCheckpoint, frames: int) -> bool:
        return frames == 0 and not message.closed and message == self._last_empty

    def _answer(self, message: KeepCheckpoint, place: Place) -> CheckpointKept | CheckpointRefused:
        generation = message.generation
        row = self._database.run(_OFFSET, place[:3]).fetchone()
        if row is None or message.stager > row[0]:
            through = 0 if row is None else row[1]
            return _refused(message, through, "not_opened", f"generation {generation} was not opened by this stager")
        valid, through = row
        if message.stager < valid:
            return _refused(message, through, "old_stager", f"stager {valid} has taken over")
        if message.first_seq - 1 <= message.last_seq <= through:
            return CheckpointKept(
                generation=generation, through_seq=through, stager=message.stager, closed=message.closed
            )
        return _refused(message, through, "gap", f"frame {through + 1} comes next, not {message.first_seq}")

    def _through(self, place: Place) -> int:
        row = self._database.run(_OFFSET, place[:3]).fetchone()
        return 0 if row is None else int(row[1])

    def _lose_all(self, place: Place) -> None:
        lost: dict[tuple[str, str, int], Counter[str]] = {}
        for run_id, source, generation, *fields in self._database.run(_ALL_STAGED, (place.source,)).fetchall():
            session_id, turn_id, item_id, kind, frames, bytes_count = fields
            item = StagedItem(
                session_id=session_id,
                turn_id=turn_id,
                item_id=item_id,
                kind=kind,
                frames=frames,
                bytes_count=bytes_count,
            )
            text = f"{kind} of generation {generation}: {frames} frames and {bytes_count} bytes went with their stager"
            self._audit.item(place, "stager_lost", text, item, run_id)
            lost.setdefault((run_id, source, generation), Counter())["dropped:stager_lost"] += frames
        self._database.run("DELETE FROM staged_items WHERE source = ?", (place.source,))
        self.forget()
        for where, counts in lost.items():
            there = Place(*where, place.at_ms)
            self._ledger.add(there, counts)
            self._ledger.check(there)

    def _reflect(self, place: Place) -> None:
        if self._mirrored == place[:3]:
            return
        found = self._database.run(_STAGED, place[:3]).fetchall()
        self._mirror = {
            (session_id, turn_id, item_id): (row, frames, bytes_count)
            for row, session_id, turn_id, item_id, frames, bytes_count in found
        }
        self._mirrored = place[:3]


def _refused(message: KeepCheckpoint, through_seq: int, code: str, text: str) -> CheckpointRefused:
    return CheckpointRefused.model_validate(
        {
            "generation": message.generation,
            "stager": message.stager,
            "through_seq": through_seq,
            "code": code,
            "text": text,
        }
    )
