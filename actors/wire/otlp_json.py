"""OTLP/JSON: hex ids, 64-bit whole numbers as text or as numbers, unknown fields ignored.

The walk is ours: the protobuf library's JSON reader takes hex ids for base64 (16 bytes become 24, without an error) and
is ten times slower.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from actors.wire import lone_surrogates
from actors.wire.otlp import NESTING_MAX, NO_ID, TOO_DEEP, Attributes, Group, Record, Undecodable
from messages.otlp import Signal

_LISTS = {
    "logs": ("resourceLogs", "scopeLogs", "logRecords"),
    "traces": ("resourceSpans", "scopeSpans", "spans"),
    "metrics": ("resourceMetrics", "scopeMetrics", "metrics"),
}
_POINTS = ("sum", "gauge", "histogram", "exponentialHistogram", "summary")
_HEX = frozenset("0123456789abcdef")
_NUMBERS = {"NaN", "Infinity", "-Infinity"}


def read(signal: Signal, body: bytes) -> Iterator[Group]:
    """The groups of a request. Errors: Undecodable, at the call."""
    problem = ""
    document: Any = None
    try:
        document = lone_surrogates.loads(body)
    except orjson.JSONDecodeError:
        # Nothing is raised in here: the error carries the document, and would go along as the context.
        problem = "the body is not JSON"
    outer, middle, inner = _LISTS[signal]
    if not problem and not isinstance(document, dict):
        problem = "the body is not a JSON object"
    if not problem and not _lists(document, outer, middle, inner):
        problem = f"{outer}, {middle} and {inner} have to be lists of objects"
    if problem:
        raise Undecodable(problem)
    return _groups(document, outer, middle, inner)


def _lists(document: dict[str, Any], outer: str, middle: str, inner: str) -> bool:
    """Whether the skeleton is one: what is wrong with single records is told record by record."""
    for resource in _list(document, outer):
        if not isinstance(resource, dict):
            return False
        for scope in _list(resource, middle):
            if not isinstance(scope, dict) or _list(scope, inner) is _BROKEN:
                return False
    return True


_BROKEN: list[Any] = [None]


def _list(holder: dict[str, Any], name: str) -> list[Any]:
    found = holder.get(name)
    if found is None:
        return []
    return found if isinstance(found, list) else _BROKEN


def _groups(document: dict[str, Any], outer: str, middle: str, inner: str) -> Iterator[Group]:
    walk = {"logRecords": _logs, "spans": _spans, "metrics": _points}[inner]
    for resource in _list(document, outer):
        about = resource.get("resource")
        attributes = _attributes(about.get("attributes")) if isinstance(about, dict) else {}
        for scope in _list(resource, middle):
            named = scope.get("scope")
            name = _text(named.get("name")) if isinstance(named, dict) else ""
            yield Group(attributes, name, walk(_list(scope, inner)))


def _logs(found: list[Any]) -> Iterator[Record | None]:
    for one in found:
        if not isinstance(one, dict):
            yield None
            continue
        body = one.get("body")
        yield Record(
            attributes=_attributes(one.get("attributes")),
            name=_text(one.get("eventName")),
            text=_text(body.get("stringValue")) if isinstance(body, dict) else "",
            at_ns=_whole(one.get("timeUnixNano")),
            observed_ns=_whole(one.get("observedTimeUnixNano")),
            trace_id=_id(one.get("traceId")),
            span_id=_id(one.get("spanId")),
        )


def _spans(found: list[Any]) -> Iterator[Record | None]:
    for one in found:
        if not isinstance(one, dict):
            yield None
            continue
        extra: dict[str, Any] = {}
        events = [each for each in _list(one, "events") if isinstance(each, dict)]
        if events:
            extra["events"] = [
                {"name": _text(e.get("name")), "at_ns": _whole(e.get("timeUnixNano")),
                 "attributes": _attributes(e.get("attributes"))}
                for e in events
            ]  # fmt: skip
        status = one.get("status")
        if isinstance(status, dict) and status:
            extra["status"] = {"code": _whole(status.get("code")), "message": _text(status.get("message"))}
        yield Record(
            attributes=_attributes(one.get("attributes")),
            name=_text(one.get("name")),
            at_ns=_whole(one.get("startTimeUnixNano")),
            observed_ns=_whole(one.get("endTimeUnixNano")),
            trace_id=_id(one.get("traceId")),
            span_id=_id(one.get("spanId")),
            parent_id=_id(one.get("parentSpanId")),
            extra=extra,
        )


def _points(found: list[Any]) -> Iterator[Record | None]:
    for metric in found:
        if not isinstance(metric, dict):
            yield None
            continue
        for kind in _POINTS:
            data = metric.get(kind)
            if not isinstance(data, dict):
                continue
            for point in _list(data, "dataPoints"):
                if not isinstance(point, dict):
                    yield None
                    continue
                value = point.get("asDouble")
                extra = {"kind": kind, "unit": _text(metric.get("unit")),
                         "value": _whole(point.get("asInt")) if value is None else _double(value)}  # fmt: skip
                if "count" in point:
                    extra["value"] = _double(point.get("sum"))
                    extra["count"] = _whole(point.get("count"))
                yield Record(
                    attributes=_attributes(point.get("attributes")),
                    name=_text(metric.get("name")),
                    at_ns=_whole(point.get("startTimeUnixNano")),
                    observed_ns=_whole(point.get("timeUnixNano")),
                    extra=extra,
                )


def _attributes(found: Any) -> Attributes:
    attributes: Attributes = {}
    if not isinstance(found, list):
        return attributes
    for one in found:
        # Nearly every value is a text under a text, in objects: what raises here is looked at again, carefully. This
        # loop is a fifth of all decoding.
        try:
            value = one["value"]
            key, text = one["key"], value.get("stringValue")
        except (TypeError, KeyError, AttributeError):
            if not isinstance(one, dict):
                continue
            key, value, text = one.get("key"), one.get("value"), None
        if text.__class__ is str and key.__class__ is str:
            attributes[key] = text
        elif isinstance(key, str):
            attributes[key] = _value(value, 0)
    return attributes


def _value(value: Any, depth: int) -> Any:
    """A JSON value from OTLP's `AnyValue`; an empty one is null."""
    if not isinstance(value, dict):
        return None
    if depth >= NESTING_MAX:
        return TOO_DEEP
    for name, inner in value.items():
        if name == "stringValue":
            return _text(inner)
        if name == "boolValue":
            return inner if isinstance(inner, bool) else None
        if name == "intValue":
            return _whole(inner)
        if name == "doubleValue":
            return _double(inner)
        if name == "bytesValue":
            return _text(inner)
        if name == "arrayValue" and isinstance(inner, dict):
            return [_value(each, depth + 1) for each in _list(inner, "values")]
        if name == "kvlistValue" and isinstance(inner, dict):
            pairs = [each for each in _list(inner, "values") if isinstance(each, dict)]
            return {_text(each.get("key")): _value(each.get("value"), depth + 1) for each in pairs}
    return None


def _text(found: Any) -> str:
    return found if isinstance(found, str) else ""


def _whole(found: Any) -> int:
    """A whole number, also as text. Anything else is 0, OTLP's own default."""
    if isinstance(found, int) and not isinstance(found, bool):
        return found
    if isinstance(found, str) and len(found) <= 20:
        try:
            return int(found)
        except ValueError:
            return 0
    return 0


def _double(found: Any) -> float | str | None:
    """A number; what JSON has no number for stays a text."""
    if isinstance(found, int | float) and not isinstance(found, bool):
        return float(found)
    if isinstance(found, str):
        if found in _NUMBERS:
            return found
        try:
            return float(found)
        except ValueError:
            return None
    return None


def _id(found: Any) -> str:
    if not isinstance(found, str) or found in NO_ID:
        return ""
    lower = found.lower()
    return lower if len(lower) in (16, 32) and _HEX.issuperset(lower) else ""
