"""Histories for other programs, held to the documented fields of their formats."""

from __future__ import annotations

import json

import orjson

from actors.wire.otlp_json import read
from hybrid_capture import trace_export
from tests.hybrid_capture.test_trace_story import TURN, row

PHASES = {"X", "M", "s", "f"}


def test_chrome_gets_a_slice_for_each_handling_and_named_processes_and_threads() -> None:
    made = json.loads(orjson.dumps(trace_export.chrome(TURN)))
    events = made["traceEvents"]
    assert made["displayTimeUnit"] in ("ms", "ns")
    assert {event["ph"] for event in events} == PHASES
    for event in events:
        assert isinstance(event["name"], str)
        assert isinstance(event["pid"], int)
        assert isinstance(event["tid"], int)
        if event["ph"] != "M":
            assert isinstance(event["ts"], int)
            assert event["cat"] == "message"
    slices = [event for event in events if event["ph"] == "X"]
    assert [(each["name"], each["ts"], each["dur"]) for each in slices][:2] == [
        ("bytes", 1_100, 40),
        ("FrameBatch", 2_100, 40),
    ]
    threads = {event["tid"]: event["args"]["name"] for event in events if event["name"] == "thread_name"}
    assert [threads[each["tid"]] for each in slices] == ["sidecar", "stager", "ingest", "facade", "stager"]


def test_chrome_gets_an_arrow_from_the_sender_to_the_slice_that_handles_it() -> None:
    events = trace_export.chrome(TURN)["traceEvents"]
    starts = {event["id"]: event for event in events if event["ph"] == "s"}
    ends = {event["id"]: event for event in events if event["ph"] == "f"}
    assert starts.keys() == ends.keys()
    assert len(starts) == 4, "bytes of a pipe were sent by nobody"
    for number, end in ends.items():
        start = starts[number]
        assert (start["name"], start["cat"]) == (end["name"], end["cat"]), "both bind by name, category and id"
        assert end["bp"] == "e", "to the slice around it, not to the next one"
        assert start["ts"] <= end["ts"]
        around = [e for e in events if e["ph"] == "X" and e["tid"] == end["tid"] and e["ts"] == end["ts"]]
        assert [each["name"] for each in around] == [end["name"]]


def test_runs_are_processes_of_their_own_since_their_clocks_may_differ() -> None:
    other = row(1, "FrameBatch", "sidecar", "stager", 1, run_id="r.2")
    events = trace_export.chrome([*TURN, other])["traceEvents"]
    assert {event["pid"] for event in events if event["ph"] == "X"} == {1, 2}


def test_otlp_spans_have_hex_ids_text_times_and_their_parents() -> None:
    made = json.loads(orjson.dumps(trace_export.otlp(TURN)))
    spans = {
        span["name"]: span
        for resource in made["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    }
    for span in spans.values():
        assert len(bytes.fromhex(span["traceId"])) == 16
        assert len(bytes.fromhex(span["spanId"])) == 8
        assert span["traceId"] == spans["bytes"]["traceId"]
        assert isinstance(span["startTimeUnixNano"], str)
        assert int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"]) == 40_000
    assert "parentSpanId" not in spans["bytes"]
    assert spans["FrameBatch"]["parentSpanId"] == spans["bytes"]["spanId"]
    assert spans["TurnStored"]["parentSpanId"] == spans["KeepCheckpoint"]["spanId"]
    assert spans["bytes"]["startTimeUnixNano"] == str((5_000_000 + 1_100) * 1_000)
    assert spans["bytes"]["status"] == {"code": 1}
    failed = trace_export.otlp([row(1, "Nonsense", "outside", "facade", 0, outcome="refused")])
    assert failed["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["status"] == {"code": 2}


def test_our_own_receiver_reads_every_span() -> None:
    groups = list(read("traces", orjson.dumps(trace_export.otlp(TURN))))
    found = [record for group in groups for record in group.records]
    assert len(found) == len(TURN)
    assert None not in found
