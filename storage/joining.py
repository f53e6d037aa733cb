"""Telemetry joined to the items and turns that it is about. Pure: rows in, plain dicts out.

A record of a tool call names the call, which is the item's id. Such ids may repeat in a session; then the record's turn
decides, by its id or by its trace, and else the item whose time is nearest. Times and decisions are taken from
telemetry, content never is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

RESULT, DECISION = "tool_result", "tool_decision"
_NUMBERS_MAX = 2**63 - 1


def join(turns: Sequence[dict[str, Any]], events: Sequence[Mapping[str, Any]]) -> None:
    """Add `telemetry` to those items of `turns` that an event is about, and `otlp` to where they were seen."""
    by_call: dict[str, list[tuple[dict[str, Any], dict[str, Any]]]] = {}
    for turn in turns:
        for item in turn["items"]:
            by_call.setdefault(item["item_id"], []).append((turn, item))
    for event in events:
        candidates = by_call.get(event["call_id"] or "", [])
        item = _item_of(event, candidates)
        if item is not None:
            _add(item, event)


def _item_of(
    event: Mapping[str, Any], candidates: Sequence[tuple[dict[str, Any], dict[str, Any]]]
) -> dict[str, Any] | None:
    of_turn = [
        item
        for turn, item in candidates
        if event["turn_id"] == turn["turn_id"] or (event["trace_id"] and event["trace_id"] == turn["trace_id"])
    ]
    found = of_turn or [item for _, item in candidates]
    return min(found, key=lambda item: _distance(item, event["at_ms"]), default=None)


def _distance(item: Mapping[str, Any], at_ms: int) -> int:
    start = item["started_at_ms"] or item["completed_at_ms"]
    end = item["completed_at_ms"] or start
    return 0 if start is None or start <= at_ms <= end else min(abs(at_ms - start), abs(at_ms - end))


def _add(item: dict[str, Any], event: Mapping[str, Any]) -> None:
    said = orjson.loads(event["body"])
    told = item.setdefault("telemetry", {})
    if "otlp" not in item["sources"]:
        item["sources"] = sorted([*item["sources"], "otlp"])
    if event["name"] == RESULT:
        duration = _whole(said.get("duration_ms"))
        told |= {"duration_ms": duration, "success": _flag(said.get("success"))}
        if item["completed_at_ms"] is None:
            item["completed_at_ms"] = event["at_ms"]
        if item["started_at_ms"] is None and duration is not None:
            item["started_at_ms"] = item["completed_at_ms"] - duration
    elif event["name"] == DECISION:
        told |= {"decision": said.get("decision"), "decided_by": said.get("source")}


def _whole(value: Any) -> int | None:
    """Claude writes these numbers as texts."""
    try:
        found = int(float(value))
    except (TypeError, ValueError, OverflowError):
        return None
    return found if abs(found) <= _NUMBERS_MAX else None


def _flag(value: Any) -> bool | None:
    return {"true": True, "false": False}.get(str(value).lower())
