"""The history of messages, for people: one trace, one turn as a story, the newest traces; read beside a live writer.

Gives plain dicts ready for JSON. The table has no index: its 100,000 rows are read through in some 20 ms, which a
person who asks never notices, while an index would cost every row that is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from storage.connection import Database
from storage.database import open_reader
from storage.patterns import like

LIST_MAX = 1_000
"""Traces that one list gives at most, whatever is asked for."""
MESSAGES_MAX = 2_000
"""Messages of one story; `left_out` says how many more there are."""
TRACES_OF_A_TURN_MAX = 5_000

_FIELDS = (
    "id", "run_id", "receiver", "incarnation", "n", "message_id", "cause_id", "trace_id", "hop", "type", "sender",
    "sent_us", "at_us", "handled_us", "anchor_us", "size", "outcome", "session_ids", "turn_ids", "item_ids",
    "generation", "first_seq", "last_seq",
)  # fmt: skip
_ROWS = f"SELECT {', '.join(_FIELDS)} FROM traces WHERE {{where}} ORDER BY at_us, id LIMIT ?"
_HOLES = """SELECT run_id, receiver, incarnation, max(n) - min(n) + 1 - count(*) FROM traces
    GROUP BY run_id, receiver, incarnation HAVING max(n) - min(n) + 1 > count(*)"""
_FRAMES = "run_id = ? AND generation = ? AND type = 'FrameBatch' AND last_seq >= ? AND first_seq <= ?"
_SUMMARY = """SELECT run_id, trace_id, min(at_us), max(at_us + handled_us), max(anchor_us), count(*), max(hop),
    max(id) FROM traces {where} GROUP BY run_id, trace_id {having} ORDER BY max(id) DESC LIMIT ?"""


class TraceReader:
    """Looks at the traces of the store at `path`, a file or a DSN. A context manager.

    Errors when opened: NothingCaptured, WrongSchema, StoreCorrupt, StoreUnavailable; of each method: the last two.
    """

    def __init__(self, path: str | Path | Database) -> None:
        """`path` may be a reader's connection that is open already, and stays so."""
        self._database: Database = path if isinstance(path, Database) else open_reader(path)

    def __enter__(self) -> TraceReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connection up."""
        self._database.close()

    def trace(self, trace_id: str, limit: int = MESSAGES_MAX) -> list[dict[str, Any]]:
        """The messages of one trace in the order in which they were handled; empty when there is none."""
        with self._database.reading():
            return self._rows("trace_id = ?", (trace_id,), limit)

    def turn(self, turn_id: str, limit: int = MESSAGES_MAX) -> list[dict[str, Any]]:
        """One turn as a story: every trace that names it, and those that brought frames of it, in order."""
        with self._database.reading():
            named = self._rows(_names("turn_ids"), (_among(turn_id),), TRACES_OF_A_TURN_MAX)
            traces = {(row["run_id"], row["trace_id"]) for row in named}
            for row in named:
                if row["type"] == "KeepCheckpoint" and row["first_seq"] is not None:
                    brought = (row["run_id"], row["generation"], row["first_seq"], row["last_seq"])
                    found = self._database.run(f"SELECT DISTINCT run_id, trace_id FROM traces WHERE {_FRAMES}", brought)
                    traces |= {(run, trace) for run, trace in found.fetchall()}
            rows: list[dict[str, Any]] = []
            ids = sorted({trace for _, trace in traces})
            for begin in range(0, len(ids), 500):
                some = ids[begin : begin + 500]
                rows += self._rows(f"trace_id IN ({', '.join('?' * len(some))})", some, limit + 1)
        rows.sort(key=lambda row: (row["anchor_us"] + row["at_us"], row["id"]))
        return rows[:limit]

    def find(self, word: str) -> tuple[str, list[dict[str, Any]]]:
        """What a person means by a word: a trace, a turn, a message, or the beginning of the id of one.

        Gives `trace` or `turn` and its messages; `("", [])` when nothing fits.
        """
        if found := self.trace(word):
            return "trace", found
        if found := self.turn(word):
            return "turn", found
        start = f"{like(word)}%"
        with self._database.reading():
            for sql in (
                "SELECT trace_id FROM traces WHERE message_id = ? ORDER BY id DESC LIMIT 1",
                "SELECT trace_id FROM traces WHERE trace_id LIKE ? ESCAPE '!' ORDER BY id DESC LIMIT 1",
            ):
                row = self._database.run(sql, (word if "message_id" in sql else start,)).fetchone()
                if row:
                    return "trace", self._rows("trace_id = ?", (row[0],), MESSAGES_MAX)
            row = self._database.run(
                "SELECT turn_ids FROM traces WHERE turn_ids LIKE ? ESCAPE '!' ORDER BY id DESC LIMIT 1", (f"%,{start}",)
            ).fetchone()
        if row:
            turn = next(each for each in row[0].split(",") if each.startswith(word))
            return "turn", self.turn(turn)
        return "", []

    def recent(
        self,
        limit: int = 50,
        *,
        turn: str | None = None,
        kind: str | None = None,
        actor: str | None = None,
        outcome: str | None = None,
        since_ms: int | None = None,
    ) -> list[dict[str, Any]]:
        """Traces with a message that fits, newest first: where each began, what it named, how long it took.

        `since_ms` is a time of day, ms since the epoch; `actor` sent or received it.
        """
        where, params = _conditions(turn, kind, actor, outcome, since_ms)
        keys = f"SELECT DISTINCT trace_id FROM traces WHERE {where}" if params else ""
        sql = _SUMMARY.format(where=f"WHERE trace_id IN ({keys})" if keys else "", having="")
        with self._database.reading():
            found = self._database.run(sql, (*params, min(limit, LIST_MAX))).fetchall()
            return [self._summary(*row) for row in found]

    def _summary(
        self, run: str, trace: str, began: int, ended: int, anchor: int, count: int, hops: int, _: int
    ) -> dict[str, Any]:
        rows = self._rows("trace_id = ? AND run_id = ?", (trace, run), MESSAGES_MAX)
        outcomes = Counter(row["outcome"] for row in rows)
        return {
            "trace_id": trace,
            "run_id": run,
            "at_ms": (began + anchor) // 1000,
            "took_us": ended - began,
            "messages": count,
            "hops": hops,
            "first": rows[0]["type"],
            "last": rows[-1]["type"],
            "actors": list(dict.fromkeys(row["receiver"] for row in rows)),
            "outcomes": dict(outcomes),
            "turn_ids": list(dict.fromkeys(each for row in rows for each in row["turn_ids"])),
        }

    def last_row(self) -> int:
        """Number of the newest row; 0 without any."""
        with self._database.reading():
            (newest,) = self._database.run("SELECT coalesce(max(id), 0) FROM traces").fetchone()
        return int(newest)

    def after(self, row: int, limit: int) -> tuple[list[dict[str, Any]], int, int]:
        """Rows behind this one, oldest first; how many there are in all; and the number of the last of them."""
        with self._database.reading():
            count, last = self._database.run(
                "SELECT count(*), coalesce(max(id), ?) FROM traces WHERE id > ?", (row, row)
            ).fetchone()
            sql = f"SELECT {', '.join(_FIELDS)} FROM traces WHERE id > ? ORDER BY id LIMIT ?"
            rows = [_told(each) for each in self._database.run(sql, (row, limit)).fetchall()]
        return rows, int(count), int(last)

    def rows(self, limit: int, since_ms: int | None = None) -> list[dict[str, Any]]:
        """The newest messages of all traces, oldest first, for an export."""
        where, params = _conditions(None, None, None, None, since_ms)
        sql = f"SELECT {', '.join(_FIELDS)} FROM traces WHERE {where} ORDER BY id DESC LIMIT ?"
        with self._database.reading():
            found = self._database.run(sql, (*params, limit)).fetchall()
        return [_told(each) for each in reversed(found)]

    def missed(self) -> dict[str, int]:
        """Rows that were lost, by who had them: their numbers are missing in what is kept."""
        with self._database.reading():
            holes = self._database.run(_HOLES).fetchall()
        lost: Counter[str] = Counter()
        for _, receiver, incarnation, count in holes:
            lost[f"{receiver}{incarnation}"] += int(count)
        return dict(lost)

    def count(self) -> int:
        """Messages that are kept."""
        with self._database.reading():
            return int(self._database.run("SELECT count(*) FROM traces").fetchone()[0])

    def _rows(self, where: str, params: Sequence[Any], limit: int) -> list[dict[str, Any]]:
        found = self._database.run(_ROWS.format(where=where), (*params, limit)).fetchall()
        return [_told(row) for row in found]


def _conditions(
    turn: str | None, kind: str | None, actor: str | None, outcome: str | None, since_ms: int | None
) -> tuple[str, tuple[Any, ...]]:
    parts: list[str] = []
    params: list[Any] = []
    if turn is not None:
        parts.append(_names("turn_ids"))
        params.append(_among(turn))
    for column, value in (("type", kind), ("outcome", outcome)):
        if value is not None:
            parts.append(f"{column} = ?")
            params.append(value)
    if actor is not None:
        parts.append("(receiver = ? OR sender = ?)")
        params += [actor, actor]
    if since_ms is not None:
        parts.append("at_us + anchor_us >= ?")
        params.append(since_ms * 1000)
    return " AND ".join(parts) or "1 = 1", tuple(params)


def _names(column: str) -> str:
    return f"{column} LIKE ? ESCAPE '!'"


def _among(word: str) -> str:
    """A LIKE pattern for one of several with commas between."""
    return f"%,{like(word)},%"


def _told(row: Sequence[Any]) -> dict[str, Any]:
    told = dict(zip(_FIELDS, row, strict=True))
    told["queued_us"] = told["at_us"] - told["sent_us"]
    told["at_ms"] = (told["at_us"] + told["anchor_us"]) // 1000
    for name in ("session_ids", "turn_ids", "item_ids"):
        told[name] = [each for each in (told[name] or "").split(",") if each]
    return told
