"""OTLP/protobuf says the same as OTLP/JSON, and whatever is sent, nothing but Undecodable is raised."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from actors.wire import otlp_json, otlp_protobuf
from actors.wire.otlp import NESTING_MAX, TOO_DEEP, Undecodable
from messages.otlp import Signal
from tests.actors.wire.otlp_bodies import (
    api_request,
    as_json,
    as_protobuf,
    claude_log,
    codex_log,
    point,
    request,
    span,
)

DOCUMENTS: list[tuple[Signal, Any]] = [
    ("logs", request("logs", claude_log("user_prompt"), api_request())),
    ("logs", request("logs", codex_log("user_prompt", prompt="hi"), service="codex-app-server")),
    ("traces", request("traces", span("claude_code.tool", n=3, ok=True, empty=""))),
    ("metrics", request("metrics", point("claude_code.token.usage", 5.0, type="input"))),
    ("logs", {}),
]


def everything(groups: Any) -> list[Any]:
    return [(group.resource, group.scope, list(group.records)) for group in groups]


@pytest.mark.parametrize(("signal", "document"), DOCUMENTS)
def test_both_encodings_say_the_same(signal: Signal, document: Any) -> None:
    as_read = everything(otlp_protobuf.read(signal, as_protobuf(signal, document)))
    assert as_read == everything(otlp_json.read(signal, as_json(document)))


def test_every_kind_of_value_is_read() -> None:
    message = ExportLogsServiceRequest()
    record = message.resource_logs.add().scope_logs.add().log_records.add()

    def value(key: str) -> Any:
        found = record.attributes.add()
        found.key = key
        return found.value

    value("s").string_value = ""
    value("d").double_value = float("inf")
    value("y").bytes_value = b"\x01\x02"
    value("a").array_value.values.add().int_value = 2
    inner = value("m").kvlist_value.values.add()
    inner.key, inner.value.bool_value = "k", True
    value("e")
    (group,) = otlp_protobuf.read("logs", message.SerializeToString())
    (found,) = group.records
    assert found is not None
    assert found.attributes == {"s": "", "d": "Infinity", "y": "AQI=", "a": [2], "m": {"k": True}, "e": None}


def test_what_is_nested_too_deeply_is_replaced() -> None:
    message = ExportLogsServiceRequest()
    found = message.resource_logs.add().scope_logs.add().log_records.add().attributes.add()
    found.key = "deep"
    value = found.value
    for _ in range(NESTING_MAX + 1):
        value = value.array_value.values.add()
    value.string_value = "core"
    (group,) = otlp_protobuf.read("logs", message.SerializeToString())
    assert TOO_DEEP in str([record.attributes for record in group.records if record is not None])


def test_a_body_that_is_cut_is_undecodable() -> None:
    body = as_protobuf("logs", request("logs", claude_log("user_prompt")))
    with pytest.raises(Undecodable) as caught:
        otlp_protobuf.read("logs", body[:-3])
    assert caught.value.__context__ is None


@given(st.sampled_from(["logs", "traces", "metrics"]), st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(signal: Signal, body: bytes) -> None:
    with contextlib.suppress(Undecodable):
        everything(otlp_protobuf.read(signal, body))


@given(st.data())
def test_a_real_body_with_any_byte_changed_is_read_or_refused(data: st.DataObject) -> None:
    body = bytearray(as_protobuf("logs", request("logs", claude_log("user_prompt"), api_request())))
    at = data.draw(st.integers(0, len(body) - 1))
    body[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Undecodable):
        everything(otlp_protobuf.read("logs", bytes(body)))
