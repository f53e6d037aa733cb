"""Words for telling what a stager sends, and for looking at what the store made of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from messages.baseline import EventSeen, FilePosition, KeepRecords, ResponseUsage
from messages.records import FinalItem, KeepCheckpoint, SessionSeen, StagedItem, StageLoss, StageOpened, TurnSeen
from messages.status import Transition
from storage.redacting.finding import Finding, Redacted
from storage.store import Kept, Store

SECRET = "hunter2-hunter2"
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Where an fsync costs nothing: for tests that make many small stores."""
HIDDEN = "[REDACTED:test]"


class FakeRedaction:
    """Hides SECRET, fails on EXPLODE: fast and predictable, with the shape of `storage.redaction`."""

    def redact(self, text: str) -> Redacted:
        if "EXPLODE" in text:
            raise RuntimeError("the scanner broke")
        if "FAIL" in text:
            return Redacted("[REDACTED:error]", (Finding("error", 0, len(text)),))
        return Redacted(text.replace(SECRET, HIDDEN))

    def redact_json(self, value: Any, *, rules: list[str] | None = None) -> Any:
        if isinstance(value, dict):
            return {self.redact_json(k, rules=rules): self.redact_json(v, rules=rules) for k, v in value.items()}
        if isinstance(value, list):
            return [self.redact_json(one, rules=rules) for one in value]
        if not isinstance(value, str):
            return value
        found = self.redact(value)
        if rules is not None:
            rules += [finding.rule for finding in found.findings]
        return found.text


def open_store(place: Path | str, run_id: str = "r1", **options: Any) -> Store:
    """`place`: a folder for a file, or the path or DSN of a store."""
    where = place / "capture.sqlite3" if isinstance(place, Path) else place
    return Store(where, run_id=run_id, redaction=FakeRedaction(), **options)


def message(item_id: str, text: str = "hello", *, turn: str = "u1", session: str = "t1", **fields: Any) -> FinalItem:
    body = fields.pop("body", None) or json.dumps({"type": "agentMessage", "id": item_id, "text": text})
    base: dict[str, Any] = {
        "session_id": session,
        "turn_id": turn,
        "item_id": item_id,
        "kind": "agentMessage",
        "status": None,
        "started_at_ms": 10,
        "completed_at_ms": 20,
        "body": body,
    }
    return FinalItem(**{**base, **fields})


def turn(status: Any = None, *, turn: str = "u1", session: str = "t1", frames: int = 1, **fields: Any) -> TurnSeen:
    return TurnSeen(session_id=session, turn_id=turn, status=status, frames=frames, **fields)


def thread(session: str = "t1", frames: int = 1, **fields: Any) -> SessionSeen:
    return SessionSeen(session_id=session, frames=frames, **fields)


def staged(item_id: str, frames: int, *, turn: str = "u1", session: str = "t1", size: int = 0) -> StagedItem:
    return StagedItem(
        session_id=session, turn_id=turn, item_id=item_id, kind="agentMessage", frames=frames, bytes_count=size
    )


def loss(item_id: str, frames: int, reason: str, *, turn: str = "u1", session: str = "t1", size: int = 7) -> StageLoss:
    return StageLoss(
        session_id=session,
        turn_id=turn,
        item_id=item_id,
        kind="agentMessage",
        frames=frames,
        bytes_count=size,
        reason=reason,
    )


class Stream:
    """A stager that talks to a store: numbers its checkpoints and knows where it stands."""

    def __init__(self, store: Store, generation: int = 1, stager: int = 1) -> None:
        self.store = store
        self.generation = generation
        self.stager = stager
        self.through = store.open_stage(StageOpened(generation=generation, stager=stager), 1).through_seq

    def checkpoint(self, frames: int, **fields: Any) -> KeepCheckpoint:
        """The next checkpoint over `frames` frames, not sent yet."""
        for name in ("sessions", "turns", "items", "losses", "staged", "audit"):
            fields[name] = tuple(fields.get(name, ()))
        return KeepCheckpoint(
            generation=self.generation,
            stager=self.stager,
            first_seq=self.through + 1,
            last_seq=self.through + frames,
            **fields,
        )

    def send(self, frames: int, **fields: Any) -> Kept[Any]:
        kept = self.store.keep_checkpoint(self.checkpoint(frames, **fields), fields.pop("at_ms", 1))
        self.through = kept.reply.through_seq
        return kept


def step(seq: int, cause: str = "because") -> Transition:
    """The transition of this number."""
    return Transition(
        seq=seq,
        what="mode",
        who="mode",
        before="OTEL_ONLY",
        after="HYBRID_ACTIVE",
        cause=cause,
        at_ms=seq,
        monotonic_ms=seq,
    )


