"""Telemetry finds the item that it is about."""

from __future__ import annotations

import json
from typing import Any

from storage.joining import join


def item(item_id: str, start: int | None, end: int | None) -> dict[str, Any]:
    return {"item_id": item_id, "started_at_ms": start, "completed_at_ms": end, "sources": ["transcript"]}


def turn(turn_id: str, *items: dict[str, Any], trace_id: str | None = None) -> dict[str, Any]:
    return {"turn_id": turn_id, "trace_id": trace_id, "items": list(items)}


def event(call_id: str | None, at_ms: int = 50, name: str = "tool_result", **fields: Any) -> dict[str, Any]:
    body = fields.pop("body", {"duration_ms": "20", "success": "true"})
    base = {"turn_id": None, "trace_id": None, "call_id": call_id, "name": name, "at_ms": at_ms}
    return {**base, **fields, "body": json.dumps(body)}


def test_times_and_decisions_come_from_telemetry() -> None:
    call = item("c1", None, None)
    decided = {"decision": "accept", "source": "config"}
    join([turn("u1", call)], [event("c1"), event("c1", name="tool_decision", body=decided)])
    assert call["telemetry"] == {"duration_ms": 20, "success": True, "decision": "accept", "decided_by": "config"}
    assert (call["started_at_ms"], call["completed_at_ms"]) == (30, 50)
    assert call["sources"] == ["otlp", "transcript"]


def test_what_a_source_of_content_told_of_times_stands() -> None:
    call = item("c1", 1, 2)
    join([turn("u1", call)], [event("c1")])
    assert (call["started_at_ms"], call["completed_at_ms"]) == (1, 2)


def test_an_id_that_repeats_is_told_apart_by_turn_trace_or_time() -> None:
    first, second = item("c1", 10, 20), item("c1", 100, 120)
    turns = [turn("u1", first, trace_id="a"), turn("u2", second, trace_id="b")]
    join(turns, [event("c1", 15, trace_id="b", body={"duration_ms": 1})])
    assert second["telemetry"]["duration_ms"] == 1
    join(turns, [event("c1", 115, turn_id="u1", body={"duration_ms": 2})])
    assert first["telemetry"]["duration_ms"] == 2
    join(turns, [event("c1", 119, body={"duration_ms": 3})])
    assert second["telemetry"]["duration_ms"] == 3


def test_a_record_about_nothing_that_is_stored_changes_nothing() -> None:
    call = item("c1", 10, 20)
    join([turn("u1", call)], [event("other"), event(None)])
    assert "telemetry" not in call


def test_odd_numbers_are_unknown() -> None:
    call = item("c1", 10, 20)
    for odd in ("soon", None, [], "inf", 1e300):
        join([turn("u1", call)], [event("c1", body={"duration_ms": odd, "success": "maybe"})])
        assert call["telemetry"] == {"duration_ms": None, "success": None}
