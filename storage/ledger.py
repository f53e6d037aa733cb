"""Where every frame went: counts per run, source, generation and disposition, and whether they add up.

`received = sum(dispositions) + staged`, for each source and generation, checked inside every transaction that moves a
count. A difference is an incident with a name; nothing here ever corrects one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from messages.status import LedgerStatus
from storage.audit import Audit
from storage.connection import Database
from storage.identity import Place

_ADD = """INSERT INTO ledger (run_id, source, generation, tool, disposition, count) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (run_id, source, generation, tool, disposition) DO UPDATE SET count = ledger.count + excluded.count"""
_SUMS = """SELECT o.received, o.difference,
    (SELECT coalesce(sum(count), 0) FROM ledger l
        WHERE l.run_id = o.run_id AND l.source = o.source AND l.generation = o.generation),
    (SELECT coalesce(sum(frames), 0) FROM staged_items s
        WHERE s.run_id = o.run_id AND s.source = o.source AND s.generation = o.generation)
    FROM offsets o WHERE o.run_id = ? AND o.source = ? AND o.generation = ?"""
_SET_DIFFERENCE = "UPDATE offsets SET difference = ? WHERE run_id = ? AND source = ? AND generation = ?"


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """The books of one source and generation of one run."""

    run_id: str
    source: str
    generation: int
    received: int
    dispositions: dict[str, int]
    staged: int
    through_seq: int
    closed: bool

    @property
    def difference(self) -> int:
        """Frames that were received and are nowhere; negative when more are accounted for than came."""
        return self.received - sum(self.dispositions.values()) - self.staged

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "difference": self.difference, "balanced": self.difference == 0}


class Ledger:
    """Moves counts and checks the balance. Runs inside the caller's transaction."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database = database
        self._audit = audit

    def add(self, place: Place, counts: Mapping[str, int]) -> None:
        """Add frames to dispositions."""
        for disposition, count in counts.items():
            if count:
                self._database.run(_ADD, (*place[:3], place.tool, disposition, count))

    def check(self, place: Place) -> int:
        """The difference now. Each change of it becomes one audit row; nothing is corrected and nothing raised."""
        row = self._database.run(_SUMS, place[:3]).fetchone()
        if row is None:
            return 0
        received, before, settled, staged = row
        difference: int = received - settled - staged
        if difference != before:
            self._database.run(_SET_DIFFERENCE, (difference, *place[:3]))
            self._audit.say(
                place.at_ms,
                "ledger_difference" if difference else "ledger_balanced",
                f"{place.run_id} {place.source} {place.generation}",
                f"received {received}, settled {settled}, staged {staged}: {difference} frames differ",
            )
        return difference


def rows(database: Database, run_id: str) -> list[LedgerRow]:
    """The books of a run, oldest source and generation first."""
    counts: dict[tuple[str, int], dict[str, int]] = {}
    entries = database.run(
        "SELECT source, generation, disposition, count FROM ledger WHERE run_id = ? ORDER BY disposition", (run_id,)
    )
    for source, generation, disposition, count in entries:
        found = counts.setdefault((source, generation), {})
        found[disposition] = found.get(disposition, 0) + count
    staged = {
        (source, generation): frames
        for source, generation, frames in database.run(
            "SELECT source, generation, sum(frames) FROM staged_items WHERE run_id = ? GROUP BY source, generation",
            (run_id,),
        )
    }
    offsets = database.run(
        "SELECT source, generation, received, through_seq, closed FROM offsets WHERE run_id = ? ORDER BY id", (run_id,)
    )
    return [
        LedgerRow(
            run_id=run_id,
            source=source,
            generation=generation,
            received=received,
            dispositions=counts.get((source, generation), {}),
            staged=staged.get((source, generation), 0),
            through_seq=through_seq,
            closed=bool(closed),
        )
        for source, generation, received, through_seq, closed in offsets
    ]


def status(books: list[LedgerRow]) -> LedgerStatus:
    """The sum over sources and generations; balanced only when each of them is."""
    totals: dict[str, int] = {}
    for book in books:
        for disposition, count in book.dispositions.items():
            totals[disposition] = totals.get(disposition, 0) + count
    return LedgerStatus(
        received=sum(book.received for book in books),
        dispositions=totals,
        staged=sum(book.staged for book in books),
        balanced=all(book.difference == 0 for book in books),
    )
