"""OTLP/JSON: what comes out is what was sent; whatever is sent, nothing but Undecodable is raised."""

from __future__ import annotations

import contextlib
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.wire import otlp_json
from actors.wire.otlp import NESTING_MAX, TOO_DEEP, Record, Undecodable
from messages.otlp import Signal
from tests.actors.wire.otlp_bodies import TRACE, as_json, attributes, claude_log, point, request, span

SIGNALS: list[Signal] = ["logs", "traces", "metrics"]


def records(signal: Signal, document: Any) -> list[Record | None]:
    return [record for group in otlp_json.read(signal, as_json(document)) for record in group.records]


def one(**fields: Any) -> Record:
    (record,) = records("logs", request("logs", fields))
    assert record is not None
    return record


def test_a_log_record_comes_out_as_it_was_sent() -> None:
    (group,) = otlp_json.read("logs", as_json(request("logs", claude_log("user_prompt", 3), scope="s")))
    (record,) = group.records
    assert record is not None
    assert (group.scope, group.resource["service.name"]) == ("s", "claude-code")
    assert (record.text, record.at_ns) == ("claude_code.user_prompt", 1_795_329_169_634_000_000)
    assert record.attributes["event.sequence"] == 3


def test_whole_numbers_are_read_as_numbers_and_as_texts() -> None:
    as_text = one(timeUnixNano="12", attributes=[{"key": "n", "value": {"intValue": "9007199254740993"}}])
    as_number = one(timeUnixNano=12, attributes=[{"key": "n", "value": {"intValue": 9007199254740993}}])
    assert as_text == as_number
    assert (as_text.at_ns, as_text.attributes) == (12, {"n": 9007199254740993})


def test_ids_stay_hex_and_zeros_are_none() -> None:
    assert one(traceId=TRACE.upper(), spanId="d3bcf167bb80ca06").trace_id == TRACE
    assert one(traceId="0" * 32, spanId="0" * 16).trace_id == ""
    assert one(traceId="not hex at all", spanId=7).span_id == ""


def test_every_kind_of_value_is_read() -> None:
    values = {
        "b": {"boolValue": False}, "d": {"doubleValue": 0.5}, "s": {"doubleValue": "NaN"}, "e": {}, "n": None,
        "a": {"arrayValue": {"values": [{"stringValue": "x"}, {"intValue": "2"}]}},
        "m": {"kvlistValue": {"values": [{"key": "k", "value": {"boolValue": True}}]}}, "y": {"bytesValue": "AQI="},
    }  # fmt: skip
    found = one(attributes=[{"key": key, "value": value} for key, value in values.items()]).attributes
    assert found == {
        "b": False, "d": 0.5, "s": "NaN", "e": None, "n": None, "a": ["x", 2], "m": {"k": True}, "y": "AQI=",
    }  # fmt: skip


def test_what_is_nested_too_deeply_is_replaced_and_the_record_stays() -> None:
    value: Any = {"stringValue": "core"}
    for _ in range(NESTING_MAX + 3):
        value = {"arrayValue": {"values": [value]}}
    found = orjson.dumps(one(attributes=[{"key": "deep", "value": value}]).attributes)
    assert TOO_DEEP.encode() in found
    assert b"core" not in found


def test_unknown_fields_mean_nothing() -> None:
    document = request("logs", {**claude_log("x"), "fromTheFuture": {"a": [1]}})
    document["alsoNew"] = True
    assert len(records("logs", document)) == 1


def test_spans_and_points_have_what_is_worth_keeping() -> None:
    (found,) = records("traces", request("traces", span("claude_code.tool", a="b")))
    assert found is not None
    assert (found.name, found.trace_id, found.observed_ns - found.at_ns) == ("claude_code.tool", TRACE, 36_500_000)
    (found,) = records("metrics", request("metrics", point("claude_code.token.usage", 5.0, type="input")))
    assert found is not None
    assert (found.name, found.extra["value"], found.attributes) == ("claude_code.token.usage", 5.0, {"type": "input"})


def test_a_record_that_is_none_is_told_apart_and_the_others_are_read() -> None:
    found = records("logs", request("logs", claude_log("a"), "not a record", 7, claude_log("b")))
    assert [each is None for each in found] == [False, True, True, False]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"resourceLogs":7}', b'{"resourceLogs":["x"]}', b"[" * 100_000]
)
def test_what_is_no_request_is_undecodable_and_the_error_holds_nothing_of_it(body: bytes) -> None:
    with pytest.raises(Undecodable) as caught:
        otlp_json.read("logs", body)
    assert caught.value.__context__ is None


def test_an_empty_request_is_one_without_records() -> None:
    assert records("logs", {}) == records("logs", {"resourceLogs": None}) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["resourceLogs", "scopeLogs", "logRecords", "resource", "attributes", "key", "value", "body", "stringValue",
             "intValue", "arrayValue", "values", "kvlistValue", "timeUnixNano", "traceId", "sum", "dataPoints",
             "resourceSpans", "scopeSpans", "spans", "events", "status", "resourceMetrics", "scopeMetrics", "metrics"]
        ),
        inner, max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip


@given(st.sampled_from(SIGNALS), JSON)
def test_any_json_is_read_or_refused(signal: Signal, document: Any) -> None:
    try:
        body = orjson.dumps(document)
    except TypeError:
        return  # a whole number that JSON's reader here does not take either
    try:
        for group in otlp_json.read(signal, body):
            list(group.records)
    except Undecodable:
        pass


@given(st.sampled_from(SIGNALS), st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(signal: Signal, body: bytes) -> None:
    with contextlib.suppress(Undecodable):
        list(otlp_json.read(signal, body))


def test_attributes_that_are_no_list_are_none() -> None:
    assert one(attributes={"a": 1}).attributes == {}
    assert one(attributes=[7, {"key": 3}, *attributes(ok="yes")]).attributes == {"ok": "yes"}
