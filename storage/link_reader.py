"""Links for people: which commits a session has, which sessions a commit has, and why. Read beside a live writer.

Gives plain dicts ready for JSON; everything in the store is redacted already. Read `links.py` for how rows come about.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from storage.connection import Database
from storage.database import open_reader
from storage.links import NO_EVIDENCE
from storage.patterns import like

ROWS_MAX = 1_000
"""Rows that one list gives at most, whatever is asked for."""
PATHS_MAX = 50
"""Files of one session's evidence that are told; `files_count` says how many there are."""

_LINKS = """SELECT l.id, s.tool, s.session_id, s.title, l.repo, l."commit", l.subject, l.committed_at_ms, l.state,
    l.score, l.method, l.reason, l.was, l.patch_id, l.evidence
    FROM links l JOIN sessions s ON s.id = l.session_row WHERE {where}
    ORDER BY l.committed_at_ms DESC, l.id DESC LIMIT ?"""
_LINK_FIELDS = (
    "link", "tool", "session_id", "title", "repo", "commit", "subject", "committed_at_ms", "state", "score", "method",
    "reason", "was", "patch_id",
)  # fmt: skip
_UNLINKED = """SELECT s.tool, s.session_id, s.title, x.reason, x.looked_at_ms
    FROM sessions s LEFT JOIN link_states x ON x.session_row = s.id
    WHERE (x.state IS NULL OR x.state = 'unlinked') AND {where}
    ORDER BY coalesce(s.created_at_ms, s.first_seen_ms) DESC, s.id DESC LIMIT ?"""
_STATE = """SELECT x.state, x.reason, x.looked_at_ms, x.revision, x.looked_revision FROM link_states x
    JOIN sessions s ON s.id = x.session_row WHERE s.tool = ? AND s.session_id = ?"""
_EVIDENCE = """SELECT e.kind, e.path, e.old_path, e."commit", e.subject, e.branch, e.at_ms FROM link_evidence e
    JOIN sessions s ON s.id = e.session_row WHERE s.tool = ? AND s.session_id = ? ORDER BY e.at_ms, e.id"""
_PLACES = """SELECT DISTINCT p.repo, p.root FROM link_places p JOIN sessions s ON s.id = p.session_row
    WHERE s.tool = ? AND s.session_id = ? ORDER BY p.repo, p.root"""
_SESSIONS = "SELECT tool, session_id FROM sessions WHERE session_id LIKE ? ESCAPE '!' ORDER BY session_id LIMIT 3"
_COUNTS = """SELECT coalesce(x.state, 'unlinked'), count(*) FROM sessions s
    LEFT JOIN link_states x ON x.session_row = s.id GROUP BY coalesce(x.state, 'unlinked')"""


