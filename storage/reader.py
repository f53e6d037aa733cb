"""What is stored, for people: a read-only connection beside a live writer, or when no runtime runs at all.

Gives plain dicts ready for JSON. Everything in the file is redacted already. Each method sees one moment of the file.
"""

from __future__ import annotations

import functools
import operator
from pathlib import Path
from typing import Any

import orjson
from peewee import JOIN, Model, ModelSelect, fn

from storage import ledger as books
from storage import spending
from storage.account_models import AuditRow, DecisionRow, MetaRow, OffsetRow, TransitionRow
from storage.coverage import coverage_of, revision_of
from storage.database import open_reader
from storage.joining import join
from storage.models import EventRow, ItemRow, ItemSourceRow, ResponseRow, SessionRow, TurnRow, UsageRow
from storage.search import Filters, search

ROWS_MAX = 1_000
"""Rows that one list gives at most, whatever is asked for."""
ITEMS_MAX = 10_000
"""Items that one session gives at most; `truncated` says that there are more."""
EVENTS_MAX = 20_000
"""Telemetry records that one session is joined with at most."""


class Reader:
    """Looks at the store at `path`, a file or a DSN. A context manager; each thread gets a connection of its own.

    Errors when opened: NothingCaptured, WrongSchema, StoreCorrupt, StoreUnavailable; of each method: the last two.
    """

    def __init__(self, path: str | Path) -> None:
        self._database = open_reader(path)

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connection up."""
        self._database.close()

    def status(self) -> dict[str, Any]:
        """How much is stored, in which schema version, and when a probe last committed (ms since the epoch)."""
        with self._database.reading():
            meta = {row["key"]: row["value"] for row in self._all(MetaRow.select())}
            counts = {
                name: model.select().count(self._database)
                for name, model in (("sessions", SessionRow), ("turns", TurnRow), ("items", ItemRow))
            }
        probed = meta.get("probed_at_ms")
        return {
            "path": self._database.label,
            "schema_version": int(meta["schema_version"]),
            "probed_at_ms": None if probed is None else int(probed),
            **counts,
        }

    def sessions(self, limit: int = 50, offset: int = 0, query: str | None = None) -> list[dict[str, Any]]:
        """Sessions, newest first, with their counts. `query` is looked for in title, folder, branch, model and id."""
        turns = TurnRow.select(fn.COUNT(TurnRow.id)).where(TurnRow.session == SessionRow.id)
        items = TurnRow.select(fn.COALESCE(fn.SUM(TurnRow.item_count), 0)).where(TurnRow.session == SessionRow.id)
        last = TurnRow.select(TurnRow.status).where(TurnRow.session == SessionRow.id)
        last = last.order_by(TurnRow.id.desc()).limit(1)
        created = fn.COALESCE(SessionRow.created_at_ms, SessionRow.first_seen_ms)
        found = SessionRow.select(
            SessionRow, turns.alias("turn_count"), items.alias("item_count"), last.alias("last_status")
        )
        if query:
            names = (SessionRow.title, SessionRow.cwd, SessionRow.branch, SessionRow.model, SessionRow.session_id)
            anywhere = names[0].contains(query)
            for name in names[1:]:
                anywhere |= name.contains(query)
            found = found.where(anywhere)
        found = found.order_by(created.desc(), SessionRow.id.desc())
        with self._database.reading():
            return [_without(row, "id", "told") for row in self._all(_page(found, limit, offset))]

    def session(self, session_id: str, *, tool: str | None = None, bodies: bool = True) -> dict[str, Any] | None:
        """One session, what it spent, its turns, and each turn's usage and items; None when it is not stored.

        An item has type, status, text, revision, times, where it was seen, what telemetry says of it and, with
        `bodies`, its redacted JSON.
        """
        with self._database.reading():
            session = self._find(session_id, tool)
            if session is None:
                return None
            turns = self._turns(session["id"])
            items = self._items(session["id"], bodies)
            truncated = len(items) > ITEMS_MAX
            by_turn = {turn["id"]: turn for turn in turns}
            for item in items[:ITEMS_MAX]:
                by_turn[item.pop("turn")]["items"].append(item)
            usage = self._spent(session, turns)
            events = self._events(session["id"])
        join(turns, events[:EVENTS_MAX])
        return {
            **_without(session, "id", "told"),
            "usage": usage,
            "truncated": truncated or len(events) > EVENTS_MAX,
            "turns": [_without(turn, "id", "session", "start_source", "end_source") for turn in turns],
        }

    def coverage(self, session_id: str, *, tool: str | None = None) -> dict[str, Any] | None:
        """Which source saw which item of a session, and which of them are missing; None when it is not stored."""
        found = self.session(session_id, tool=tool, bodies=False)
        return None if found is None else coverage_of(found)

    def revisions(self, session_id: str, item_id: str, *, tool: str | None = None) -> list[dict[str, Any]]:
        """What an item said before and says now, each source's in order; empty when it is not stored. A revision that
        was not looked at has no content."""
        with self._database.reading():
            session = self._find(session_id, tool)
            wanted = (TurnRow.session == (session["id"] if session else -1)) & (ItemRow.item_id == item_id)
            current = self._all(ItemRow.select(ItemRow, TurnRow.turn_id).join(TurnRow).where(wanted))
            rows = {item["id"]: item for item in current}
            told = self._all(
                ItemSourceRow.select().where(ItemSourceRow.item.in_(list(rows))).order_by(ItemSourceRow.id)
            )
        return [revision_of(each, rows[each["item"]]) for each in told]

    def search(self, query: str, filters: Filters | None = None, limit: int = 20) -> dict[str, Any]:
        """Items that say all of `query`, newest first, and before them sessions whose names say it: tool, session,
        item, when, and a snippet with the places in it. Errors: NothingToLookFor."""
        with self._database.reading():
            return search(self._database, query, filters or Filters(), limit)

    def transitions(self, limit: int = 100) -> list[dict[str, Any]]:
        """The newest transitions, oldest of them first: in the order in which they happened."""
        return self._newest(TransitionRow, limit)

    def audit(self, limit: int = 100) -> list[dict[str, Any]]:
        """The newest audit rows, oldest of them first."""
        return self._newest(AuditRow, limit)

    def dedupe_log(
        self, limit: int = 100, session_id: str | None = None, decision: str | None = None
    ) -> list[dict[str, Any]]:
        """The newest decisions on items and turns, with their reasons, oldest of them first."""
        asked = [(DecisionRow.session_id, session_id), (DecisionRow.decision, decision)]
        wanted: list[Any] = [column == value for column, value in asked if value is not None]
        return self._newest(DecisionRow, limit, functools.reduce(operator.and_, wanted) if wanted else None)

    def ledger(self, run_id: str | None = None) -> dict[str, Any]:
        """The books of a run (the newest unless named): totals, balance, and rows per source and generation."""
        with self._database.reading():
            if run_id is None:
                newest = self._all(OffsetRow.select(OffsetRow.run_id).order_by(OffsetRow.id.desc()).limit(1))
                run_id = newest[0]["run_id"] if newest else None
            rows = [] if run_id is None else books.rows(self._database, run_id)
        return {"run_id": run_id, **books.status(rows).model_dump(), "rows": [row.as_dict() for row in rows]}

    def _find(self, session_id: str, tool: str | None) -> dict[str, Any] | None:
        wanted = SessionRow.session_id == session_id
        if tool is not None:
            wanted &= SessionRow.tool == tool
        found = self._all(SessionRow.select().where(wanted).order_by(SessionRow.id).limit(1))
        return found[0] if found else None

    def _turns(self, session_row: int) -> list[dict[str, Any]]:
        age = fn.COALESCE(TurnRow.started_at_ms, TurnRow.completed_at_ms, 0)
        turns = self._all(TurnRow.select().where(TurnRow.session == session_row).order_by(age, TurnRow.id))
        for turn in turns:
            turn["items"] = []
        return turns

    def _spent(self, session: dict[str, Any], turns: list[dict[str, Any]]) -> dict[str, Any] | None:
        """Give each turn its `usage`; gives that of the session."""
        streamed = {
            row["turn"]: row
            for row in self._all(UsageRow.select(UsageRow).join(TurnRow).where(TurnRow.session == session["id"]))
        }
        responses = self._all(ResponseRow.select().where(ResponseRow.session == session["id"]))
        by_turn: dict[int | None, list[dict[str, Any]]] = {}
        for row in responses:
            by_turn.setdefault(row["turn"], []).append(row)
        for turn in turns:
            usage = streamed.get(turn["id"])
            told = spending.of_turn(session["tool"], turn["status"], by_turn.get(turn["id"], []), usage)
            other = orjson.loads(usage["other"]) if usage and usage["other"] else {}
            turn["usage"] = None if told is None else {**told, **other}
        telemetry = [row for row in responses if not row["in_file"]]
        return spending.of_session(session["tool"], (turn["usage"] for turn in turns), by_turn.get(None, []), telemetry)

    def _events(self, session_row: int) -> list[dict[str, Any]]:
        """One more than EVENTS_MAX at most, of those that are about a tool call."""
        about = (EventRow.session == session_row) & EventRow.call_id.is_null(False)
        return self._all(EventRow.select().where(about).order_by(EventRow.at_ms, EventRow.id).limit(EVENTS_MAX + 1))

    def _items(self, session_row: int, bodies: bool) -> list[dict[str, Any]]:
        """One more than ITEMS_MAX at most."""
        seen = ItemSourceRow.select(self._database.joined(ItemSourceRow.source))
        seen = seen.where(ItemSourceRow.item == ItemRow.id)
        fields = [
            ItemRow.turn,
            ItemRow.item_id,
            ItemRow.ordinal,
            ItemRow.kind.alias("type"),
            ItemRow.status,
            ItemRow.started_at_ms,
            ItemRow.completed_at_ms,
            ItemRow.revision,
            ItemRow.content_hash,
            ItemRow.source,
            ItemRow.agent_id,
            ItemRow.text,
            seen.alias("sources"),
        ]
        found = ItemRow.select(*fields, *([ItemRow.body] if bodies else [])).join(TurnRow, JOIN.INNER)
        found = found.where(TurnRow.session == session_row).order_by(ItemRow.turn, ItemRow.ordinal).limit(ITEMS_MAX + 1)
        items = self._all(found)
        for item in items:
            item["sources"] = sorted((item["sources"] or "").split(","))
            if bodies:
                item["body"] = orjson.loads(item["body"])
        return items

    def _newest(self, model: type[Model], limit: int, where: Any = None) -> list[dict[str, Any]]:
        key: Any = model._meta.primary_key
        found = model.select() if where is None else model.select().where(where)
        with self._database.reading():
            return self._all(_page(found.order_by(key.desc()), limit, 0))[::-1]

    def _all(self, query: ModelSelect[Any]) -> list[dict[str, Any]]:
        return list(query.dicts().execute(self._database))


def _page(query: ModelSelect[Any], limit: int, offset: int) -> ModelSelect[Any]:
    return query.limit(min(max(limit, 0), ROWS_MAX)).offset(max(offset, 0))


def _without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}
