"""What Codex's telemetry says (0.169): log events, spans and metrics.

`conversation.id` is the thread, on every log event. No log event names its turn: `traceId` does, when a trace exists,
and spans name both. `sse_event` is sent for every frame of the model's stream, deltas included: only its last word of a
response says anything, the others are counted. On most spans `thread.id` is a thread of the operating system: a number.
"""

from __future__ import annotations

import re

from actors.wire.otlp import Record
from actors.wire.telemetry import Found, Outcome, event_of, id_of, total_of, whole, word_of
from messages.baseline import EventSeen, ResponseUsage
from messages.otlp import Signal
from messages.records import TurnSeen

PREFIX = "codex."
KNOWN = frozenset(
    {
        "api_request", "conversation_starts", "sse_event", "startup_phase", "tool_decision", "tool_result", "turn_ttft",
        "user_prompt", "websocket_connect", "websocket_event", "websocket_request",
    }
)  # fmt: skip
STREAMING = frozenset({"sse_event", "websocket_event"})
"""Events that come once per frame of the model's stream."""
LAST_WORDS = frozenset({"response.completed", "response.failed", "response.incomplete"})
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


def understand(signal: Signal, record: Record) -> Outcome:
    """What the record says, or the disposition of one of which nothing is kept."""
    attributes = record.attributes
    session_id = _session(record)
    if session_id is None:
        # Spans and points of the process itself, and words of the exporter such as "flushing OTEL metrics".
        return "ignored_unknown" if signal == "logs" else "control"
    name, known = _name(signal, record)
    if name in STREAMING and attributes.get("event.kind") not in LAST_WORDS and not attributes.get("error.message"):
        return "control"
    turn_id = id_of(attributes.get("turn.id"))
    call_id = id_of(attributes.get("call_id"))
    event = event_of(signal, record, name=name, session_id=session_id, turn_id=turn_id, call_id=call_id)
    turn = None
    if turn_id is not None:
        turn = TurnSeen(session_id=session_id, turn_id=turn_id, trace_id=event.trace_id)
    usage = None
    if name in STREAMING and attributes.get("event.kind") == "response.completed":
        usage = _usage(record, event)
    model = word_of(attributes.get("model")) if signal == "logs" else None
    return Found(event, known, turn, usage, model)


def _session(record: Record) -> str | None:
    said = id_of(record.attributes.get("conversation.id"))
    if said is not None:
        return said
    thread = record.attributes.get("thread.id")
    return thread if isinstance(thread, str) and _UUID.fullmatch(thread) else None


def _name(signal: Signal, record: Record) -> tuple[str, bool]:
    if signal == "logs":
        said = record.attributes.get("event.name") or record.text
        name = (said if isinstance(said, str) else "").removeprefix(PREFIX)[:200] or "unnamed"
        return name, name in KNOWN
    kind = "span" if signal == "traces" else "metric"
    return f"{kind}:{record.name.removeprefix(PREFIX)[:200]}", True


def _usage(record: Record, event: EventSeen) -> ResponseUsage | None:
    """Tokens of a response; None when the provider sent none. Codex counts cached tokens as part of the input."""
    counts = {
        name: whole(record.attributes.get(f"{name}_token_count"))
        for name in ("input", "cached", "cache_write", "output", "reasoning")
    }
    if all(count is None for count in counts.values()):
        return None
    return ResponseUsage(
        session_id=event.session_id,
        turn_id=event.turn_id,
        response_id=f"otlp:{event.key}",  # no id of upstream's is in it
        model=word_of(record.attributes.get("model")),
        at_ms=event.at_ms,
        input=counts["input"],
        cached=counts["cached"],
        cache_written=counts["cache_write"],
        output=counts["output"],
        reasoning=counts["reasoning"],
        total=total_of(counts["input"], counts["output"]),
    )
