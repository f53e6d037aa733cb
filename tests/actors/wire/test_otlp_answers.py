"""Answers, read with OpenTelemetry's own classes."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsPartialSuccess, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from actors.wire.otlp_answers import accepted, refused
from messages.otlp import Signal

RESPONSES: dict[Signal, tuple[Any, str]] = {
    "logs": (ExportLogsServiceResponse, "rejected_log_records"),
    "traces": (ExportTraceServiceResponse, "rejected_spans"),
    "metrics": (ExportMetricsServiceResponse, "rejected_data_points"),
}


@pytest.mark.parametrize("signal", RESPONSES)
def test_what_was_taken_whole_has_no_partial_success(signal: Signal) -> None:
    response = RESPONSES[signal][0].FromString(accepted(signal, "protobuf"))
    assert not response.HasField("partial_success")
    assert orjson.loads(accepted(signal, "json")) == {}


@pytest.mark.parametrize("signal", RESPONSES)
@pytest.mark.parametrize("rejected", [1, 127, 128, 70_000])
def test_what_was_taken_in_part_says_how_many_and_why(signal: Signal, rejected: int) -> None:
    kind, field = RESPONSES[signal]
    partial = kind.FromString(accepted(signal, "protobuf", rejected, "no records: ü")).partial_success
    assert (getattr(partial, field), partial.error_message) == (rejected, "no records: ü")
    told = orjson.loads(accepted(signal, "json", rejected, "why"))["partialSuccess"]
    assert sorted(told.values()) == sorted([str(rejected), "why"])


def test_a_refusal_is_a_status() -> None:
    assert orjson.loads(refused("json", 14, "later")) == {"code": 14, "message": "later"}
    # google.rpc.Status is not in the library; this has the same two fields: a number 1 and a text 2.
    read = ExportLogsPartialSuccess.FromString(refused("protobuf", 14, "später"))
    assert (read.rejected_log_records, read.error_message) == (14, "später")
