"""What Codex's telemetry says."""

from __future__ import annotations

from typing import Any

from actors.wire import codex_telemetry, otlp_json
from actors.wire.telemetry import Found, Outcome
from messages.otlp import Signal
from tests.actors.wire.otlp_bodies import THREAD, TRACE, TURN, as_json, codex_log, point, request, span


def outcome(record: Any, signal: Signal = "logs") -> Outcome:
    (group,) = otlp_json.read(signal, as_json(request(signal, record, service="codex-app-server")))
    (read,) = group.records
    assert read is not None
    return codex_telemetry.understand(signal, read)


def found(record: Any, signal: Signal = "logs") -> Found:
    what = outcome(record, signal)
    assert isinstance(what, Found)
    return what


def test_an_event_names_its_thread_and_its_trace_and_no_turn() -> None:
    event = found(codex_log("user_prompt", prompt="hi")).event
    assert (event.session_id, event.turn_id, event.trace_id, event.name) == (THREAD, None, TRACE, "user_prompt")
    assert event.at_ms == 1_795_329_894_559, "from its timestamp, since timeUnixNano is 0"


def test_zeros_are_no_trace() -> None:
    assert found(codex_log("user_prompt", trace_id="0" * 32)).event.trace_id is None


def test_a_tool_result_is_joined_by_its_call() -> None:
    assert found(codex_log("tool_result", call_id="call_1", success="true")).event.call_id == "call_1"


def test_frames_of_the_model_are_counted_and_its_last_word_is_usage() -> None:
    assert outcome(codex_log("sse_event", event__kind="response.output_text.delta")) == "control"
    what = found(
        codex_log(
            "sse_event", event__kind="response.completed", input_token_count="120", cached_token_count="20",
            output_token_count=30, reasoning_token_count="8",
        )
    )  # fmt: skip
    assert what.usage is not None
    usage = what.usage
    assert (usage.input, usage.cached, usage.output, usage.reasoning, usage.total) == (120, 20, 30, 8, 150)
    assert usage.response_id == f"otlp:{what.event.key}"


def test_a_response_without_counts_is_an_event_and_no_usage() -> None:
    assert found(codex_log("sse_event", event__kind="response.completed")).usage is None


def test_an_error_of_the_stream_is_kept() -> None:
    assert found(codex_log("sse_event", event__kind="error", error__message="overloaded")).event.name == "sse_event"


def test_a_span_names_its_turn_and_so_the_turn_its_trace() -> None:
    what = found(span("session_task.turn", turn__id=TURN, conversation__id=THREAD), "traces")
    assert (what.event.session_id, what.event.turn_id, what.event.trace_id) == (THREAD, TURN, TRACE)
    assert what.turn is not None
    assert (what.turn.turn_id, what.turn.trace_id) == (TURN, TRACE)


def test_a_thread_of_the_operating_system_is_no_session() -> None:
    assert outcome(span("poll", thread__id=17), "traces") == "control"
    assert outcome(span("poll", thread__id="17"), "traces") == "control"
    assert found(span("turn/start", thread__id=THREAD), "traces").event.session_id == THREAD


def test_words_of_the_exporter_are_ignored() -> None:
    bare = {"observedTimeUnixNano": "5", "body": {"stringValue": "flushing OTEL metrics"}}
    assert outcome(bare) == "ignored_unknown"
    assert outcome(point("codex.turns", 1.0), "metrics") == "control"


def test_an_unknown_event_is_kept_and_called_unknown() -> None:
    assert found(codex_log("from_the_future")).known is False
