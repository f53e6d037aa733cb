"""Histories of messages for other programs: Chrome's trace-event JSON (Perfetto reads it), OTLP spans, JSON lines.

Pure. Sources: the "Trace Event Format" document of the Chrome project (phases X, M, s, f; `ts` and `dur` in µs), and
OTLP's JSON encoding (opentelemetry.io/docs/specs/otlp: ids in hex, 64-bit integers as texts, enums as numbers).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

Rows = Sequence[dict[str, Any]]

SERVICE = "hybrid-capture"
KIND_CONSUMER = 5
STATUS_OK, STATUS_ERROR = 1, 2
_BAD = ("refused", "faulted")


def chrome(rows: Rows) -> dict[str, Any]:
    """Trace-event JSON: a process for each run, a thread for each part, a slice for each handling, an arrow for each
    message from where it was sent to where it was handled."""
    events: list[dict[str, Any]] = []
    runs: dict[str, int] = {}
    threads: dict[tuple[int, str], int] = {}

    def place(run: str, party: str) -> tuple[int, int]:
        pid = runs.setdefault(run, len(runs) + 1)
        if (pid, party) not in threads:
            threads[(pid, party)] = len(threads) + 1
        return pid, threads[(pid, party)]

    for number, row in enumerate(rows, 1):
        pid, tid = place(row["run_id"], row["receiver"])
        events.append(
            {
                "ph": "X",
                "name": row["type"],
                "cat": "message",
                "ts": row["at_us"],
                "dur": row["handled_us"],
                "pid": pid,
                "tid": tid,
                "args": _about(row),
            }
        )
        if row["hop"] or row["sent_us"] != row["at_us"]:
            _, sender = place(row["run_id"], row["sender"])
            arrow = {"name": row["type"], "cat": "message", "id": number, "pid": pid}
            events.append({"ph": "s", "ts": row["sent_us"], "tid": sender, **arrow})
            events.append({"ph": "f", "bp": "e", "ts": row["at_us"], "tid": tid, **arrow})
    names: list[dict[str, Any]] = [
        {"ph": "M", "name": "process_name", "pid": pid, "tid": 0, "args": {"name": f"{SERVICE} {run}"}}
        for run, pid in runs.items()
    ]
    names += [
        {"ph": "M", "name": "thread_name", "pid": pid, "tid": tid, "args": {"name": party}}
        for (pid, party), tid in threads.items()
    ]
    return {"displayTimeUnit": "ms", "traceEvents": names + events}


def otlp(rows: Rows) -> dict[str, Any]:
    """OTLP spans: one for each handled message, a child of the one whose handling sent it."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[(row["run_id"], row["receiver"])].append(_span(row))
    return {
        "resourceSpans": [
            {
                "resource": {
                    "attributes": [
                        _text("service.name", SERVICE),
                        _text("service.instance.id", run),
                        _text("hybrid_capture.actor", party),
                    ]
                },
                "scopeSpans": [{"scope": {"name": "hybrid_capture.traces"}, "spans": spans}],
            }
            for (run, party), spans in groups.items()
        ]
    }


def _span(row: dict[str, Any]) -> dict[str, Any]:
    began = (row["at_us"] + row["anchor_us"]) * 1_000
    attributes = [
        _text("messaging.operation", "process"),
        _text("hybrid_capture.sender", row["sender"]),
        _text("hybrid_capture.outcome", row["outcome"]),
        _text("hybrid_capture.trace", row["trace_id"]),
        _text("hybrid_capture.message", row["message_id"]),
        *(_number(f"hybrid_capture.{name}", row[name]) for name in ("hop", "size", "queued_us")),
    ]
    for name in ("session_ids", "turn_ids", "item_ids"):
        if row[name]:
            attributes.append(_text(f"hybrid_capture.{name}", ",".join(row[name])))
    span = {
        "traceId": _hex(16, row["run_id"], row["trace_id"]),
        "spanId": _hex(8, row["run_id"], row["message_id"]),
        "name": row["type"],
        "kind": KIND_CONSUMER,
        "startTimeUnixNano": str(began),
        "endTimeUnixNano": str(began + row["handled_us"] * 1_000),
        "attributes": attributes,
        "status": {"code": STATUS_ERROR if row["outcome"] in _BAD else STATUS_OK},
    }
    if row["cause_id"]:
        span["parentSpanId"] = _hex(8, row["run_id"], row["cause_id"])
    return span


def _about(row: dict[str, Any]) -> dict[str, Any]:
    names = ("trace_id", "message_id", "cause_id", "hop", "sender", "size", "queued_us", "outcome")
    ids = ("session_ids", "turn_ids", "item_ids")
    return {name: row[name] for name in names} | {name: row[name] for name in ids if row[name]}


def _hex(size: int, *words: str) -> str:
    """An id that is the same for the same words; OTLP allows all but zeros, which no digest is."""
    return blake2b("\n".join(words).encode(), digest_size=size).hexdigest()


def _text(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}


def _number(key: str, value: int) -> dict[str, Any]:
    return {"key": key, "value": {"intValue": str(value)}}
