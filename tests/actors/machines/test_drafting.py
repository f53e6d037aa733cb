"""Bodies into drafts: every record has one disposition, sessions and turns stand once."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.machines.baseline import Draft
from actors.machines.drafting import DRAFT_BYTES_MAX, DRAFT_RECORDS_MAX, NAMED_MAX, Drafting
from actors.wire.otlp import Undecodable
from messages.otlp import Encoding, Signal
from tests.actors.wire.otlp_bodies import (
    AT_NS,
    PROMPT,
    SESSION,
    THREAD,
    api_request,
    as_json,
    as_protobuf,
    claude_log,
    codex_log,
    request,
    span,
)


def drafts(*documents: Any, signal: Signal = "logs", drafting: Drafting | None = None) -> list[Draft]:
    known = drafting or Drafting()
    return [draft for each in documents for draft in known.decode(signal, "json", as_json(each))]


def balanced(draft: Draft) -> bool:
    return draft.received == sum(draft.counts.values()) + sum(event.frames for event in draft.events)


@pytest.mark.parametrize("encoding", ["json", "protobuf"])
def test_telemetry_alone_makes_a_session_with_its_turn_and_its_usage(encoding: Encoding) -> None:
    document = request("logs", claude_log("user_prompt", 1), api_request(), claude_log("tool_result", 2))
    body = as_json(document) if encoding == "json" else as_protobuf("logs", document)
    (draft,) = Drafting().decode("logs", encoding, body)
    assert (draft.tool, draft.source, draft.received, balanced(draft)) == ("claude", "otlp", 3, True)
    (session,) = draft.sessions
    assert (session.session_id, session.model, session.cli_version) == (SESSION, "claude-sonnet-4-5", "2.1.197")
    (turn,) = draft.turns
    assert (turn.turn_id, turn.started_at_ms) == (PROMPT, AT_NS // 1_000_000)
    assert [usage.cost_usd_micros for usage in draft.usage] == [971]


def test_both_tools_in_one_request_make_drafts_of_their_own() -> None:
    document = request("logs", claude_log("user_prompt"))
    document["resourceLogs"] += request("logs", codex_log("user_prompt"), service="codex_cli_rs")["resourceLogs"]
    assert {draft.tool: draft.received for draft in drafts(document)} == {"claude": 1, "codex": 1}


def test_every_record_has_one_disposition() -> None:
    document = request(
        "logs", codex_log("user_prompt"), codex_log("sse_event", event__kind="response.created"), "none",
        {"body": {"stringValue": "flushing OTEL metrics"}}, service="codex-app-server",
    )  # fmt: skip
    (draft,) = drafts(document)
    assert draft.counts == Counter({"control": 1, "ignored_unknown": 1, "dropped:malformed": 1})
    assert ([event.session_id for event in draft.events], balanced(draft)) == ([THREAD], True)


def test_a_service_that_is_no_tool_is_dropped_by_name_and_named_once() -> None:
    document = request("logs", claude_log("a"), claude_log("b"), service="postgres", scope="db")
    drafting = Drafting()
    first, again = drafts(document, document, drafting=drafting)
    assert first.counts == again.counts == Counter({"dropped:unknown_service": 2})
    assert [note.subject for note in (*first.audit, *again.audit)] == ["service postgres"]


def test_a_name_that_is_new_is_kept_and_told_once_and_only_so_many_are_told() -> None:
    drafting = Drafting()
    many = [claude_log(f"new_{n}") for n in range(NAMED_MAX + 5)]
    found = drafts(request("logs", *many), request("logs", many[0]), drafting=drafting)
    assert sum(len(draft.events) for draft in found) == len(many) + 1
    assert sum(len(draft.audit) for draft in found) == NAMED_MAX


def test_a_large_body_is_cut_into_drafts_by_count_and_by_size() -> None:
    found = drafts(request("logs", *(claude_log("user_prompt", n) for n in range(DRAFT_RECORDS_MAX + 1))))
    assert [draft.received for draft in found] == [DRAFT_RECORDS_MAX, 1]
    assert all(len(draft.sessions) == 1 for draft in found)
    large = claude_log("user_prompt", prompt="x" * DRAFT_BYTES_MAX)
    assert [draft.received for draft in drafts(request("logs", large, large))] == [1, 1]


def test_what_cannot_be_read_is_told_before_anything_is_drafted() -> None:
    with pytest.raises(Undecodable):
        Drafting().decode("logs", "json", b"{")


def test_spans_make_drafts_too() -> None:
    (draft,) = drafts(request("traces", span("claude_code.tool", session__id=SESSION)), signal="traces")
    assert [event.name for event in draft.events] == ["span:tool"]


RECORDS = st.sampled_from(
    [claude_log("user_prompt"), api_request(), claude_log("odd", session__id=None), 7, None, {}, codex_log("x")]
)


@given(st.lists(RECORDS, max_size=600), st.sampled_from(["claude-code", "codex_exec", "else"]))
def test_the_books_of_every_draft_balance(records: list[Any], service: str) -> None:
    found = drafts(request("logs", *records, service=service))
    assert all(balanced(draft) for draft in found)
    assert sum(draft.received for draft in found) == len(records)


def test_a_record_that_no_message_carries_is_dropped_with_its_size_and_the_others_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("actors.machines.drafting.RECORD_CHARS_MAX", 10_000)
    long, short = (claude_log("user_prompt", prompt="x" * length) for length in (10_000, 10))
    document = request("logs", long, short)
    (draft,) = drafts(document)
    assert draft.counts == Counter({"dropped:line_too_long": 1})
    assert ([event.name for event in draft.events], balanced(draft)) == (["user_prompt"], True)
    (note,) = draft.audit
    assert note.subject == "claude user_prompt, too long"
    assert "x" * 20 not in note.text
