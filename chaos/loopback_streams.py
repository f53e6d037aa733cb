"""What the loopback model says: a Responses API request in, a plan of server-sent events out.

Pure. The prompt vocabulary is that of `scripts.py`. The ids (`msg_1`, `rs_1`, `call_1`) repeat in every turn on
purpose, because upstream's are not unique across turns either. Ids of responses are, so each answer gets its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from chaos import scripts
from chaos.scripts import Scenario, pieces, scenario_of

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """How one model call is answered: by a status, or by events."""

    events: tuple[Json, ...] = ()
    status: int = 200
    body: Json | None = None
    """The JSON body when `status` is not 200."""
    gated: bool = False
    """Wait for the gate before anything."""
    pause_ms: int = 0
    """Wait before each text delta."""
    cut: bool = False
    """Close the connection after the events, without the end of the stream."""
    endless: Json | None = None
    """Repeat this event, with the pause, until the client closes or the model ends."""


def plan_for(request: Json, attempt: int) -> Plan:
    """The answer to this request body; `attempt` counts equal requests from 1 (a retry is attempt 2)."""
    prompt, tool_done = _where(request.get("input") or [])
    scenario = scenario_of(prompt)
    if tool_done:
        return Plan(_turn(message(scripts.AFTER_TOOL_TEXT)))
    match scenario.name:
        case "long":
            return Plan(_turn(_deltas("msg_1", [scripts.LONG_WORD] * scenario.count(200))))
        case "flood":
            return Plan(_turn(_deltas("msg_1", [f"{n % 1000:03d} " for n in range(scenario.count(1_000))])))
        case "slow":
            return Plan(_turn(_deltas("msg_1", [scripts.LONG_WORD] * scenario.count(100))), pause_ms=20)
        case "gate":
            return Plan(_turn(message(scripts.PLAIN_TEXT)), gated=True)
        case "interrupt":
            opening, first, *_ = _deltas("msg_1", [scripts.LONG_WORD])
            return Plan((CREATED, opening), pause_ms=20, endless=first)
        case "reasoning":
            return Plan(_turn([*_reasoning(), *message(scripts.AFTER_REASONING_TEXT, "msg_2")]))
        case "shell":
            return Plan(_turn([_exec(_command(scenario), escalate=scenario.arg == "approve")]))
        case "patch":
            return Plan(_turn([_patch()]))
        case "agent":
            return Plan(_turn([_spawn()]))
        case "secret":
            return Plan(_turn([_exec(scripts.secret_command())]))
        case "cut" | "retry" if scenario.name == "cut" or attempt == 1:
            opening, *deltas = _deltas("msg_cut", pieces(scripts.PARTIAL_TEXT, 8))
            return Plan((CREATED, opening, *deltas[:-1]), cut=True)
        case "retry":
            return Plan(_turn(message(scripts.PLAIN_TEXT, "msg_cut")))
        case "fail":
            return _refused(scenario.count(500, 599))
        case "refresh" if attempt == 1:
            return _refused(401)
    return Plan(_turn(message(scripts.PLAIN_TEXT)))


def _where(items: list[Json]) -> tuple[str, bool]:
    """The last user prompt, and whether a tool has answered since."""
    tool_done = False
    for item in reversed(items):
        if item.get("type") in ("function_call_output", "custom_tool_call_output"):
            tool_done = True
        if item.get("type") == "message" and item.get("role") == "user":
            text = "".join(part.get("text", "") for part in item.get("content") or [])
            return text, tool_done
    return "", tool_done


def _command(scenario: Scenario) -> str:
    commands = {"approve": scripts.SHELL_COMMAND, "fail": scripts.FAILING_COMMAND}
    return commands.get(scenario.arg, scripts.SAFE_COMMAND)


def _refused(status: int) -> Plan:
    error: Json = {"message": f"the loopback model answers {status}", "type": "server_error"}
    if status == 429:
        error = {"type": "usage_limit_reached", "message": "limit reached", "plan_type": "pro", "resets_in_seconds": 60}
    return Plan(status=status, body={"error": error})


def named(event: Json, response_id: str) -> Json:
    """The event, when it is about the response as a whole with the response's own id."""
    if "response" not in event:
        return event
    return {**event, "response": {**event["response"], "id": response_id}}


TOKENS = (100, 10)
"""Input and output of every response, as its end tells."""
CREATED: Json = {"type": "response.created", "response": {"id": "resp_1"}}
COMPLETED: Json = {
    "type": "response.completed",
    "response": {
        "id": "resp_1",
        "usage": {
            "input_tokens": TOKENS[0],
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": TOKENS[1],
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": sum(TOKENS),
        },
    },
}


def _turn(events: list[Json]) -> tuple[Json, ...]:
    return (CREATED, *events, COMPLETED)


def message(text: str, item_id: str = "msg_1") -> list[Json]:
    return _deltas(item_id, pieces(text))


def _deltas(item_id: str, texts: list[str]) -> list[Json]:
    head = {"type": "message", "id": item_id, "role": "assistant"}
    at = {"item_id": item_id, "output_index": 0, "content_index": 0}
    content = [{"type": "output_text", "text": "".join(texts), "annotations": []}]
    return [
        {"type": "response.output_item.added", "output_index": 0, "item": {**head, "content": []}},
        *({"type": "response.output_text.delta", **at, "delta": text} for text in texts),
        {"type": "response.output_item.done", "output_index": 0, "item": {**head, "content": content}},
    ]


def _reasoning() -> list[Json]:
    at = {"item_id": "rs_1", "output_index": 0}
    summary = [{"type": "summary_text", "text": scripts.REASONING_SUMMARY}]
    content = [{"type": "reasoning_text", "text": scripts.REASONING_TEXT}]
    head: Json = {"type": "reasoning", "id": "rs_1"}
    done = {**head, "summary": summary, "content": content, "encrypted_content": "enc-blob"}
    return [
        {"type": "response.output_item.added", "output_index": 0, "item": {**head, "summary": []}},
        {"type": "response.reasoning_summary_part.added", **at, "summary_index": 0},
        *(
            {"type": "response.reasoning_summary_text.delta", **at, "summary_index": 0, "delta": text}
            for text in pieces(scripts.REASONING_SUMMARY)
        ),
        {"type": "response.reasoning_text.delta", **at, "content_index": 0, "delta": scripts.REASONING_TEXT},
        {"type": "response.output_item.done", "output_index": 0, "item": done},
    ]


def _exec(command: str, *, escalate: bool = False) -> Json:
    arguments: Json = {"cmd": command, "yield_time_ms": 5000}
    if escalate:
        arguments |= {"sandbox_permissions": "require_escalated", "justification": scripts.SHELL_REASON}
    call = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "exec_command"}
    item = {**call, "arguments": orjson.dumps(arguments).decode()}
    return {"type": "response.output_item.done", "output_index": 0, "item": item}


def _spawn() -> Json:
    """The sub-agent sees its parent's conversation, calls of tools included: to it, the tool has answered."""
    arguments = orjson.dumps({"task_name": "helper", "message": "SCN:plain for the helper"}).decode()
    call = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "namespace": "collaboration"}
    item = {**call, "name": "spawn_agent", "arguments": arguments}
    return {"type": "response.output_item.done", "output_index": 0, "item": item}


def _patch() -> Json:
    added = "".join(f"+{line}\n" for line in scripts.PATCH_LINES)
    text = f"*** Begin Patch\n*** Add File: {scripts.PATCH_FILE}\n{added}*** End Patch\n"
    item = {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_1", "name": "apply_patch", "input": text}
    return {"type": "response.output_item.done", "output_index": 0, "item": item}