class Files:
    """A baseline that talks to a store: numbers its messages and counts what they cover."""

    def __init__(self, store: Store, source: Any = "rollout", tool: Any = "codex", incarnation: int = 1) -> None:
        self.store, self.source, self.tool, self.incarnation, self.n = store, source, tool, incarnation, 0

    def message(self, **fields: Any) -> KeepRecords:
        """The next message, not sent yet; `received` is what its records say unless given."""
        self.n += 1
        for name in ("sessions", "turns", "items", "usage", "events", "audit"):
            fields[name] = tuple(fields.get(name, ()))
        counted = [each for name in ("sessions", "turns", "items", "usage", "events") for each in fields[name]]
        frames = sum(each.frames for each in counted) + sum(fields.get("counts", {}).values())
        base: dict[str, Any] = {"tool": self.tool, "source": self.source, "received": frames}
        return KeepRecords(incarnation=self.incarnation, n=self.n, **{**base, **fields})

    def send(self, at_ms: int = 1, **fields: Any) -> Kept[Any]:
        return self.store.keep_records(self.message(**fields), at_ms)


def response(response_id: str, *, session: str = "t1", turn: str | None = "u1", **fields: Any) -> ResponseUsage:
    return ResponseUsage(session_id=session, turn_id=turn, response_id=response_id, **fields)


def event(key: str, name: str = "api_request", *, session: str = "t1", at_ms: int = 5, **fields: Any) -> EventSeen:
    body = fields.pop("body", "{}")
    return EventSeen(session_id=session, key=key, name=name, at_ms=at_ms, body=body, **fields)


def position(offset: int, from_offset: int = 0, **fields: Any) -> FilePosition:
    base: dict[str, Any] = {"path": "/w/a.jsonl", "device": 1, "inode": 2, "size": max(offset, 100), "head": "h1"}
    return FilePosition(offset=offset, from_offset=from_offset, **{**base, **fields})


def rows(store: Store, sql: str, *params: Any) -> list[tuple[Any, ...]]:
    return store._database.run(sql, params).fetchall()


CANONICAL = {
    "sessions": 'SELECT tool, session_id, cwd, branch, "commit", model, title, cli_version, path, created_at_ms,'
    " first_seen_ms, source, forked_from, told FROM sessions",
    "turns": "SELECT s.session_id, t.turn_id, t.status, t.error, t.started_at_ms, t.completed_at_ms, t.duration_ms,"
    " t.item_count, t.result_item_id, t.trace_id, t.start_source, t.end_source"
    " FROM turns t JOIN sessions s ON s.id = t.session_row",
    "items": "SELECT s.session_id, t.turn_id, i.item_id, i.ordinal, i.kind, i.status, i.started_at_ms,"
    " i.completed_at_ms, i.revision, i.content_hash, i.text, i.body, i.source, i.agent_id"
    " FROM items i JOIN turns t ON t.id = i.turn_row"
    " JOIN sessions s ON s.id = t.session_row",
    "usage": "SELECT s.session_id, t.turn_id, u.source, u.input, u.cached, u.output, u.reasoning, u.total, u.other"
    " FROM usage u JOIN turns t ON t.id = u.turn_row JOIN sessions s ON s.id = t.session_row",
    "response_usage": "SELECT s.session_id, t.turn_id, r.response_id, r.model, r.at_ms, r.input, r.cached,"
    " r.cache_written, r.output, r.reasoning, r.total, r.cost_usd_micros, r.in_file, r.in_telemetry"
    " FROM response_usage r JOIN sessions s ON s.id = r.session_row LEFT JOIN turns t ON t.id = r.turn_row",
    "events": "SELECT s.session_id, e.key, e.turn_id, e.name, e.at_ms, e.sequence, e.trace_id, e.call_id, e.body"
    " FROM events e JOIN sessions s ON s.id = e.session_row",
}


def canonical_rows(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """What is stored of sessions, by their own names: row ids say only in which order rows were made."""
    return {table: sorted(rows(store, sql), key=repr) for table, sql in CANONICAL.items()}


def raw_rows(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """The same tables column for column, row ids included."""
    return {table: rows(store, f"SELECT * FROM {table} ORDER BY id") for table in CANONICAL}


def every_row(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Everything there is, table by table; a full-text index is derived and left out."""
    tables = sorted(name for name in store._database.tables() if not name.startswith(("sqlite_", "search")))
    return {table: sorted(rows(store, f"SELECT * FROM {table}"), key=repr) for table in tables}


def dispositions(store: Store) -> dict[str, int]:
    return store.ledger().dispositions


def whole_file(folder: Path) -> bytes:
    """Every byte that the store has on disk."""
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file())


def texts(store: Store, kinds: Iterable[str] = ()) -> list[tuple[str, str]]:
    wanted = tuple(kinds)
    return [row for row in rows(store, "SELECT kind, text FROM audit ORDER BY id") if not wanted or row[0] in wanted]
