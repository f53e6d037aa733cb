from typing import Any

from chaos.client import Line
from chaos.stories import shape_of, story


def lines(*messages: tuple[str, Any]) -> list[Line]:
    return [Line(0.0, direction, message) for direction, message in messages]


def test_a_conversation_in_short_lines() -> None:
    item = {"type": "commandExecution", "status": "inProgress", "source": "agent", "id": "c"}
    asked = {"method": "item/commandExecution/requestApproval", "id": 0, "params": {}}
    told = story(
        lines(
            ("out", {"method": "turn/start", "id": 3, "params": {}}),
            ("in", {"id": 3, "result": {}}),
            ("in", {"method": "item/started", "params": {"item": item}}),
            ("in", asked),
            ("out", {"id": 0, "result": {"decision": "accept"}}),
            ("in", {"method": "thread/status/changed", "params": {"status": {"type": "active", "activeFlags": ["x"]}}}),
            ("in", {"error": {"code": -32600, "message": "no"}, "id": 4}),
            ("in", b"garbage\n"),
        )
    )
    assert told == [
        ">> turn/start",
        "<< result",
        "<< item/started commandExecution inProgress agent",
        "<< ask item/commandExecution/requestApproval",
        ">> answer accept",
        "<< thread/status/changed active x",
        "<< error -32600",
        "<< not JSON",
    ]


def test_repeats_are_told_once() -> None:
    delta = ("in", {"method": "item/agentMessage/delta", "params": {"delta": "x"}})
    assert story(lines(delta, delta, delta)) == ["<< item/agentMessage/delta *"]


def test_failures_say_why() -> None:
    error = {"message": "no", "codexErrorInfo": {"httpConnectionFailed": {"httpStatusCode": 401}}}
    told = story(
        lines(
            ("in", {"method": "error", "params": {"error": error, "willRetry": True}}),
            ("in", {"method": "turn/completed", "params": {"turn": {"status": "failed", "error": error}}}),
            ("in", {"method": "account/login/completed", "params": {"success": False}}),
        )
    )
    assert told == [
        "<< error will retry httpConnectionFailed",
        "<< turn/completed failed httpConnectionFailed",
        "<< account/login/completed failure",
    ]


def test_a_shape_is_the_keys_in_their_order_without_contents() -> None:
    assert shape_of({"a": 1, "b": {"c": None}, "d": [{"e": 1}, {"f": 2}]}) == "{a,b{c},d[{e}]}"
    assert shape_of({"a": None}) == shape_of({"a": 7}) == shape_of({"a": []}) == "{a}"
    assert shape_of({"a": 1, "b": 2}) != shape_of({"b": 2, "a": 1})
