"""What one item of a session gave away is hidden in all of them: `export TOKEN=x` in one, a bare `x` in another.

The values live in memory only. What an item *is* stays as it was judged alone: its content hash and with it every
decision, revision and count are taken before, so any order of the same items gives the same rows, and a copy that comes
later or from another source is recognised. Only the words change, to `[REDACTED:repeated]`: of items and telemetry
that come, of the session's last ITEMS_MAX that are there, and of former revisions. After a restart the values are
learnt again from what is read again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from cachetools import LRUCache

from storage.connection import Database
from storage.redaction import Repeats
from storage.search_index import SearchIndex
from storage.texts import item_text

SESSIONS_MAX = 64
"""Sessions whose values are remembered, the least recently seen leaving first."""
ITEMS_MAX = 500
"""Items of a session, the newest, that are looked at again when one gives something away."""

_ROWS = """SELECT id, kind, text, body FROM items WHERE turn_row IN (SELECT id FROM turns WHERE session_row = ?)
    ORDER BY id DESC LIMIT ?"""
_SET = "UPDATE items SET text = ?, body = ? WHERE id = ?"
_FORMER = """SELECT id, kind, body FROM item_sources WHERE body IS NOT NULL AND item_row IN (SELECT id FROM items
    WHERE turn_row IN (SELECT id FROM turns WHERE session_row = ?) ORDER BY id DESC LIMIT ?)"""
_SET_FORMER = "UPDATE item_sources SET text = ?, body = ? WHERE id = ?"
_EVENTS = "SELECT id, body FROM events WHERE session_row = ? ORDER BY id DESC LIMIT ?"
_SET_EVENT = "UPDATE events SET body = ? WHERE id = ?"


class Spread:
    """Of all sessions. `forget()` after a rollback, `settle()` when a message is through."""

    def __init__(self, database: Database, index: SearchIndex) -> None:
        self._database = database
        self._index = index
        self._sessions: LRUCache[str, Repeats] = LRUCache(SESSIONS_MAX)
        self._fresh: dict[str, int] = {}
        """Sessions that gave something away in this message, with the row of each."""

    def forget(self) -> None:
        """What was learnt may come from items that were not kept."""
        self._sessions.clear()
        self._fresh.clear()

    def learn(self, session: str, session_row: int, values: Iterable[str]) -> None:
        """Something in this session gave these away."""
        known = self._sessions.get(session)
        if known is None:
            known = self._sessions[session] = Repeats()
        if known.learn(values):
            self._fresh[session] = session_row

    def hide(self, session: str, body: str) -> str:
        """A body, without what its session gave away so far."""
        known = self._sessions.get(session)
        return body if known is None else known.hide(body)

    def hide_item(self, session: str, kind: str, text: str, body: str) -> tuple[str, str]:
        """Text and body of an item, likewise."""
        hidden = self.hide(session, body)
        return (text, body) if hidden is body else (_said(kind, hidden), hidden)

    def settle(self) -> None:
        """Hide in the items that are there what this message gave away."""
        for session, session_row in self._fresh.items():
            known = self._sessions.get(session)
            if known is None:
                continue
            for row, kind, text, body in self._database.run(_ROWS, (session_row, ITEMS_MAX)).fetchall():
                hidden = known.hide(body)
                if hidden != body:
                    said = _said(kind, hidden)
                    if not self._index.replace(row, said):
                        self._index.change(row, text, said)
                    self._database.run(_SET, (said, hidden, row))
            for former, kind, body in self._database.run(_FORMER, (session_row, ITEMS_MAX)).fetchall():
                hidden = known.hide(body)
                if hidden != body:
                    self._database.run(_SET_FORMER, (_said(kind, hidden), hidden, former))
            for row, body in self._database.run(_EVENTS, (session_row, ITEMS_MAX)).fetchall():
                hidden = known.hide(body)
                if hidden != body:
                    self._database.run(_SET_EVENT, (hidden, row))
        self._fresh.clear()


def _said(kind: str, body: str) -> str:
    said: Any = orjson.loads(body)
    return said if isinstance(said, str) else item_text(kind, said)
