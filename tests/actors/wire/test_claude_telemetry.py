"""What Claude Code's telemetry says."""

from __future__ import annotations

from typing import Any

from actors.wire import claude_telemetry, otlp_json
from actors.wire.telemetry import Found, Outcome
from messages.otlp import Signal
from tests.actors.wire.otlp_bodies import (
    AT_NS,
    PROMPT,
    SESSION,
    api_request,
    as_json,
    claude_log,
    point,
    request,
    span,
)


def outcome(record: Any, signal: Signal = "logs") -> Outcome:
    (group,) = otlp_json.read(signal, as_json(request(signal, record)))
    (read,) = group.records
    assert read is not None
    return claude_telemetry.understand(signal, read)


def found(record: Any, signal: Signal = "logs") -> Found:
    what = outcome(record, signal)
    assert isinstance(what, Found)
    return what


def test_a_prompt_begins_a_turn() -> None:
    what = found(claude_log("user_prompt", 1, prompt="hello", prompt_length="5"))
    assert (what.event.session_id, what.event.turn_id, what.event.name) == (SESSION, PROMPT, "user_prompt")
    assert (what.event.sequence, what.known) == (1, True)
    assert what.turn is not None
    assert what.turn.started_at_ms == AT_NS // 1_000_000


def test_the_tokens_of_a_response_are_added_up_and_its_id_is_the_transcripts() -> None:
    usage = found(api_request("req_7")).usage
    assert usage is not None
    assert (usage.response_id, usage.turn_id, usage.model) == ("req_7", PROMPT, "claude-sonnet-4-5")
    assert (usage.input, usage.cached, usage.cache_written, usage.output, usage.total) == (157, 50, 7, 42, 199)
    assert usage.cost_usd_micros == 971


def test_numbers_that_are_texts_count_the_same() -> None:
    said = found(api_request(input_tokens="100", cost_usd_micros=None, cost_usd="0.00097125")).usage
    assert said is not None
    assert (said.input, said.cost_usd_micros) == (157, 971)


def test_a_response_without_an_id_is_still_counted_once() -> None:
    first, again = found(api_request(request_id=None)).usage, found(api_request(request_id=None)).usage
    assert first is not None
    assert first == again


def test_a_tool_call_is_joined_by_its_id() -> None:
    assert found(claude_log("tool_result", tool_use_id="toolu_1", success="true")).event.call_id == "toolu_1"


def test_only_the_session_itself_says_which_model_it_uses() -> None:
    assert found(api_request()).model == "claude-sonnet-4-5"
    assert found(api_request(query_source="agent:builtin:general-purpose")).model is None


def test_what_comes_before_the_first_prompt_belongs_to_no_turn() -> None:
    what = found(claude_log("hook_registered", prompt__id=None))
    assert (what.event.turn_id, what.turn) == (None, None)


def test_an_unknown_event_is_kept_and_called_unknown() -> None:
    what = found(claude_log("from_the_future", novelty="1"))
    assert (what.event.name, what.known) == ("from_the_future", False)


def test_without_a_session_nothing_can_be_kept() -> None:
    assert outcome(claude_log("user_prompt", session__id=None)) == "ignored_unknown"
    assert outcome(point("claude_code.session.count", 1.0), "metrics") == "control"


def test_a_resumed_session_counts_from_zero_and_is_told_apart() -> None:
    before = found(claude_log("user_prompt", 0)).event
    after = found(claude_log("user_prompt", 0, at_ms=AT_NS // 1_000_000 + 60_000)).event
    assert before.key != after.key


def test_a_span_of_a_response_tells_the_same_usage_by_the_same_id() -> None:
    what = found(span("claude_code.llm_request", session__id=SESSION, input_tokens=100, request_id="r"), "traces")
    assert what.event.name == "span:llm_request"
    assert what.usage is not None
    assert (what.usage.response_id, what.usage.input, what.usage.cost_usd_micros) == ("r", 100, None)


def test_points_are_events_and_never_usage() -> None:
    what = found(point("claude_code.token.usage", 5.0, session__id=SESSION, type="input"), "metrics")
    assert (what.event.name, what.usage) == ("metric:token.usage", None)
