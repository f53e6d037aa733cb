"""The history of messages in the store: a ring of rows that tell type, ids, sizes and times, and nothing that was said.

It gives way to everything else: a row that is lost is a hole in its writer's numbers, which `trace_reader.py` tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import ValidationError

from messages.status import Party
from messages.traces import ROWS, KeepTraces
from storage.cleaning import WORD_CHARS_MAX, Cleaner
from storage.connection import Writer

WORDS_MAX = 4_096
"""Words and ids whose redaction is remembered, in memory only: looking through each again would cost more than its row.
At the bound all are forgotten."""

_INSERT = """INSERT INTO traces (run_id, receiver, incarnation, n, message_id, cause_id, trace_id, hop, type, sender,
    sent_us, at_us, handled_us, anchor_us, size, outcome, session_ids, turn_ids, item_ids, generation, first_seq,
    last_seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_ANCHOR = "SELECT run_id, anchor_us FROM traces ORDER BY id DESC LIMIT 1"
_PRUNE = "DELETE FROM traces WHERE id <= (SELECT max(id) FROM traces) - ?"


class Traces:
    """Writes rows of one run. Nothing here is ever sent again, and nothing here may keep a checkpoint waiting."""

    def __init__(self, database: Writer, cleaner: Cleaner, run_id: str, rows_max: int) -> None:
        """`rows_max` bounds the table: the oldest go in the transaction that brings new ones."""
        self._database = database
        self._cleaner = cleaner
        self._run_id = run_id
        self._rows_max = rows_max
        self._anchor_us: int | None = None
        self._words: dict[str, str] = {}
        self._ids: dict[str, str] = {}

    def keep(self, told: Iterable[tuple[Party, KeepTraces]], anchor_us: int, undo: Callable[[], None]) -> int:
        """Keep what these parts told, in one transaction; gives how many rows were written.

        `anchor_us` (wall less monotonic clock) counts when this run has none yet. A message whose rows do not fit is
        left out: that is a hole, like any loss. Errors: StoreUnavailable when nothing was written, StoreCorrupt.
        """
        rows = [row for party, message in told for row in self._rows(party, message)]
        if not rows:
            return 0
        with self._database.unhurried(), self._database.write(undo):
            if self._anchor_us is None:
                newest = self._database.run(_ANCHOR).fetchone()
                self._anchor_us = newest[1] if newest and newest[0] == self._run_id else anchor_us
            anchor = self._anchor_us
            self._database.run_many(
                _INSERT, [(self._run_id, *row[:12], anchor, *row[12:]) for row in rows[-self._rows_max :]]
            )
            self._database.run(_PRUNE, (self._rows_max,))
        return len(rows)

    def _rows(self, party: Party, message: KeepTraces) -> list[tuple[Any, ...]]:
        try:
            rows = ROWS.validate_json(message.rows)
        except ValidationError:
            return []
        word, ids = self._word, self._named
        return [
            (
                party, message.incarnation, n, word_of, cause, trace, hop, word(kind), word(sender), sent, at, took,
                size, word(outcome), ids(sessions), ids(turns), ids(items), *frames,
            )
            for n, word_of, cause, trace, hop, kind, sender, sent, at, took, size, outcome, sessions, turns, items,
            *frames in rows
        ]  # fmt: skip

    def _word(self, word: str) -> str:
        known = self._words.get(word)
        if known is None:
            if len(self._words) >= WORDS_MAX:
                self._words.clear()
            known = self._words[word] = self._cleaner.text(word, WORD_CHARS_MAX)
        return known

    def _named(self, ids: str | None) -> str | None:
        """Upstream's ids are upstream's words: each is looked through like any text."""
        if not ids:
            return None
        known = self._ids.get(ids)
        if known is None:
            if len(self._ids) >= WORDS_MAX:
                self._ids.clear()
            parts = (self._cleaner.text(each, WORD_CHARS_MAX).replace(",", " ") for each in ids.split(",") if each)
            known = self._ids[ids] = f",{','.join(parts)},"
        return known
