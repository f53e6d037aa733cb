"""The shapes are those of the recordings: same keys, same order."""

from pathlib import Path
from typing import Any

import orjson

from chaos import scripted_frames as frames
from chaos.recorder import read_recording
from chaos.scripted_threads import Thread

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures" / "codex"


def recorded(name: str, method: str) -> list[Any]:
    lines = read_recording(FIXTURES / f"{name}.jsonl")
    return [line.message["params"] for line in lines if line.dir == "in" and line.message.get("method") == method]


def test_lines_have_the_order_of_keys_upstream_uses() -> None:
    assert frames.response(1, {}) == b'{"id":1,"result":{}}\n'
    assert frames.error("a", -32600, "no") == b'{"error":{"code":-32600,"message":"no"},"id":"a"}\n'
    assert frames.notification("m", {}, 5) == b'{"method":"m","params":{},"emittedAtMs":5}\n'
    assert frames.request(0, "m", {}) == b'{"method":"m","id":0,"params":{}}\n'


def test_a_thread_has_the_recorded_keys() -> None:
    thread = Thread("t", "/w", "gpt-5.5", "mock", "never", "read-only", 1, "probe", Path("/r"))
    (told,) = recorded("plain", "thread/started")
    assert list(thread.as_frame()) == list(told["thread"])


def test_items_have_the_recorded_keys() -> None:
    made = [
        frames.user_message("u", "hello"),
        frames.agent_message("m", "hello"),
        frames.reasoning("r", [], []),
        frames.command_execution("c", "echo", "/w"),
        frames.file_change("f", "/w/p", "+", "completed"),
    ]
    told: dict[str, Any] = {}
    for name in ("plain", "shell_approve", "patch_approve"):
        told |= {each["item"]["type"]: each["item"] for each in recorded(name, "item/completed")}
    for item in made:
        assert [*item, "startedAtMs", "completedAtMs"] == list(told[item["type"]])


def test_turns_usage_and_limits_have_the_recorded_keys() -> None:
    assert list(frames.turn_object("t")) == list(recorded("plain", "turn/completed")[0]["turn"])
    assert frames.token_usage(1) == recorded("plain", "thread/tokenUsage/updated")[0]["tokenUsage"]
    assert frames.rate_limits(None) == recorded("plain", "account/rateLimits/updated")[0]["rateLimits"]


def test_a_line_is_one_line_whatever_the_text_holds() -> None:
    line = frames.notification("m", {"text": "a\nb\u2028c"}, 1)
    assert line.count(b"\n") == 1
    assert orjson.loads(line)["params"]["text"] == "a\nb\u2028c"
