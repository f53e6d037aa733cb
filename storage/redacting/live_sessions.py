"""Live redactors of the items that are open, which share what their session gave away."""

from __future__ import annotations

from cachetools import LRUCache

from storage.redacting.live import LiveRedactor
from storage.redacting.session import Redactor

SESSIONS_MAX = 64
"""Sessions whose values are remembered for the live view, the least recently opened leaving first."""


class LiveSessions:
    """Call it with a session's id for the live redactor of an item that opens. Not thread-safe. In memory only."""

    def __init__(self) -> None:
        self._sessions: LRUCache[str, Redactor] = LRUCache(SESSIONS_MAX)

    def __repr__(self) -> str:
        return f"LiveSessions({len(self._sessions)})"

    def __call__(self, session_id: str) -> LiveRedactor:
        redactor = self._sessions.get(session_id)
        if redactor is None:
            redactor = self._sessions[session_id] = Redactor()
        return LiveRedactor(redactor)
