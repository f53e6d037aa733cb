"""Sessions as a renderer reads them: a line of the list, and one of them with its turns, items, coverage and links.

A long session comes a page of items at a time; what is told of the whole session comes with the first page alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from messages import renderer_reads as say
from storage.connection import Database
from storage.coverage import WHOLE
from storage.links import NO_EVIDENCE
from storage.paging import BadPage, cut, numbers, places, rows
from storage.spending_reader import spent_by

TEXT_CHARS_MAX = 16_384
"""Of one item; the rest is in `hybrid-capture sessions show`."""
TURNS_MAX = 1_000
"""Turns of one session; `turnsCut` says that there are more."""
LINKS_MAX = 200
"""Links of one session; those of the newest commits."""

AGE = "coalesce(s.created_at_ms, s.first_seen_ms)"
SESSION = f"s.id, s.session_id, s.tool, s.title, s.cwd, s.branch, s.model, {AGE}"
"""The columns that `session_lines` takes of `sessions s`."""

_TURN_AGE = "coalesce(t.started_at_ms, t.completed_at_ms, 0)"
_SPENT = tuple(say.UsageLine.model_fields)


def session_lines(database: Database, found: Sequence[Sequence[Any]]) -> tuple[say.SessionLine, ...]:
    """The counts of all of them together: a query for each would take a thousand."""
    ids = [row[0] for row in found]
    if not ids:
        return ()
    here = places(ids)
    turns: dict[int, list[Sequence[Any]]] = {each: [] for each in ids}
    sql = f"""SELECT t.session_row, t.id, t.status, t.item_count, {_TURN_AGE}, coalesce(t.completed_at_ms, 0)
        FROM turns t WHERE t.session_row IN ({here}) ORDER BY t.id"""
    for row in rows(database, sql, *ids):
        turns[row[0]].append(row)
    spent = spent_by(
        database, {row[0]: row[2] for row in found}, {t[1]: t[2] for each in turns.values() for t in each}
    )[1]
    sql = f"""SELECT session_row, count(*) FROM links WHERE state = 'linked' AND session_row IN ({here})
        GROUP BY session_row"""
    links = {session: count for session, count in rows(database, sql, *ids)}
    sql = f"""SELECT DISTINCT t.session_row, o.source FROM turns t JOIN items i ON i.turn_row = t.id
        JOIN item_sources o ON o.item_row = i.id WHERE t.session_row IN ({here})"""
    sources: dict[int, set[str]] = {each: set() for each in ids}
    for session, source in rows(database, sql, *ids):
        sources[session].add(source)
    return tuple(
        say.SessionLine(
            session_id=session_id, tool=tool, title=cut(title), cwd=cut(cwd), branch=cut(branch),
            model=cut(model), started_at_ms=at, turns=len(turns[row]), items=sum(t[3] for t in turns[row]),
            last_at_ms=max([at, *(max(t[4], t[5]) for t in turns[row])]),
            last_status=turns[row][-1][2] if turns[row] else None,
            tokens=(spent[row] or {}).get("total"), cost_usd_micros=(spent[row] or {}).get("cost_usd_micros"),
            links=links.get(row, 0), sources=tuple(sorted(sources[row])),
        )
        for row, session_id, tool, title, cwd, branch, model, at in found
    )  # fmt: skip


def session_page(database: Database, asked: say.GetSession, bytes_max: int) -> say.SessionData:
    """One session, with as many items as the command and `bytes_max` allow. Errors: BadPage when it is not stored."""
    sql = f"SELECT {SESSION} FROM sessions s WHERE s.session_id = ? ORDER BY s.id LIMIT 1"
    found = rows(database, sql, asked.session_id)
    if not found:
        raise BadPage("no session with this id is stored")
    row, tool = found[0][0], found[0][2]
    first = asked.items_after is None
    sql = f"""SELECT t.id, t.turn_id, t.status, t.error, t.started_at_ms, t.completed_at_ms, t.item_count,
        t.trace_id FROM turns t WHERE t.session_row = ? ORDER BY {_TURN_AGE}, t.id LIMIT ?"""
    turns = rows(database, sql, row, TURNS_MAX + 1) if first else []
    by_turn, by_session = spent_by(database, {row: tool}, {t[0]: t[2] for t in turns}) if first else ({}, {})
    spent = by_session.get(row)
    items, following = _items(database, row, asked, bytes_max // 2)
    return say.SessionData(
        session=session_lines(database, found)[0],
        turns=tuple(
            say.TurnLine(
                turn_id=turn_id, status=status, error=cut(error), started_at_ms=started, completed_at_ms=completed,
                items=count, trace_id=trace_id, tokens=(by_turn.get(turn) or {}).get("total"),
                cost_usd_micros=(by_turn.get(turn) or {}).get("cost_usd_micros"),
            )
            for turn, turn_id, status, error, started, completed, count, trace_id in turns[:TURNS_MAX]
        ),
        turns_cut=len(turns) > TURNS_MAX,
        items=items,
        usage=None if spent is None else say.UsageLine(**{name: spent.get(name) for name in _SPENT}),
        coverage=_coverage(database, row) if first else (),
        links=_links(database, row) if first else (),
        link_reason=_link_reason(database, row) if first else "",
        next=following,
    )  # fmt: skip


def _items(
    database: Database, row: int, asked: say.GetSession, bytes_max: int
) -> tuple[tuple[say.ItemLine, ...], str | None]:
    where, params = "t.session_row = ?", [row]
    if asked.items_after is not None:
        where += f" AND ({_TURN_AGE}, t.id, i.ordinal, i.id) > (?, ?, ?, ?)"
        params += numbers(asked.items_after, 4)
    sources = "SELECT o.source FROM item_sources o WHERE o.item_row = ?"
    sql = f"""SELECT {_TURN_AGE}, t.id, i.ordinal, i.id, t.turn_id, i.item_id, i.kind, i.status,
        substr(i.text, 1, {TEXT_CHARS_MAX}), length(i.text), i.started_at_ms, i.completed_at_ms, i.revision
        FROM items i JOIN turns t ON t.id = i.turn_row WHERE {where}
        ORDER BY 1, 2, 3, 4 LIMIT ?"""
    found = rows(database, sql, *params, asked.limit + 1)
    lines: list[say.ItemLine] = []
    size = 0
    for _, _, _, item, turn_id, item_id, kind, status, text, length, started, completed, revision in found:
        line = say.ItemLine(
            turn_id=turn_id, item_id=item_id, kind=kind, status=status, text=text, cut=length > TEXT_CHARS_MAX,
            started_at_ms=started, completed_at_ms=completed, revision=revision,
            sources=tuple(sorted({source for (source,) in rows(database, sources, item)})),
        )  # fmt: skip
        size += len(line.model_dump_json(by_alias=True).encode())
        if len(lines) == asked.limit or (lines and size > bytes_max):
            break
        lines.append(line)
    more = len(lines) < len(found)
    return tuple(lines), ".".join(map(str, found[len(lines) - 1][:4])) if more and lines else None


def _coverage(database: Database, row: int) -> tuple[say.CoverageLine, ...]:
    """Per source: items it saw, and items of turns it saw that others told and it did not (`coverage.py`)."""
    sql = """SELECT t.id, i.id, o.source FROM turns t JOIN items i ON i.turn_row = t.id
        JOIN item_sources o ON o.item_row = i.id WHERE t.session_row = ?"""
    saw: dict[int, set[str]] = {}
    items: dict[tuple[int, int], set[str]] = {}
    for turn, item, source in rows(database, sql, row):
        saw.setdefault(turn, set()).add(source)
        items.setdefault((turn, item), set()).add(source)
    seen: dict[str, int] = {}
    missing: dict[str, int] = {}
    for (turn, _), sources in items.items():
        for source in sources:
            seen[source] = seen.get(source, 0) + 1
        for source in (saw[turn] & WHOLE) - sources:
            missing[source] = missing.get(source, 0) + 1
    return tuple(say.CoverageLine(source=name, seen=seen[name], missing=missing.get(name, 0)) for name in sorted(seen))


def _links(database: Database, row: int) -> tuple[say.LinkLine, ...]:
    sql = """SELECT l."commit", l.repo, l.method, l.score, l.state, l.reason, l.subject FROM links l
        WHERE l.session_row = ? ORDER BY l.committed_at_ms DESC, l.id DESC LIMIT ?"""
    return tuple(
        say.LinkLine(
            commit=commit, repository=repo, method=method, score=float(score), state=state,
            reason=cut(reason) or "", subject=cut(subject),
        )
        for commit, repo, method, score, state, reason, subject in rows(database, sql, row, LINKS_MAX)
    )  # fmt: skip


def _link_reason(database: Database, row: int) -> str:
    found = rows(database, "SELECT reason FROM link_states WHERE session_row = ? AND state = 'unlinked'", row)
    known = rows(database, "SELECT 1 FROM link_states WHERE session_row = ?", row)
    return cut(found[0][0]) or "" if found else "" if known else NO_EVIDENCE
