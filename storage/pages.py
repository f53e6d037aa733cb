"""What a renderer reads of the store, a page at a time: one method per read command, on a connection of its own.

Everything is redacted already. A page is bounded in rows by the command and in bytes by the caller; `next` goes on
where it ended. Read `messages/renderer_reads.py` for the forms, `session_page.py` for one session, `paging.py` for what
a page is, `reader.py` for the command line's view of the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from messages import renderer_reads as say
from messages.renderer_words import Command, Data
from storage.config import Config
from storage.connection import Database
from storage.database import open_reader
from storage.paging import BadPage, cut, numbers, rows
from storage.patterns import anywhere
from storage.search import Filters, search
from storage.search_words import NothingToLookFor
from storage.session_page import AGE, SESSION, session_lines, session_page
from storage.trace_reader import TraceReader

TRACE_MESSAGES_MAX = 1_000
"""Of one trace or turn; `cut` says that there are more."""
_NAMES = (
    "coalesce(s.title,'')||' '||coalesce(s.cwd,'')||' '||coalesce(s.branch,'')||' '||coalesce(s.model,'')"
    "||' '||s.session_id"
)


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
            sql = f"SELECT {columns} FROM transitions ORDER BY id DESC LIMIT ?"
            found = rows(self._database, sql, asked.limit)[::-1]
        else:
            sql = f"SELECT {columns} FROM transitions WHERE id > ? ORDER BY id LIMIT ?"
            found = rows(self._database, sql, asked.after, asked.limit)
        return say.TransitionsData(
            transitions=tuple(
                say.TransitionLine(n=n, at_ms=at, kind=what, who=who, before=before, after=after, cause=cut(cause))
                for n, at, what, who, before, after, cause in found
            )
        )

    def _sessions(self, asked: say.GetSessions, _bytes: int) -> Data:
        where, params = ["1 = 1"], list[Any]()
        if asked.before is not None:
            where.append(f"({AGE}, s.id) < (?, ?)")
            params += numbers(asked.before, 2)
        if asked.tool is not None:
            where.append("s.tool = ?")
            params.append(asked.tool)
        if asked.query is not None:
            condition, pattern = anywhere(self._database.dialect, _NAMES, asked.query)
            where.append(condition)
            params.append(pattern)
        sql = f"SELECT {SESSION} FROM sessions s WHERE {' AND '.join(where)} ORDER BY {AGE} DESC, s.id DESC LIMIT ?"
        found = rows(self._database, sql, *params, asked.limit + 1)
        shown = found[: asked.limit]
        following = f"{shown[-1][7]}.{shown[-1][0]}" if len(found) > len(shown) else None
        return say.SessionsData(sessions=session_lines(self._database, shown), next=following)

    def _session(self, asked: say.GetSession, bytes_max: int) -> Data:
        return session_page(self._database, asked, bytes_max)

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
                    session_id=hit["session_id"], tool=hit["tool"], title=cut(hit["title"]), turn_id=hit["turn_id"],
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
        found = rows(self._database, sql, *params, asked.limit)
        return say.DecisionsData(
            entries=tuple(
                say.DecisionLine(
                    n=n, at_ms=at, source=source, session_id=session, turn_id=turn, item_id=item, kind=kind,
                    decision=decision, reason=cut(reason) or "",
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
            found = reader.turn(asked.turn_id, TRACE_MESSAGES_MAX + 1)
        else:
            found = reader.trace(asked.trace_id or "", TRACE_MESSAGES_MAX + 1)
        if not found:
            raise BadPage("no trace of it is kept: the history is bounded, and off when `traces` is")
        lines: list[say.TraceLine] = []
        size = 0
        for number, row in enumerate(found[:TRACE_MESSAGES_MAX], 1):
            line = _trace_line(number, row)
            size += len(line.model_dump_json(by_alias=True).encode()) + 1
            if size > bytes_max - 1_024:
                break
            lines.append(line)
        return say.TraceData(messages=tuple(lines), cut=len(lines) < len(found))


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
