"""Telemetry in the shapes that claude 2.1 and codex 0.169 send, in JSON and in protobuf of the same content.

A record is written once as a plain value and encoded at the end. Never here: HTTP (`exporter.py`), what is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import orjson
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from chaos.traffic.truth import Owner
from messages.otlp import Encoding, Signal

SERVICES = {"claude": "claude-code", "codex": "codex_cli_rs"}
VERSIONS = {"claude": "2.1.332", "codex": "0.169.0"}
SCOPES = {"claude": "com.anthropic.claude_code.events", "codex": "codex_otel.log_only"}
Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Record:
    """One record, span or point. `stored` is false for what capture counts and does not keep."""

    signal: Signal
    owner: Owner
    number: int
    name: str
    at_ms: int
    attributes: dict[str, Value]
    trace: str = ""
    """32 hex digits, or empty."""
    stored: bool = True


def claude_record(
    owner: Owner, number: int, at_ms: int, event: str, sequence: int, prompt: str, **more: Value
) -> Record:
    """A log record of Claude Code; `__` in a name stands for a dot."""
    common: dict[str, Value] = {
        "user.id": "5be1bb", "session.id": owner.session, "terminal.type": "xterm", "event.name": event,
        "event.sequence": sequence, "prompt.id": prompt, "number": str(number),
    }  # fmt: skip
    return Record("logs", owner, number, f"claude_code.{event}", at_ms, {**common, **_dotted(more)})


def codex_record(
    owner: Owner, number: int, at_ms: int, event: str, trace: str, stored: bool = True, **more: Value
) -> Record:
    """A log record of Codex: no `timeUnixNano`, no turn, texts for numbers."""
    common: dict[str, Value] = {
        "event.name": f"codex.{event}", "conversation.id": owner.session, "app.version": VERSIONS["codex"],
        "originator": "codex_exec", "terminal.type": "xterm", "model": "gpt-5.5", "number": str(number),
    }  # fmt: skip
    return Record("logs", owner, number, "", at_ms, {**common, **_dotted(more)}, trace, stored)


def claude_span(owner: Owner, number: int, at_ms: int, trace: str) -> Record:
    """The span of a whole turn (beta)."""
    given: dict[str, Value] = {"session.id": owner.session, "span.type": "interaction", "number": str(number)}
    return Record("traces", owner, number, "claude_code.interaction", at_ms, given, trace)


def claude_point(owner: Owner, number: int, at_ms: int) -> Record:
    """A point of a metric: a delta, of which nothing is added up."""
    given: dict[str, Value] = {"session.id": owner.session, "type": "input", "number": str(number)}
    return Record("metrics", owner, number, "claude_code.token.usage", at_ms, given)


def _dotted(given: dict[str, Value]) -> dict[str, Value]:
    return {name.replace("__", "."): value for name, value in given.items()}


def encoded(records: Sequence[Record], encoding: Encoding) -> bytes:
    """One request with these records, which are of one tool and one signal."""
    signal, tool = records[0].signal, records[0].owner.tool
    resource = [
        _pair("service.name", SERVICES[tool]), _pair("service.version", VERSIONS[tool]), _pair("host.arch", "amd64")
    ]  # fmt: skip
    outer, middle, inner = {
        "logs": ("resourceLogs", "scopeLogs", "logRecords"),
        "traces": ("resourceSpans", "scopeSpans", "spans"),
        "metrics": ("resourceMetrics", "scopeMetrics", "metrics"),
    }[signal]
    if encoding == "json":
        scope = {"scope": {"name": SCOPES[tool]}, inner: [_JSON[signal](record) for record in records]}
        return orjson.dumps({outer: [{"resource": {"attributes": resource}, middle: [scope]}]})
    return _protobuf(signal, tool, resource, records)


def _pair(name: str, value: Value) -> dict[str, Any]:
    """As the exporters write it: a whole number of a log record is a JSON number."""
    kind = {bool: "boolValue", int: "intValue", float: "doubleValue"}.get(type(value), "stringValue")
    return {"key": name, "value": {kind: value}}


def _pairs(record: Record) -> list[dict[str, Any]]:
    return [_pair(name, value) for name, value in record.attributes.items()]


def _log(record: Record) -> dict[str, Any]:
    at = str(record.at_ms * 1_000_000)
    said: dict[str, Any] = {
        "timeUnixNano": at if record.name else "0", "observedTimeUnixNano": at,
        "body": {"stringValue": record.name} if record.name else None, "attributes": _pairs(record),
    }  # fmt: skip
    return {**said, "traceId": record.trace} if record.trace else said


def _span(record: Record) -> dict[str, Any]:
    at_ns = record.at_ms * 1_000_000
    return {
        "traceId": record.trace, "spanId": f"{record.number:016x}", "name": record.name, "kind": 1,
        "startTimeUnixNano": str(at_ns), "endTimeUnixNano": str(at_ns + 5_000_000),
        "attributes": _pairs(record),
    }  # fmt: skip


def _metric(record: Record) -> dict[str, Any]:
    at = str(record.at_ms * 1_000_000)
    point = {"attributes": _pairs(record), "startTimeUnixNano": at, "timeUnixNano": at, "asDouble": 1.0}
    data = {"aggregationTemporality": 1, "isMonotonic": True, "dataPoints": [point]}
    return {"name": record.name, "unit": "tokens", "sum": data}


_JSON = {"logs": _log, "traces": _span, "metrics": _metric}


def _protobuf(signal: Signal, tool: str, resource: list[dict[str, Any]], records: Sequence[Record]) -> bytes:
    request: Any = {
        "logs": ExportLogsServiceRequest, "traces": ExportTraceServiceRequest, "metrics": ExportMetricsServiceRequest
    }[signal]()  # fmt: skip
    group = {"logs": "resource_logs", "traces": "resource_spans", "metrics": "resource_metrics"}[signal]
    about = getattr(request, group).add()
    _put(about.resource.attributes, resource)
    scope = getattr(about, group.replace("resource", "scope")).add()
    scope.scope.name = SCOPES[tool]
    for record in records:
        at_ns = record.at_ms * 1_000_000
        if signal == "logs":
            log = scope.log_records.add(time_unix_nano=at_ns if record.name else 0, observed_time_unix_nano=at_ns)
            if record.name:
                log.body.string_value = record.name
            log.trace_id = bytes.fromhex(record.trace)
            _put(log.attributes, _pairs(record))
        elif signal == "traces":
            span = scope.spans.add(name=record.name, kind=1, trace_id=bytes.fromhex(record.trace))
            span.span_id = record.number.to_bytes(8, "big")
            span.start_time_unix_nano, span.end_time_unix_nano = at_ns, at_ns + 5_000_000
            _put(span.attributes, _pairs(record))
        else:
            metric = scope.metrics.add(name=record.name, unit="tokens")
            metric.sum.aggregation_temporality, metric.sum.is_monotonic = 1, True
            point = metric.sum.data_points.add(start_time_unix_nano=at_ns, time_unix_nano=at_ns, as_double=1.0)
            _put(point.attributes, _pairs(record))
    return cast(bytes, request.SerializeToString())


_FIELDS = {
    "stringValue": "string_value", "intValue": "int_value", "doubleValue": "double_value", "boolValue": "bool_value",
}  # fmt: skip


def _put(attributes: Any, pairs: list[dict[str, Any]]) -> None:
    for pair in pairs:
        ((kind, value),) = pair["value"].items()
        setattr(attributes.add(key=pair["key"]).value, _FIELDS[kind], value)
