"""What Claude Code's telemetry says (2.1.197): log events, spans (beta) and metrics.

Numbers and flags of most events are sent as texts; `event.sequence` starts anew in each process while the session goes
on; `prompt.id` is the turn, on log records only. Input, cache reads and cache writes are counted apart there, and are
added up here. Metrics are deltas, so a lost export is lost for good: tokens and cost are taken from `api_request`, and
points are kept as events beside them, never added.
"""

from __future__ import annotations

from actors.wire.otlp import Record
from actors.wire.telemetry import Found, Outcome, event_of, id_of, total_of, whole, word_of
from messages.baseline import EventSeen, ResponseUsage
from messages.otlp import Signal
from messages.records import TurnSeen

PREFIX = "claude_code."
KNOWN = frozenset(
    {
        "api_error", "api_refusal", "api_request", "api_request_body", "api_response_body", "api_retries_exhausted",
        "assistant_response", "at_mention", "auth", "compaction", "feedback_survey", "hook_execution_complete",
        "hook_execution_start", "hook_plugin_metrics", "hook_registered", "internal_error", "mcp_server_connection",
        "permission_mode_changed", "plugin_installed", "plugin_loaded", "skill_activated", "subagent_completed",
        "system_prompt", "tool", "tool_decision", "tool_result", "user_prompt",
    }
)  # fmt: skip
"""Events that were seen, or found in the program."""
REQUEST_SPAN = "span:llm_request"
MAIN = frozenset({"sdk", "repl_main_thread"})
"""`query_source` of the session itself; sub-agents and title makers may use another model."""


def understand(signal: Signal, record: Record) -> Outcome:
    """What the record says, or the disposition of one that belongs to no session."""
    session_id = id_of(record.attributes.get("session.id"))
    if session_id is None:
        return "control" if signal == "metrics" else "ignored_unknown"
    turn_id = id_of(record.attributes.get("prompt.id"))
    name, known = _name(signal, record)
    attributes = record.attributes
    call_id = id_of(attributes.get("tool_use_id")) or id_of(attributes.get("gen_ai.tool.call.id"))
    event = event_of(signal, record, name=name, session_id=session_id, turn_id=turn_id, call_id=call_id)
    turn = None
    if turn_id is not None:
        begun = event.at_ms if name == "user_prompt" else None
        turn = TurnSeen(session_id=session_id, turn_id=turn_id, started_at_ms=begun)
    usage, model = None, None
    if name == REQUEST_SPAN and attributes.get("request_id"):
        usage = _usage(record, event)  # the same response by the same id: it is counted once
    if name == "api_request":
        usage = _usage(record, event)
        model = usage.model if record.attributes.get("query_source") in MAIN else None
    return Found(event, known, turn, usage, model)


def _name(signal: Signal, record: Record) -> tuple[str, bool]:
    if signal == "logs":
        said = record.attributes.get("event.name") or record.text or record.name
        name = (said if isinstance(said, str) else "").removeprefix(PREFIX)[:200] or "unnamed"
        return name, name in KNOWN
    kind = "span" if signal == "traces" else "metric"
    return f"{kind}:{record.name.removeprefix(PREFIX)[:200]}", record.name.startswith(PREFIX)


def _usage(record: Record, event: EventSeen) -> ResponseUsage:
    attributes = record.attributes
    fresh, read, written = (
        whole(attributes.get(name)) for name in ("input_tokens", "cache_read_tokens", "cache_creation_tokens")
    )
    output = whole(attributes.get("output_tokens"))
    tokens = total_of(fresh, read, written)
    return ResponseUsage(
        session_id=event.session_id,
        turn_id=event.turn_id,
        # The transcript has the same id as `requestId`.
        response_id=id_of(attributes.get("request_id")) or f"otlp:{event.key}",
        model=word_of(attributes.get("model")),
        at_ms=event.at_ms,
        input=tokens,
        cached=read,
        cache_written=written,
        output=output,
        total=total_of(tokens, output),
        cost_usd_micros=_micros(attributes.get("cost_usd_micros"), attributes.get("cost_usd")),
    )


def _micros(micros: object, dollars: object) -> int | None:
    """Cost in millionths of a dollar; older versions say it in dollars only."""
    found = whole(micros)
    if found is not None:
        return found
    if isinstance(dollars, str):
        try:
            dollars = float(dollars)
        except ValueError:
            return None
    if isinstance(dollars, int | float) and not isinstance(dollars, bool) and abs(dollars) < 1e12:
        return round(dollars * 1_000_000)
    return None
