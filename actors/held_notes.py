"""Audit notes that wait for a store that fails."""

from __future__ import annotations

from collections import deque

from messages.records import AuditNote

NOTES_MAX = 1_000
"""Notes that wait; with more of them the oldest are let go, and their number is told in the first that are kept."""


class HeldNotes:
    """In the order in which they came."""

    def __init__(self) -> None:
        self._notes: deque[AuditNote] = deque()
        self._let_go = 0

    def __bool__(self) -> bool:
        return bool(self._notes)

    def hold(self, *notes: AuditNote) -> None:
        """Have these wait, too."""
        self._notes.extend(notes)
        while len(self._notes) > NOTES_MAX:
            self._notes.popleft()
            self._let_go += 1

    def waiting(self, at_ms: int) -> tuple[AuditNote, ...]:
        """All that wait, behind a word about those that were let go. They wait on until `clear`."""
        if not self._let_go:
            return tuple(self._notes)
        text = f"{self._let_go} older notes were let go while the store could not be written"
        return (AuditNote(kind="audit_let_go", subject="ingest", text=text, at_ms=at_ms), *self._notes)

    def clear(self) -> None:
        """They are kept."""
        self._notes.clear()
        self._let_go = 0
