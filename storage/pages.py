"""What a renderer reads of the store, a page at a time: one method per read command, on a connection of its own.

Everything is redacted already. A page is bounded in rows by the command and in bytes by the caller; `next` goes on
where it ended. Read `messages/renderer_reads.py` for the forms, `reader.py` for the command line's view of the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, overload

from messages import renderer_reads as say
from messages.facade import RefusalCode
from messages.renderer_words import Command, Data
from storage import spending
from storage.config import Config
from storage.connection import Database
from storage.coverage import WHOLE
from storage.database import open_reader
from storage.links import NO_EVIDENCE
from storage.search import Filters, search
from storage.search_words import NothingToLookFor
from storage.trace_reader import TraceReader

TEXT_CHARS_MAX = 16_384
"""Of one item; the rest is in `hybrid-capture sessions show`."""
TURNS_MAX = 1_000
"""Turns of one session; `turnsCut` says that there are more."""
TRACE_MESSAGES_MAX = 1_000
"""Of one trace or turn; `cut` says that there are more."""
LINKS_MAX = 200
NAME_CHARS_MAX = 500
"""Of a title, a subject or a reason in a list."""

_AGE = "coalesce(s.created_at_ms, s.first_seen_ms)"
_SESSION = f"s.id, s.session_id, s.tool, s.title, s.cwd, s.branch, s.model, {_AGE}"
_NAMES = (
    "coalesce(s.title,'')||' '||coalesce(s.cwd,'')||' '||coalesce(s.branch,'')||' '||coalesce(s.model,'')"
    "||' '||s.session_id"
)
_TURN_AGE = "coalesce(t.started_at_ms, t.completed_at_ms, 0)"
_SPENT = tuple(say.UsageLine.model_fields)
_COUNTS = "input, cached, cache_written, output, reasoning, total, cost_usd_micros"


class BadPage(Exception):
    """What was asked for cannot be read. The text says why, in our own words."""

    def __init__(self, text: str, code: RefusalCode = "UNKNOWN_ID") -> None:
        super().__init__(text)
        self.code = code


class Pages:
    """Looks at the store at `path`, a file or a DSN, from one thread.

    Errors when opened: NothingCaptured, WrongSchema, StoreCorrupt, StoreUnavailable; of `read`: the last two (also when
    its deadline came), BadPage.
    """

    def __init__(self, path: str) -> None:
        self._database: Database = open_reader(path)

    def close(self) -> None:
        """Give the connection up."""
        self._database.close()

    def read(self, command: Command, due_s: float, bytes_max: int) -> Data:
        """The data of this command. `due_s` is on the monotonic clock."""
        self._database.give_up_at(due_s)
        if isinstance(command, say.GetTrace):
            return self._trace(command, bytes_max)
        with self._database.reading():
            return _READ[type(command)](self, command, bytes_max)

    # Lists.

    def _transitions(self, asked: say.GetTransitions, _bytes: int) -> Data:
        columns = "id, at_ms, what, who, before, after, cause"
        if asked.after is None:
            found = self._rows(f"SELECT {columns} FROM transitions ORDER BY id DESC LIMIT ?", asked.limit)[::-1]
        else:
            sql = f"SELECT {columns} FROM transitions WHERE id > ? ORDER BY id LIMIT ?"
            found = self._rows(sql, asked.after, asked.limit)
        return say.TransitionsData(
            transitions=tuple(
                say.TransitionLine(n=n, at_ms=at, kind=what, who=who, before=before, after=after, cause=_cut(cause))
                for n, at, what, who, before, after, cause in found
            )
        )

    def _sessions(self, asked: say.GetSessions, _bytes: int) -> Data:
        where, params = ["1 = 1"], list[Any]()
        if asked.before is not None:
            where.append(f"({_AGE}, s.id) < (?, ?)")
            params += _numbers(asked.before, 2)
        if asked.tool is not None:
            where.append("s.tool = ?")
            params.append(asked.tool)
        if asked.query is not None:
            names = (
                "coalesce(s.title,'')||' '||coalesce(s.cwd,'')||' '||coalesce(s.branch,'')||' '||coalesce(s.model,'')"
            )
            where.append(f"lower({names}||' '||s.session_id) LIKE ? ESCAPE '!'")
            params.append(f"%{_like(asked.query.lower())}%")
        sql = f"SELECT {_SESSION} FROM sessions s WHERE {' AND '.join(where)} ORDER BY {_AGE} DESC, s.id DESC LIMIT ?"
        found = self._rows(sql, *params, asked.limit + 1)
        shown = found[: asked.limit]
        following = f"{shown[-1][7]}.{shown[-1][0]}" if len(found) > len(shown) else None
        return say.SessionsData(sessions=self._session_lines(shown), next=following)

    def _session_lines(self, rows: Sequence[Sequence[Any]]) -> tuple[say.SessionLine, ...]:
        """The counts of all of them together: a query for each would take a thousand."""
        ids = [row[0] for row in rows]
        if not ids:
            return ()
        here = _places(ids)
        turns: dict[int, list[Sequence[Any]]] = {each: [] for each in ids}
        sql = f"""SELECT t.session_row, t.id, t.status, t.item_count, {_TURN_AGE}, coalesce(t.completed_at_ms, 0)
            FROM turns t WHERE t.session_row IN ({here}) ORDER BY t.id"""
        for row in self._rows(sql, *ids):
            turns[row[0]].append(row)
        spent = self._spent({row[0]: row[2] for row in rows}, {t[1]: t[2] for each in turns.values() for t in each})[1]
        sql = f"""SELECT session_row, count(*) FROM links WHERE state = 'linked' AND session_row IN ({here})
            GROUP BY session_row"""
        links = {session: count for session, count in self._rows(sql, *ids)}
        sql = f"""SELECT DISTINCT t.session_row, o.source FROM turns t JOIN items i ON i.turn_row = t.id
            JOIN item_sources o ON o.item_row = i.id WHERE t.session_row IN ({here})"""
        sources: dict[int, set[str]] = {each: set() for each in ids}
        for session, source in self._rows(sql, *ids):
            sources[session].add(source)
        return tuple(
            say.SessionLine(
                session_id=session_id, tool=tool, title=_cut(title), cwd=_cut(cwd), branch=_cut(branch),
                model=_cut(model), started_at_ms=at, turns=len(turns[row]), items=sum(t[3] for t in turns[row]),
                last_at_ms=max([at, *(max(t[4], t[5]) for t in turns[row])]),
                last_status=turns[row][-1][2] if turns[row] else None,
                tokens=(spent[row] or {}).get("total"), cost_usd_micros=(spent[row] or {}).get("cost_usd_micros"),
                links=links.get(row, 0), sources=tuple(sorted(sources[row])),
            )
            for row, session_id, tool, title, cwd, branch, model, at in rows
        )  # fmt: skip

    def _spent(
        self, tools: dict[int, str], status: dict[int, str | None]
    ) -> tuple[dict[int, spending.Figures | None], dict[int, spending.Figures | None]]:
        """What these turns spent, by turn, and what their sessions did (`tools` by session row)."""
        ids = list(tools)
        sql = f"""SELECT u.turn_row, t.session_row, u.input, u.cached, u.output, u.reasoning, u.total FROM usage u
            JOIN turns t ON t.id = u.turn_row WHERE t.session_row IN ({_places(ids)})"""
        streamed = {}
        of_turn: dict[int, int] = {}
        for turn, session, *counts in self._rows(sql, *ids):
            streamed[turn] = dict(zip(("input", "cached", "output", "reasoning", "total"), counts, strict=True))
            of_turn[turn] = session
        sql = f"""SELECT session_row, turn_row, in_file, {_COUNTS} FROM response_usage
            WHERE session_row IN ({_places(ids)})"""
        names = _COUNTS.split(", ")
        responses: dict[int, list[dict[str, Any]]] = {each: [] for each in ids}
        by_turn: dict[int, list[dict[str, Any]]] = {}
        for session, turn, in_file, *counts in self._rows(sql, *ids):
            row = {"in_file": in_file, "turn": turn, **dict(zip(names, counts, strict=True))}
            responses[session].append(row)
            if turn is not None:
                by_turn.setdefault(turn, []).append(row)
                of_turn[turn] = session
        turns = {
            turn: spending.of_turn(tools[session], status.get(turn), by_turn.get(turn, []), streamed.get(turn))
            for turn, session in of_turn.items()
            if session in tools
        }
        figures: dict[int, list[spending.Figures | None]] = {each: [] for each in ids}
        for turn, told in turns.items():
            figures[of_turn[turn]].append(told)
        return turns, {
            session: spending.of_session(
                tools[session],
                figures[session],
                [row for row in responses[session] if row["turn"] is None],
                [row for row in responses[session] if not row["in_file"]],
            )
            for session in ids
        }

    # One session.

    def _session(self, asked: say.GetSession, bytes_max: int) -> Data:
        sql = f"SELECT {_SESSION} FROM sessions s WHERE s.session_id = ? ORDER BY s.id LIMIT 1"
        found = self._rows(sql, asked.session_id)
        if not found:
            raise BadPage("no session with this id is stored")
        row, tool = found[0][0], found[0][2]
        first = asked.items_after is None
        sql = f"""SELECT t.id, t.turn_id, t.status, t.error, t.started_at_ms, t.completed_at_ms, t.item_count,
            t.trace_id FROM turns t WHERE t.session_row = ? ORDER BY {_TURN_AGE}, t.id LIMIT ?"""
        turns = self._rows(sql, row, TURNS_MAX + 1) if first else []
        by_turn, by_session = self._spent({row: tool}, {t[0]: t[2] for t in turns}) if first else ({}, {})
        spent = by_session.get(row)
        items, following = self._items(row, asked, bytes_max // 2)
        return say.SessionData(
            session=self._session_lines(found)[0],
            turns=tuple(
                say.TurnLine(
                    turn_id=turn_id, status=status, error=_cut(error), started_at_ms=started, completed_at_ms=completed,
                    items=count, trace_id=trace_id, tokens=(by_turn.get(turn) or {}).get("total"),
                    cost_usd_micros=(by_turn.get(turn) or {}).get("cost_usd_micros"),
                )
                for turn, turn_id, status, error, started, completed, count, trace_id in turns[:TURNS_MAX]
            ),
            turns_cut=len(turns) > TURNS_MAX,
            items=items,
            usage=None if spent is None else say.UsageLine(**{name: spent.get(name) for name in _SPENT}),
            coverage=self._coverage(row) if first else (),
            links=self._links(row) if first else (),
            link_reason=self._link_reason(row) if first else "",
            next=following,
        )  # fmt: skip

    def _items(self, row: int, asked: say.GetSession, bytes_max: int) -> tuple[tuple[say.ItemLine, ...], str | None]:
        where, params = "t.session_row = ?", [row]
        if asked.items_after is not None:
            where += f" AND ({_TURN_AGE}, t.id, i.ordinal, i.id) > (?, ?, ?, ?)"
            params += _numbers(asked.items_after, 4)
        sources = "SELECT o.source FROM item_sources o WHERE o.item_row = i.id"
        sql = f"""SELECT {_TURN_AGE}, t.id, i.ordinal, i.id, t.turn_id, i.item_id, i.kind, i.status,
            substr(i.text, 1, {TEXT_CHARS_MAX}), length(i.text), i.started_at_ms, i.completed_at_ms, i.revision
            FROM items i JOIN turns t ON t.id = i.turn_row WHERE {where}
            ORDER BY 1, 2, 3, 4 LIMIT ?"""
        found = self._rows(sql, *params, asked.limit + 1)
        lines: list[say.ItemLine] = []
        size = 0
        for _, _, _, item, turn_id, item_id, kind, status, text, length, started, completed, revision in found:
            line = say.ItemLine(
                turn_id=turn_id, item_id=item_id, kind=kind, status=status, text=text, cut=length > TEXT_CHARS_MAX,
                started_at_ms=started, completed_at_ms=completed, revision=revision,
                sources=tuple(sorted({source for (source,) in self._rows(sources.replace("i.id", "?"), item)})),
            )  # fmt: skip
            size += len(line.model_dump_json(by_alias=True).encode())
            if len(lines) == asked.limit or (lines and size > bytes_max):
                break
            lines.append(line)
        more = len(lines) < len(found)
        return tuple(lines), ".".join(map(str, found[len(lines) - 1][:4])) if more and lines else None

    def _coverage(self, row: int) -> tuple[say.CoverageLine, ...]:
        """Per source: items it saw, and items of turns it saw that others told and it did not (`coverage.py`)."""
        sql = """SELECT t.id, i.id, o.source FROM turns t JOIN items i ON i.turn_row = t.id
            JOIN item_sources o ON o.item_row = i.id WHERE t.session_row = ?"""
        saw: dict[int, set[str]] = {}
        items: dict[tuple[int, int], set[str]] = {}
        for turn, item, source in self._rows(sql, row):
            saw.setdefault(turn, set()).add(source)
            items.setdefault((turn, item), set()).add(source)
        seen: dict[str, int] = {}
        missing: dict[str, int] = {}
        for (turn, _), sources in items.items():
            for source in sources:
                seen[source] = seen.get(source, 0) + 1
            for source in (saw[turn] & WHOLE) - sources:
                missing[source] = missing.get(source, 0) + 1
        return tuple(
            say.CoverageLine(source=name, seen=seen[name], missing=missing.get(name, 0)) for name in sorted(seen)
        )

    def _links(self, row: int) -> tuple[say.LinkLine, ...]:
        sql = """SELECT l."commit", l.repo, l.method, l.score, l.state, l.reason, l.subject FROM links l
            WHERE l.session_row = ? ORDER BY l.committed_at_ms DESC, l.id DESC LIMIT ?"""
        return tuple(
            say.LinkLine(
                commit=commit, repository=repo, method=method, score=float(score), state=state,
                reason=_cut(reason) or "", subject=_cut(subject),
            )
            for commit, repo, method, score, state, reason, subject in self._rows(sql, row, LINKS_MAX)
        )  # fmt: skip

    def _link_reason(self, row: int) -> str:
        found = self._rows("SELECT reason FROM link_states WHERE session_row = ? AND state = 'unlinked'", row)
        known = self._rows("SELECT 1 FROM link_states WHERE session_row = ?", row)
        return _cut(found[0][0]) or "" if found else "" if known else NO_EVIDENCE

    # Finding.

    def _search(self, asked: say.SearchSessions, _bytes: int) -> Data:
        filters = Filters(
            tool=asked.tool, session_id=asked.session_id, kind=asked.kind, since_ms=asked.since_ms,
            until_ms=asked.until_ms, cwd=asked.cwd, source=asked.source,
        )  # fmt: skip
        try:
            found = search(self._database, asked.text, filters, asked.limit)
        except NothingToLookFor as error:
            raise BadPage(str(error), "BAD_COMMAND") from None
        return say.HitsData(
            hits=tuple(
                say.HitLine(
                    session_id=hit["session_id"], tool=hit["tool"], title=_cut(hit["title"]), turn_id=hit["turn_id"],
                    item_id=hit["item_id"], kind=hit["type"], snippet=hit["snippet"], at_ms=hit["at_ms"],
                    marks=tuple(tuple(mark) for mark in hit["marks"]),
                )
                for hit in found["hits"]
            ),
            more=found["more"],
        )  # fmt: skip

    def _decisions(self, asked: say.GetCodexStreamDedupeLog, _bytes: int) -> Data:
        where, params = ["1 = 1"], list[Any]()
        for column, value in (("session_id", asked.session_id), ("decision", asked.decision)):
            if value is not None:
                where.append(f"{column} = ?")
                params.append(value)
        sql = f"""SELECT id, at_ms, source, session_id, turn_id, item_id, kind, decision, reason FROM dedupe_log
            WHERE {" AND ".join(where)} ORDER BY id DESC LIMIT ?"""
        found = self._rows(sql, *params, asked.limit)
        return say.DecisionsData(
            entries=tuple(
                say.DecisionLine(
                    n=n, at_ms=at, source=source, session_id=session, turn_id=turn, item_id=item, kind=kind,
                    decision=decision, reason=_cut(reason) or "",
                )
                for n, at, source, session, turn, item, kind, decision, reason in found[::-1]
            )
        )  # fmt: skip

    def _trace(self, asked: say.GetTrace, bytes_max: int) -> Data:
        """Of a turn, every trace that has to do with it; as many messages as one answer carries."""
        if (asked.trace_id is None) == (asked.turn_id is None):
            raise BadPage("give exactly one of traceId and turnId", "BAD_COMMAND")
        reader = TraceReader(self._database)
        if asked.turn_id is not None:
            rows = reader.turn(asked.turn_id, TRACE_MESSAGES_MAX + 1)
        else:
            rows = reader.trace(asked.trace_id or "", TRACE_MESSAGES_MAX + 1)
        if not rows:
            raise BadPage("no trace of it is kept: the history is bounded, and off when `traces` is")
        lines: list[say.TraceLine] = []
        size = 0
        for number, row in enumerate(rows[:TRACE_MESSAGES_MAX], 1):
            line = _trace_line(number, row)
            size += len(line.model_dump_json(by_alias=True).encode()) + 1
            if size > bytes_max - 1_024:
                break
            lines.append(line)
        return say.TraceData(messages=tuple(lines), cut=len(lines) < len(rows))

    def _rows(self, sql: str, *params: Any) -> list[Sequence[Any]]:
        found: list[Sequence[Any]] = self._database.run(sql, params).fetchall()
        return found


_READ: dict[type[Command], Callable[[Pages, Any, int], Data]] = {
    say.GetTransitions: Pages._transitions,
    say.GetSessions: Pages._sessions,
    say.GetSession: Pages._session,
    say.SearchSessions: Pages._search,
    say.GetCodexStreamDedupeLog: Pages._decisions,
}


def _trace_line(number: int, row: dict[str, Any]) -> say.TraceLine:
    return say.TraceLine(
        n=number, trace_id=row["trace_id"], message_id=row["message_id"], cause_id=row["cause_id"], type=row["type"],
        sender=row["sender"], receiver=row["receiver"], at_us=row["anchor_us"] + row["at_us"],
        queued_us=None if row["sent_us"] is None else max(0, row["at_us"] - row["sent_us"]),
        handled_us=row["handled_us"], size=row["size"], outcome=row["outcome"],
    )  # fmt: skip


def config_of(config: Config) -> say.IngestConfigData:
    """What the config file chooses, as far as a renderer may know it: no path, no program, no DSN."""
    names = set(say.IngestConfig.model_fields) - {"stream_kill_switch"}
    chosen = {name: value for name, value in config.settings.items() if name in names}
    shown = say.IngestConfig(stream_kill_switch=config.kill_switch, **chosen)
    return say.IngestConfigData(config=shown, revision=config.revision, fault=config.fault)


def fitting(data: Data, bytes_max: int) -> str:
    """The data as JSON. Errors: BadPage when it is larger than one answer carries."""
    body = data.model_dump_json(by_alias=True)
    if len(body.encode()) > bytes_max:
        raise BadPage("this page does not fit one answer: ask for fewer rows", "TOO_LARGE")
    return body


@overload
def _cut(text: str) -> str: ...
@overload
def _cut(text: None) -> None: ...
@overload
def _cut(text: Any) -> Any: ...
def _cut(text: Any) -> Any:
    return None if text is None else text[:NAME_CHARS_MAX]


def _numbers(cursor: str, count: int) -> list[int]:
    parts = cursor.split(".")
    if len(parts) != count or not all(each.isascii() and each.isdigit() and len(each) <= 19 for each in parts):
        raise BadPage("this cursor is none of ours: begin at the first page", "BAD_COMMAND")
    return [int(each) for each in parts]


def _places(ids: Sequence[int]) -> str:
    return ", ".join("?" * len(ids))


def _like(text: str) -> str:
    """A LIKE pattern for a text as it stands, whatever is in it."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
