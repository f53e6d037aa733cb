"""What the store knows that linking needs, read beside the writer: evidence, the sessions it is of, earlier links."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import orjson

from storage.connection import Database
from storage.linking.evidence import evidence_of
from storage.linking.findings import Found, joined

ITEMS_MAX = 2_000
"""Newest items of one session that are held against commits."""
BODY_CHARS_MAX = 64 * 1024 * 1024
"""Text of one session that is; older items than fit are left out."""
ROWS_MAX = 100_000
"""Sessions that one round takes up at most."""

_DUE = "SELECT session_row FROM link_states WHERE looked_revision < revision ORDER BY session_row LIMIT ?"
_RECENT = """SELECT e.session_row FROM link_evidence e GROUP BY e.session_row HAVING max(e.at_ms) >= ?
    ORDER BY max(e.at_ms) DESC LIMIT ?"""
_ALL = "SELECT session_row FROM link_states ORDER BY session_row LIMIT ?"
_TREES = "SELECT DISTINCT root, repo FROM link_places"
_OF_REPO = "SELECT DISTINCT session_row FROM link_places WHERE repo = ?"
_SESSION = """SELECT s.id, s.session_id, s.cwd, s.branch, coalesce(s.created_at_ms, 0), l.revision
    FROM sessions s JOIN link_states l ON l.session_row = s.id WHERE s.id = ?"""
_PATHS = """SELECT DISTINCT kind, path, old_path FROM link_evidence WHERE session_row = ?"""
_SPAN = "SELECT min(at_ms), max(at_ms) FROM link_evidence WHERE session_row = ?"
_BODIES = """SELECT e.at_ms, i.kind, i.status, i.body FROM
    (SELECT DISTINCT item_row, at_ms FROM link_evidence WHERE session_row = ? ORDER BY item_row DESC LIMIT ?) e
    JOIN items i ON i.id = e.item_row ORDER BY e.item_row DESC"""
_FORMER = """SELECT "commit", patch_id FROM links WHERE session_row = ? AND repo = ? AND state IN ('linked', 'gone')"""


class Session(NamedTuple):
    """A session with evidence."""

    row: int
    session_id: str
    cwd: str | None
    branch: str | None
    began_ms: int
    revision: int


class Sources:
    """Reads from an open reader connection."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self) -> list[int]:
        """Sessions whose evidence nobody has looked at."""
        return [row for (row,) in self._database.run(_DUE, (ROWS_MAX,)).fetchall()]

    def recent(self, since_ms: int) -> list[int]:
        """Sessions that changed something since then, newest first: their commits may still come."""
        return [row for (row,) in self._database.run(_RECENT, (since_ms, ROWS_MAX)).fetchall()]

    def all(self) -> list[int]:
        """Every session with evidence, at most `ROWS_MAX`."""
        return [row for (row,) in self._database.run(_ALL, (ROWS_MAX,)).fetchall()]

    def trees(self) -> dict[str, str]:
        """Repository of every working tree that was met, by its root."""
        return dict(self._database.run(_TREES).fetchall())

    def of_repo(self, repo: str) -> list[int]:
        """Sessions that worked in a repository."""
        return [row for (row,) in self._database.run(_OF_REPO, (repo,)).fetchall()]

    def session(self, row: int) -> Session | None:
        """What is known of one session."""
        found = self._database.run(_SESSION, (row,)).fetchone()
        return None if found is None else Session(*found)

    def paths(self, session: Session) -> Iterator[tuple[str, str]]:
        """Kind and path of all its evidence, absolute where anything says how."""
        for kind, path, old_path in self._database.run(_PATHS, (session.row,)).fetchall():
            for each in (path, old_path):
                if each:
                    yield kind, joined(session.cwd, each)
            if kind == "commit" and not path and session.cwd:
                yield kind, session.cwd

    def span(self, session: Session) -> tuple[int, int]:
        """When its first and its last evidence was made; its beginning when no item says a time."""
        first, last = self._database.run(_SPAN, (session.row,)).fetchone()
        return first or session.began_ms, last or session.began_ms

    def evidence(self, session: Session) -> list[tuple[int, Found]]:
        """All it shows, with the time, oldest first."""
        found: list[list[tuple[int, Found]]] = []
        chars = 0
        for at_ms, kind, status, body in self._database.run(_BODIES, (session.row, ITEMS_MAX)).fetchall():
            chars += len(body)
            if chars > BODY_CHARS_MAX:
                break
            at = at_ms if at_ms is not None else session.began_ms
            found.append([(at, one) for one in evidence_of(kind, status, orjson.loads(body))])
        flat = [one for each in reversed(found) for one in each]
        return sorted(flat, key=lambda one: one[0])

    def former(self, session: Session, repo: str) -> dict[str, str | None]:
        """Commits that it was linked to, with their patch ids."""
        return dict(self._database.run(_FORMER, (session.row, repo)).fetchall())