class LinkReader:
    """Looks at the links of the store at `path`, a file or a DSN. A context manager.

    Errors when opened: NothingCaptured, WrongSchema, StoreCorrupt, StoreUnavailable; of each method: the last two.
    """

    def __init__(self, path: str | Path) -> None:
        self._database: Database = open_reader(path)

    def __enter__(self) -> LinkReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connection up."""
        self._database.close()

    def links(
        self,
        *,
        session: str | None = None,
        commit: str | None = None,
        repo: str | None = None,
        state: str | None = None,
        limit: int = 100,
    ) -> list[dict[str, Any]]:
        """Links, those of the newest commits first, then sessions that have none, each with its reason.

        `session` and `commit` are ids or how they begin, `repo` a git folder or a working tree; `state` is linked,
        needs_review, gone or unlinked.
        """
        where, values = _conditions(session, repo)
        rows: list[dict[str, Any]] = []
        with self._database.reading():
            if state != "unlinked":
                here, given = list(where), list(values)
                if commit is not None:
                    here.append("l.\"commit\" LIKE ? ESCAPE '!'")
                    given.append(_beginning(commit))
                if state is not None:
                    here.append("l.state = ?")
                    given.append(state)
                rows = self._links(" AND ".join(here), given, limit)
            if state in (None, "unlinked") and commit is None and len(rows) < limit:
                sql = _UNLINKED.format(where=" AND ".join(where))
                found = self._database.run(sql, (*values, min(limit - len(rows), ROWS_MAX))).fetchall()
                rows += [_unlinked(*row) for row in found]
        return rows

    def of_session(self, tool: str, session_id: str) -> dict[str, Any]:
        """Links of one session, whether it is linked and if not, why, and what it shows of files and commits."""
        with self._database.reading():
            known = self._database.run(_STATE, (tool, session_id)).fetchone()
            state, reason, looked, revision, seen = known or ("unlinked", NO_EVIDENCE, None, 0, 0)
            evidence = self._database.run(_EVIDENCE, (tool, session_id)).fetchall()
            places = self._database.run(_PLACES, (tool, session_id)).fetchall()
            links = self._links("s.tool = ? AND s.session_id = ?", [tool, session_id], ROWS_MAX)
        times = [row[6] for row in evidence if row[6] is not None]
        paths = sorted({row[1] for row in evidence if row[0] != "commit" and row[1]})
        return {
            "tool": tool,
            "session_id": session_id,
            "state": state,
            "reason": reason,
            "looked_at_ms": looked,
            "due": seen < revision,
            "links": links,
            "evidence": {
                "files": paths[:PATHS_MAX],
                "files_count": len(paths),
                "first_at_ms": min(times, default=None),
                "last_at_ms": max(times, default=None),
                "commits": [
                    {"commit": row[3], "subject": row[4], "branch": row[5], "at_ms": row[6]}
                    for row in evidence
                    if row[0] == "commit"
                ][:PATHS_MAX],
                "places": [{"repo": repo, "root": root} for repo, root in places],
            },
        }

    def link(self, number: int) -> dict[str, Any] | None:
        """One link by its number; None when there is none such."""
        with self._database.reading():
            return next(iter(self._links("l.id = ?", [number], 1)), None)

    def all_linked(self, repo: str) -> list[dict[str, Any]]:
        """Every sure link of a repository, however many."""
        sql = _LINKS.format(where="l.repo = ? AND l.state = 'linked'").removesuffix("LIMIT ?")
        with self._database.reading():
            found = self._database.run(sql, (repo,)).fetchall()
        return [_link(row) for row in found]

    def sessions_like(self, beginning: str) -> list[tuple[str, str]]:
        """Tool and id of sessions whose ids begin so; an exact one alone, three at most."""
        with self._database.reading():
            found = self._database.run(_SESSIONS, (_beginning(beginning),)).fetchall()
        exact = [(tool, each) for tool, each in found if each == beginning]
        return exact or [(tool, each) for tool, each in found]

    def counts(self) -> dict[str, int]:
        """How many sessions are linked, need a look, or are unlinked."""
        with self._database.reading():
            found = dict(self._database.run(_COUNTS).fetchall())
        return {state: int(found.get(state, 0)) for state in ("linked", "needs_review", "unlinked")}

    def _links(self, where: str, values: list[Any], limit: int) -> list[dict[str, Any]]:
        sql = _LINKS.format(where=where)
        found = self._database.run(sql, (*values, min(max(limit, 0), ROWS_MAX))).fetchall()
        return [_link(row) for row in found]


def _link(row: tuple[Any, ...]) -> dict[str, Any]:
    return {**dict(zip(_LINK_FIELDS, row, strict=False)), "evidence": orjson.loads(row[-1])}


def _conditions(session: str | None, repo: str | None) -> tuple[list[str], list[Any]]:
    where, values = ["1 = 1"], list[Any]()
    if session is not None:
        where.append("s.session_id LIKE ? ESCAPE '!'")
        values.append(_beginning(session))
    if repo is not None:
        where.append("s.id IN (SELECT session_row FROM link_places WHERE repo = ? OR root = ?)")
        values += [repo, repo]
    return where, values


def _unlinked(tool: str, session_id: str, title: str | None, reason: str | None, looked: int | None) -> dict[str, Any]:
    empty = dict.fromkeys(_LINK_FIELDS)
    about = {"tool": tool, "session_id": session_id, "title": title, "state": "unlinked"}
    return {
        **empty,
        **about,
        "reason": reason or NO_EVIDENCE,
        "evidence": {"files": [], "files_count": 0, "rivals": []},
    }


def _beginning(text: str) -> str:
    """A LIKE pattern for what begins so, whatever is in it."""
    return f"{like(text)}%"
