"""Telemetry records of sessions: kept once, joined to turns and items when they are read. Inside the caller's
transaction."""

from __future__ import annotations

from collections.abc import Iterable

from messages.baseline import EventSeen
from storage.cleaning import ERROR_TEXT, WORD_CHARS_MAX, Cleaner
from storage.connection import Database
from storage.identity import ID_CHARS_MAX, Malformed, Place, canonical, good_id, parsed, whole
from storage.sessions import Sessions
from storage.spreading import Spread

_ADD = """INSERT INTO events (session_row, key, turn_id, name, at_ms, sequence, trace_id, call_id, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (session_row, key) DO NOTHING"""


class Events:
    """Telemetry of all sessions."""

    def __init__(self, database: Database, cleaner: Cleaner, sessions: Sessions, spread: Spread) -> None:
        self._database = database
        self._cleaner = cleaner
        self._sessions = sessions
        self._spread = spread

    def keep(self, event: EventSeen, place: Place) -> bool:
        """Store one record, redacted; false when it is there already. Errors: Malformed."""
        if not good_id(event.key):
            raise Malformed("event key is empty or too long")
        if whole(event.at_ms) is None:
            raise Malformed("event has no possible time")
        session_row, _ = self._sessions.row(event.session_id, place)

        def found(values: Iterable[str]) -> None:
            values = list(values)
            if values:
                self._spread.learn(event.session_id, session_row, values)

        clean, _ = self._cleaner.body(parsed(event.body), found)
        body = canonical({"error": ERROR_TEXT} if clean is None else clean).decode()
        row = (
            session_row,
            event.key,
            _id(event.turn_id),
            self._cleaner.text(event.name, WORD_CHARS_MAX),
            event.at_ms,
            whole(event.sequence),
            _id(event.trace_id),
            _id(event.call_id),
            self._spread.hide(event.session_id, body),
        )
        return self._database.add(_ADD, row) is not None


def _id(text: str | None) -> str | None:
    return text if text and len(text) <= ID_CHARS_MAX else None
