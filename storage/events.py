"""Telemetry records of sessions: kept once, joined to turns and items when they are read. Inside the caller's
transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from messages.baseline import EventSeen
from storage.cleaning import ERROR_TEXT, Cleaner
from storage.connection import Database
from storage.identity import ID_CHARS_MAX, Malformed, Place, canonical, good_id, parsed, whole
from storage.sessions import Sessions
from storage.spreading import Spread

_ADD = """INSERT INTO events (session_row, key, turn_id, name, at_ms, sequence, trace_id, call_id, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (session_row, key) DO NOTHING"""


class KeptEvents(NamedTuple):
    """What became of some records: frames that are new, frames that were there, and records that cannot be stored."""

    stored: int
    duplicate: int
    malformed: list[tuple[EventSeen, str]]


class Events:
    """Telemetry of all sessions."""

    def __init__(self, database: Database, cleaner: Cleaner, sessions: Sessions, spread: Spread) -> None:
        self._database = database
        self._cleaner = cleaner
        self._sessions = sessions
        self._spread = spread

    def keep(self, events: Sequence[EventSeen], place: Place) -> KeptEvents:
        """Store records, redacted, each once; gives what became of their frames, and what is wrong with those that
        cannot be stored."""
        sessions: dict[str, int] = {}
        good: list[tuple[EventSeen, dict[str, Any]]] = []
        malformed: list[tuple[EventSeen, str]] = []
        for event in events:
            try:
                body = _body(event)
                if event.session_id not in sessions:
                    sessions[event.session_id], _ = self._sessions.row(event.session_id, place)
                good.append((event, body))
            except Malformed as error:
                malformed.append((event, str(error)))
        rows: dict[int, list[tuple[Any, ...]]] = {}
        for (event, _), (clean, found) in zip(good, self._cleaner.bodies([body for _, body in good]), strict=True):
            session_row = sessions[event.session_id]
            if found:
                self._spread.learn(event.session_id, session_row, found)
            text = canonical({"error": ERROR_TEXT} if clean.body is None else clean.body).decode()
            rows.setdefault(event.frames, []).append(
                (
                    session_row,
                    event.key,
                    _id(event.turn_id),
                    self._cleaner.word(event.name),
                    event.at_ms,
                    whole(event.sequence),
                    _id(event.trace_id),
                    _id(event.call_id),
                    self._spread.hide(event.session_id, text),
                )
            )
        stored = duplicate = 0
        for frames, alike in rows.items():
            new = self._database.run_many(_ADD, alike)
            stored += frames * new
            duplicate += frames * (len(alike) - new)
        return KeptEvents(stored, duplicate, malformed)


def _body(event: EventSeen) -> dict[str, Any]:
    """What the record says. Errors: Malformed, also when something else of it cannot be stored."""
    if not good_id(event.key):
        raise Malformed("event key is empty or too long")
    if whole(event.at_ms) is None:
        raise Malformed("event has no possible time")
    return parsed(event.body)


def _id(text: str | None) -> str | None:
    return text if text and len(text) <= ID_CHARS_MAX else None
