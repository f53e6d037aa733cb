from typing import Any

import orjson
import pytest

from chaos import scripts
from chaos.loopback_streams import Plan, plan_for


def user(text: str) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def answer(prompt: str, *after: dict[str, Any], attempt: int = 1) -> Plan:
    return plan_for({"input": [user("<environment_context>"), user(prompt), *after]}, attempt)


def text_of(plan: Plan) -> str:
    return "".join(event["delta"] for event in plan.events if event["type"] == "response.output_text.delta")


def test_a_stream_opens_and_ends() -> None:
    kinds = [event["type"] for event in answer("SCN:plain").events]
    assert (kinds[0], kinds[-1]) == ("response.created", "response.completed")
    assert text_of(answer("hello")) == scripts.PLAIN_TEXT


@pytest.mark.parametrize("prompt", ["SCN:shell:approve", "SCN:shell", "SCN:patch:approve", "SCN:secret"])
def test_a_tool_call_is_followed_by_a_message_once_the_tool_has_answered(prompt: str) -> None:
    call = answer(prompt).events[1]["item"]
    assert call["call_id"] == "call_1"
    output = {"type": call["type"] + "_output", "call_id": "call_1", "output": "done"}
    assert text_of(answer(prompt, call, output)) == scripts.AFTER_TOOL_TEXT


def test_the_next_prompt_counts_not_the_last_tool() -> None:
    output = {"type": "function_call_output", "call_id": "call_1", "output": "done"}
    assert text_of(answer("SCN:shell", output, user("SCN:plain"))) == scripts.PLAIN_TEXT


def test_only_an_approval_escalates() -> None:
    arguments = [orjson.loads(answer(p).events[1]["item"]["arguments"]) for p in ("SCN:shell:approve", "SCN:shell")]
    assert [each.get("sandbox_permissions") for each in arguments] == ["require_escalated", None]


def test_a_retry_is_cut_once_and_a_cut_always() -> None:
    assert [answer("SCN:retry", attempt=attempt).cut for attempt in (1, 2)] == [True, False]
    assert [answer("SCN:cut", attempt=attempt).cut for attempt in (1, 2, 3)] == [True, True, True]
    kinds = [event["type"] for event in answer("SCN:cut").events]
    assert "response.output_item.done" not in kinds
    assert "response.completed" not in kinds


def test_refusals() -> None:
    assert answer("SCN:fail:429").body["error"]["type"] == "usage_limit_reached"  # type: ignore[index]
    assert [answer("SCN:refresh", attempt=attempt).status for attempt in (1, 2)] == [401, 200]
    assert answer("SCN:fail").status == 500


def test_an_interrupt_never_ends_by_itself() -> None:
    plan = answer("SCN:interrupt")
    assert plan.endless is not None
    assert plan.endless["type"] == "response.output_text.delta"
    assert plan.pause_ms > 0


def test_a_request_without_input_is_answered() -> None:
    assert text_of(plan_for({}, 1)) == scripts.PLAIN_TEXT
