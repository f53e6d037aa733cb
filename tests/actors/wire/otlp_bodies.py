"""OTLP bodies in the shapes that the tools send, small: built once, as JSON and as protobuf of the same content."""

from __future__ import annotations

import base64
from typing import Any

import orjson
from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

SESSION = "c2712c8d-a3aa-4451-9083-80bba03d78f3"
PROMPT = "e93596f2-b7ad-448d-84f4-79966f4b4990"
THREAD = "01a20200-285b-7872-bf52-390c5d1b8eb2"
TURN = "01a20200-2900-7e31-8b4a-1d2f3a4b5c6d"
TRACE = "7eca231e40ce1108b17105a711febf95"
AT_NS = 1_795_329_169_634_000_000
REQUESTS = {
    "logs": ExportLogsServiceRequest, "traces": ExportTraceServiceRequest, "metrics": ExportMetricsServiceRequest,
}  # fmt: skip


def attribute(key: str, value: Any) -> dict[str, Any]:
    """As the exporters write it: a whole number of a log record is a JSON number."""
    kind = {bool: "boolValue", int: "intValue", float: "doubleValue"}.get(type(value), "stringValue")
    return {"key": key, "value": {kind: value}}


def attributes(**given: Any) -> list[dict[str, Any]]:
    """`__` in a name stands for a dot."""
    return [attribute(name.replace("__", "."), value) for name, value in given.items()]


def claude_log(name: str, sequence: int = 0, at_ms: int = AT_NS // 1_000_000, **given: Any) -> dict[str, Any]:
    """A log record as Claude Code 2.1 sends it."""
    common = {
        "user__id": "5be1bb", "session__id": SESSION, "terminal__type": "xterm", "event__name": name,
        "event__timestamp": "2026-11-22T06:32:49.634Z", "event__sequence": sequence, "prompt__id": PROMPT,
    }  # fmt: skip
    at = str(at_ms * 1_000_000)
    fields = {**common, **given}
    return {
        "timeUnixNano": at, "observedTimeUnixNano": at, "body": {"stringValue": f"claude_code.{name}"},
        "attributes": attributes(**{key: value for key, value in fields.items() if value is not None}),
        "droppedAttributesCount": 0,
    }  # fmt: skip


def api_request(request_id: str = "req_1", **given: Any) -> dict[str, Any]:
    return claude_log(
        "api_request",
        **{
            "model": "claude-sonnet-4-5", "input_tokens": 100, "output_tokens": 42, "cache_read_tokens": 50,
            "cache_creation_tokens": 7, "cost_usd": 0.00097125, "cost_usd_micros": 971, "duration_ms": 14,
            "request_id": request_id, "query_source": "sdk", **given,
        },
    )  # fmt: skip


def codex_log(name: str, trace_id: str = TRACE, at_ns: int = AT_NS, **given: Any) -> dict[str, Any]:
    """A log record as Codex 0.169 sends it: no `timeUnixNano`, no turn, texts for numbers."""
    common = {
        "event__name": f"codex.{name}", "event__timestamp": "2026-11-22T06:44:54.559Z", "conversation__id": THREAD,
        "app__version": "0.169.0", "originator": "probe", "terminal__type": "xterm", "model": "gpt-5.5",
    }  # fmt: skip
    return {
        "timeUnixNano": "0", "observedTimeUnixNano": str(at_ns), "severityNumber": 9, "severityText": "INFO",
        "body": None, "attributes": attributes(**{**common, **given}), "droppedAttributesCount": 0, "flags": 1,
        "traceId": trace_id, "spanId": "d3bcf167bb80ca06", "eventName": "event otel/src/events/session.rs:703",
    }  # fmt: skip


def span(name: str, span_id: str = "49d84cfc223b2302", **given: Any) -> dict[str, Any]:
    return {
        "traceId": TRACE, "spanId": span_id, "parentSpanId": "eddd89f9362c22dd", "name": name, "kind": 1,
        "startTimeUnixNano": str(AT_NS), "endTimeUnixNano": str(AT_NS + 36_500_000),
        "attributes": attributes(**given), "status": {"code": 0},
    }  # fmt: skip


def point(name: str, value: float, **given: Any) -> dict[str, Any]:
    return {
        "name": name, "unit": "tokens",
        "sum": {"aggregationTemporality": 1, "isMonotonic": True, "dataPoints": [
            {"attributes": attributes(**given), "startTimeUnixNano": str(AT_NS), "timeUnixNano": str(AT_NS + 5),
             "asDouble": value}
        ]},
    }  # fmt: skip


def request(signal: str, *records: Any, service: str = "claude-code", scope: str = "", version: str = "2.1.197") -> Any:
    """The whole request, not encoded."""
    outer, middle, inner = {
        "logs": ("resourceLogs", "scopeLogs", "logRecords"),
        "traces": ("resourceSpans", "scopeSpans", "spans"),
        "metrics": ("resourceMetrics", "scopeMetrics", "metrics"),
    }[signal]
    resource = {"attributes": attributes(service__name=service, service__version=version, host__arch="amd64")}
    return {outer: [{"resource": resource, middle: [{"scope": {"name": scope}, inner: list(records)}]}]}


def as_json(document: Any) -> bytes:
    return orjson.dumps(document)


def as_protobuf(signal: str, document: Any) -> bytes:
    """The same as protobuf, by the library's own reader; ids, which that takes for base64, are handed to it as such."""
    message = REQUESTS[signal]()
    json_format.ParseDict(_base64_ids(document), message)
    return bytes(message.SerializeToString())


def _base64_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: base64.b64encode(bytes.fromhex(inner)).decode()
            if name in ("traceId", "spanId", "parentSpanId") and isinstance(inner, str)
            else _base64_ids(inner)
            for name, inner in value.items()
            if inner is not None
        }
    return [_base64_ids(inner) for inner in value] if isinstance(value, list) else value
