"""The transition log of one run: numbered, each once, in order. Runs inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable

from messages.status import Transition
from storage.cleaning import WORD_CHARS_MAX, Cleaner
from storage.connection import Database

_LAST = "SELECT coalesce(max(seq), 0) FROM transitions WHERE run_id = ?"
_ADD = """INSERT INTO transitions
    (run_id, seq, what, who, before, after, cause, at_ms, monotonic_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""


class Transitions:
    """Writes what the supervisor tells."""

    def __init__(self, database: Database, cleaner: Cleaner, run_id: str) -> None:
        self._database = database
        self._cleaner = cleaner
        self._run_id = run_id

    def keep(self, transitions: Iterable[Transition]) -> int:
        """Keep those that follow on what is stored; gives the number of the last one that is. Those behind a hole are
        left: they come again when the hole is filled."""
        through: int
        (through,) = self._database.run(_LAST, (self._run_id,)).fetchone()
        for one in sorted(transitions, key=lambda t: t.seq):
            if one.seq != through + 1:
                continue
            words = [self._cleaner.text(word, WORD_CHARS_MAX) for word in (one.who, one.before, one.after)]
            cause = self._cleaner.text(one.cause)
            self._database.run(_ADD, (self._run_id, one.seq, one.what, *words, cause, one.at_ms, one.monotonic_ms))
            through = one.seq
        return through
