"""OTLP/protobuf, by OpenTelemetry's own generated classes; the walk to plain values is ours.

The library reads more than a million records a second, its `MessageToDict` ten thousand: that is why.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from actors.wire.otlp import NESTING_MAX, TOO_DEEP, Attributes, Group, Record, Undecodable
from messages.otlp import Signal

_REQUESTS: dict[Signal, Any] = {
    "logs": ExportLogsServiceRequest, "traces": ExportTraceServiceRequest, "metrics": ExportMetricsServiceRequest,
}  # fmt: skip


def read(signal: Signal, body: bytes) -> Iterator[Group]:
    """The groups of a request. Errors: Undecodable, at the call."""
    request = _parsed(signal, body)
    if request is None:
        raise Undecodable("the body is not a protobuf request of this signal")
    return _groups(signal, request)


def _parsed(signal: Signal, body: bytes) -> Any:
    try:
        return _REQUESTS[signal].FromString(body)
    except DecodeError:
        return None


def _groups(signal: Signal, request: Any) -> Iterator[Group]:
    if signal == "logs":
        for resource in request.resource_logs:
            about = _attributes(resource.resource.attributes)
            for scope in resource.scope_logs:
                yield Group(about, scope.scope.name, _logs(scope.log_records))
    elif signal == "traces":
        for resource in request.resource_spans:
            about = _attributes(resource.resource.attributes)
            for scope in resource.scope_spans:
                yield Group(about, scope.scope.name, _spans(scope.spans))
    else:
        for resource in request.resource_metrics:
            about = _attributes(resource.resource.attributes)
            for scope in resource.scope_metrics:
                yield Group(about, scope.scope.name, _points(scope.metrics))


def _logs(found: Iterable[Any]) -> Iterator[Record]:
    for one in found:
        yield Record(
            attributes=_attributes(one.attributes),
            name=one.event_name,
            text=one.body.string_value,
            at_ns=one.time_unix_nano,
            observed_ns=one.observed_time_unix_nano,
            trace_id=_id(one.trace_id, 16),
            span_id=_id(one.span_id, 8),
        )


def _spans(found: Iterable[Any]) -> Iterator[Record]:
    for one in found:
        extra: dict[str, Any] = {}
        if one.events:
            extra["events"] = [
                {"name": e.name, "at_ns": e.time_unix_nano, "attributes": _attributes(e.attributes)} for e in one.events
            ]
        if one.HasField("status"):
            extra["status"] = {"code": one.status.code, "message": one.status.message}
        yield Record(
            attributes=_attributes(one.attributes),
            name=one.name,
            at_ns=one.start_time_unix_nano,
            observed_ns=one.end_time_unix_nano,
            trace_id=_id(one.trace_id, 16),
            span_id=_id(one.span_id, 8),
            parent_id=_id(one.parent_span_id, 8),
            extra=extra,
        )


def _points(found: Iterable[Any]) -> Iterator[Record]:
    for metric in found:
        which = metric.WhichOneof("data")
        if which is None:
            continue
        kind = "exponentialHistogram" if which == "exponential_histogram" else which
        for point in getattr(metric, which).data_points:
            extra: dict[str, Any] = {"kind": kind, "unit": metric.unit}
            if which in ("sum", "gauge"):
                number = point.WhichOneof("value")
                extra["value"] = point.as_int if number == "as_int" else _double(point.as_double)
            else:
                extra["value"], extra["count"] = _double(point.sum), point.count
            yield Record(
                attributes=_attributes(point.attributes),
                name=metric.name,
                at_ns=point.start_time_unix_nano,
                observed_ns=point.time_unix_nano,
                extra=extra,
            )


def _attributes(found: Iterable[Any]) -> Attributes:
    attributes: Attributes = {}
    for one in found:
        value = one.value
        # Nearly every value is a text: an empty one is looked at twice.
        attributes[one.key] = value.string_value or _value(value, 0)
    return attributes


def _value(value: Any, depth: int) -> Any:
    """A JSON value from OTLP's `AnyValue`; an empty one is null."""
    if depth >= NESTING_MAX:
        return TOO_DEEP
    which = value.WhichOneof("value")
    if which is None:
        return None
    if which == "double_value":
        return _double(value.double_value)
    if which == "bytes_value":
        return base64.b64encode(value.bytes_value).decode()
    if which == "array_value":
        return [_value(each, depth + 1) for each in value.array_value.values]
    if which == "kvlist_value":
        return {each.key: _value(each.value, depth + 1) for each in value.kvlist_value.values}
    return getattr(value, which)


def _double(number: float) -> float | str:
    """A number; what JSON has no number for is the text that OTLP/JSON has for it."""
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def _id(found: bytes, size: int) -> str:
    return found.hex() if len(found) == size and any(found) else ""
