"""Both encodings of the generated telemetry say the same, and it is what the decoders take for the tools' own."""

from __future__ import annotations

import pytest

from actors.machines.drafting import Drafting
from chaos.traffic.telemetry import Record, claude_point, claude_record, claude_span, codex_record, encoded
from chaos.traffic.truth import Owner
from messages.baseline import EventSeen
from messages.otlp import Encoding

CLAUDE, CODEX = (
    Owner("claude", "5f0c1f7e-0000-4000-8000-000000000001"),
    Owner("codex", "01a20200-285b-7872-bf52-390c5d"),
)
AT_MS = 1_795_329_169_634
TRACE = "7eca231e40ce1108b17105a711febf95"


def decoded(records: list[Record], encoding: Encoding) -> list[EventSeen]:
    drafts = list(Drafting().decode(records[0].signal, encoding, encoded(records, encoding)))
    assert {draft.tool for draft in drafts} == {records[0].owner.tool}
    return [event for draft in drafts for event in draft.events]


@pytest.mark.parametrize(
    "records",
    [
        [claude_record(CLAUDE, 1, AT_MS, "tool_result", 0, "p1", success="true", tool_use_id="toolu_1")],
        [codex_record(CODEX, 2, AT_MS, "tool_result", TRACE, call_id="call_1")],
        [claude_span(CLAUDE, 3, AT_MS, TRACE)],
        [claude_point(CLAUDE, 4, AT_MS)],
    ],
    ids=["claude log", "codex log", "span", "point"],
)
def test_json_and_protobuf_are_the_same_record_of_the_same_session(records: list[Record]) -> None:
    by_json, by_protobuf = (decoded(records, encoding) for encoding in ("json", "protobuf"))
    assert by_json == by_protobuf
    (event,) = by_json
    assert (event.session_id, event.at_ms) == (records[0].owner.session, AT_MS)
    assert f'"number":"{records[0].number}"' in event.body


def test_a_delta_of_the_models_stream_is_counted_and_not_kept() -> None:
    delta = codex_record(CODEX, 5, AT_MS, "sse_event", "", False, event__kind="response.output_text.delta")
    assert decoded([delta], "json") == []
