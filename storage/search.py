"""Finding items by what they say, and sessions by their names: asked on a reader's connection, bounded.

The one place that knows how each engine's index is asked. Read `search_index.py` for the index itself and
`search_words.py` for what counts as a word.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from storage.connection import Database
from storage.patterns import anywhere, like
from storage.search_index import INDEXED_CHARS_MAX
from storage.search_words import Phrase, phrases_of, snippet_of

HITS_MAX = 200
"""Hits that one search gives at most, whatever is asked for."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a hit must be besides. None: anything."""

    tool: str | None = None
    session_id: str | None = None
    """A session id, or how it begins."""
    kind: str | None = None
    """An item's type, e.g. `commandExecution`; `session` for names of sessions only."""
    since_ms: int | None = None
    until_ms: int | None = None
    cwd: str | None = None
    """The folder of a session, its repository, or a folder above."""
    source: str | None = None
    """Seen by this source."""


_AT = "coalesce(i.started_at_ms, i.completed_at_ms, t.started_at_ms, s.created_at_ms, s.first_seen_ms)"
_SHOWN = f"s.tool, s.session_id, s.title, s.cwd, s.branch, t.turn_id, i.item_id, i.kind, {_AT}"
_FROM = "items i JOIN turns t ON t.id = i.turn_row JOIN sessions s ON s.id = t.session_row"
_NAMES = "coalesce(s.title, '') || ' ' || coalesce(s.cwd, '') || ' ' || coalesce(s.branch, '') || ' ' || s.session_id"
_AGE = "coalesce(s.created_at_ms, s.first_seen_ms)"


def search(database: Database, query: str, filters: Filters, limit: int) -> dict[str, Any]:
    """The newest hits first: sessions whose names say it, then items. Errors: NothingToLookFor.

    An item has whole words, and phrases together; a session's title, folder, branch or id has each word anywhere, as a
    part of another too. No index finds parts of words on both engines, so sessions are read until enough are found.
    """
    phrases = phrases_of(query)
    limit = min(max(limit, 1), HITS_MAX)
    hits = (
        [] if filters.kind not in (None, "session") or filters.source else _sessions(database, phrases, filters, limit)
    )
    if filters.kind != "session":
        hits += _items(database, phrases, filters, limit + 1 - len(hits))
    return {"query": query, "hits": hits[:limit], "more": len(hits) > limit}


def _items(database: Database, phrases: tuple[Phrase, ...], filters: Filters, limit: int) -> list[dict[str, Any]]:
    if limit <= 0:
        return []
    where, params = _where(filters, _AT)
    if filters.kind:
        where, params = [*where, "i.kind = ?"], [*params, filters.kind]
    if filters.source:
        seen = "EXISTS (SELECT 1 FROM item_sources o WHERE o.item_row = i.id AND o.source = ?)"
        where, params = [*where, seen], [*params, filters.source]
    if database.dialect == "sqlite":
        source = f"item_search f JOIN {_FROM.replace('items i', 'items i ON i.id = f.rowid', 1)}"
        matches, asked = "item_search MATCH ?", [" AND ".join(map(_fts5, phrases))]
    else:
        source, matches = _FROM, " AND ".join(["i.words @@ to_tsquery('simple', ?)"] * len(phrases))
        asked = [_tsquery(phrase) for phrase in phrases]
    # First which, then what they say: sorting every match together with its text took ten times as long.
    which = f"""SELECT i.id, {_AT} AS at_ms FROM {source} WHERE {" AND ".join([matches, *where])}
        ORDER BY at_ms DESC, i.id DESC LIMIT ?"""
    ids = [row for row, _ in database.run(which, (*asked, *params, limit)).fetchall()]
    if not ids:
        return []
    what = f"""SELECT i.id, {_SHOWN}, substr(i.text, 1, {INDEXED_CHARS_MAX}) FROM {_FROM}
        WHERE i.id IN ({", ".join("?" * len(ids))})"""
    said = {row: (shown, text) for row, *shown, text in database.run(what, ids).fetchall()}
    return [_hit(*said[row], phrases) for row in ids]


def _sessions(database: Database, phrases: tuple[Phrase, ...], filters: Filters, limit: int) -> list[dict[str, Any]]:
    where, params = _where(filters, _AGE)
    said: list[Any] = []
    for phrase in phrases:
        for word in phrase.words:
            condition, pattern = anywhere(database.dialect, _NAMES, word)
            where, said = [*where, condition], [*said, pattern]
    sql = f"""SELECT s.tool, s.session_id, s.title, s.cwd, s.branch, NULL, NULL, 'session', {_AGE}, {_NAMES}
        FROM sessions s WHERE {" AND ".join(where)} ORDER BY {_AGE} DESC, s.id DESC LIMIT ?"""
    found = database.run(sql, (*params, *said, limit + 1)).fetchall()
    return [_hit(shown, names, phrases) for *shown, names in found]


def _hit(shown: list[Any], said: str, phrases: tuple[Phrase, ...]) -> dict[str, Any]:
    tool, session_id, title, cwd, branch, turn_id, item_id, kind, at_ms = shown
    snippet = snippet_of(said, phrases)
    return {
        "tool": tool,
        "session_id": session_id,
        "title": title,
        "cwd": cwd,
        "branch": branch,
        "turn_id": turn_id,
        "item_id": item_id,
        "type": kind,
        "at_ms": at_ms,
        "snippet": snippet.text,
        "marks": [list(mark) for mark in snippet.marks],
    }


def _where(filters: Filters, at: str) -> tuple[list[str], list[Any]]:
    """Conditions on sessions and times that both kinds of hits share."""
    where: list[str] = []
    params: list[Any] = []
    if filters.tool:
        where.append("s.tool = ?")
        params.append(filters.tool)
    if filters.session_id:
        where.append("s.session_id LIKE ? ESCAPE '!'")
        params.append(like(filters.session_id) + "%")
    if filters.since_ms is not None:
        where.append(f"{at} >= ?")
        params.append(filters.since_ms)
    if filters.until_ms is not None:
        where.append(f"{at} < ?")
        params.append(filters.until_ms)
    if filters.cwd:
        folder = filters.cwd.rstrip("/") or "/"
        below = like(folder.rstrip("/")) + "/%"
        where.append(
            "(s.cwd = ? OR s.cwd LIKE ? ESCAPE '!' OR EXISTS (SELECT 1 FROM link_places p"
            " WHERE p.session_row = s.id AND (p.root = ? OR p.root LIKE ? ESCAPE '!')))"
        )
        params += [folder, below, folder, below]
    return where or ["1 = 1"], params


def _fts5(phrase: Phrase) -> str:
    """Words are letters and digits: nothing in them has a meaning to FTS5 once they are quoted."""
    return '"' + " ".join(phrase.words) + '"' + ("*" if phrase.begins else "")


def _tsquery(phrase: Phrase) -> str:
    quoted = [f"'{word.lower()}'" for word in phrase.words]
    return " <-> ".join(quoted) + (":*" if phrase.begins else "")
