import http.client
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from chaos.claude_home import claude_env
from chaos.claude_program import ClaudeRun, truth_of
from chaos.claude_replies import OUTPUT_TOKENS, USAGE
from chaos.loopback import Request
from chaos.loopback_messages import LoopbackMessages

Json = dict[str, Any]


@pytest.fixture
def api() -> Iterator[LoopbackMessages]:
    with LoopbackMessages("t") as running:
        yield running


def ask(api: LoopbackMessages, prompt: str, path: str = "/v1/messages?beta=true") -> tuple[int, str, list[Json]]:
    """Status, request id and events (or the one JSON body) of an answer."""
    connection = http.client.HTTPConnection(api.url.removeprefix("http://"), timeout=30)
    try:
        body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": prompt}]}
        connection.request("POST", path, orjson.dumps(body))
        reply = connection.getresponse()
        text = reply.read().decode()
        request_id = reply.getheader("request-id") or ""
        lines = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
        return reply.status, request_id, [orjson.loads(line) for line in lines or [text]]
    finally:
        connection.close()


def test_an_answer_is_streamed_as_the_real_api_does(api: LoopbackMessages) -> None:
    status, request_id, events = ask(api, "SCN:plain")
    assert status == 200
    kinds = [event["type"] for event in events]
    assert kinds[:2] == ["message_start", "content_block_start"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert set(kinds[2:-3]) == {"content_block_delta"}
    assert events[0]["message"]["usage"] == USAGE
    assert events[-2]["usage"] == {"output_tokens": OUTPUT_TOKENS}
    [served] = api.served
    assert (served.message_id, served.request_id) == (events[0]["message"]["id"], request_id)
    assert served.tokens == (12, 700, 30, 42)


def test_a_tool_call_streams_its_input_as_json(api: LoopbackMessages) -> None:
    _, _, events = ask(api, "SCN:shell")
    [start] = [event for event in events if event["type"] == "content_block_start"]
    assert start["content_block"]["input"] == {}
    pieces = [event["delta"]["partial_json"] for event in events if event["type"] == "content_block_delta"]
    assert orjson.loads("".join(pieces))["command"] == "echo hello"
    assert events[-2]["delta"]["stop_reason"] == "tool_use"
    assert api.served[0].tool_use_ids == (start["content_block"]["id"],)


def test_a_thought_comes_before_its_text_and_is_signed(api: LoopbackMessages) -> None:
    _, _, events = ask(api, "SCN:thinking")
    kinds = [event["delta"]["type"] for event in events if event["type"] == "content_block_delta"]
    assert kinds[:3] == ["thinking_delta", "signature_delta", "text_delta"]


def test_an_overloaded_api_is_overloaded_once_and_errors_are_not_served(api: LoopbackMessages) -> None:
    status, request_id, [body] = ask(api, "SCN:retry")
    assert (status, body["error"]["type"]) == (529, "overloaded_error")
    assert request_id
    assert api.served == []
    assert ask(api, "SCN:retry")[0] == 200
    assert ask(api, "SCN:fail")[0] == 400
    assert len(api.served) == 1


def test_ids_are_never_given_twice(api: LoopbackMessages) -> None:
    for _ in range(3):
        ask(api, "SCN:tools")
    given = [each for served in api.served for each in (served.message_id, served.request_id, *served.tool_use_ids)]
    assert len(given) == len(set(given)) == 9


def test_a_hanging_answer_is_released_when_the_api_ends() -> None:
    with LoopbackMessages() as api:
        said: list[bytes] = []
        begun = threading.Event()

        def read() -> None:
            connection = http.client.HTTPConnection(api.url.removeprefix("http://"), timeout=30)
            connection.request("POST", "/v1/messages", b'{"messages":[{"role":"user","content":"SCN:hang"}]}')
            reply = connection.getresponse()
            said.append(reply.readline())
            begun.set()
            try:
                said.append(reply.read())
            except http.client.IncompleteRead as cut:
                said.append(cut.partial)

        reader = threading.Thread(target=read)
        reader.start()
        assert begun.wait(30)
    reader.join(30)
    assert not reader.is_alive()
    assert b"message_stop" not in b"".join(said)
    assert api.served == []


def test_a_gated_answer_comes_when_the_gate_is_opened(api: LoopbackMessages) -> None:
    said: list[int] = []
    asking = threading.Thread(target=lambda: said.append(ask(api, "SCN:gate:0")[0]))
    asking.start()
    asking.join(0.2)
    assert said == []
    api.gate.set()
    asking.join(30)
    assert said == [200]


def test_other_paths_are_not_there(api: LoopbackMessages) -> None:
    assert ask(api, "x", "/api/event_logging")[0] == 404
    assert ask(api, "x", "/v1/messages/count_tokens")[0] == 200
    assert api.requests == [Request("POST", "/api/event_logging"), Request("POST", "/v1/messages/count_tokens")]


@pytest.mark.real
def test_the_real_claude_takes_every_answer_for_the_real_api_s(
    real_claude: Path, loopback_messages: LoopbackMessages, tmp_path: Path
) -> None:
    (tmp_path / "work").mkdir()
    env = claude_env(tmp_path / "home", loopback_messages.url)
    runs = {
        prompt: ClaudeRun(real_claude, prompt, tmp_path / "work", env, tmp_path / prompt.partition(" ")[0])
        for prompt in (f"SCN:tools in:{tmp_path / 'work'}", "SCN:agent", "SCN:retry", "SCN:fail", "SCN:thinking")
    }
    tools, agent, retry, fail, thinking = (truth_of(run.finish()) for run in runs.values())
    assert list(tools.calls.values()) == ["completed"] * 3 + ["failed"] * 2 + ["completed"] * 2
    assert (tmp_path / "work" / "notes.txt").read_text() == "one\nthree\n"
    assert list(agent.calls.values()) == ["completed"] * 2
    assert (len(retry.messages), len(thinking.messages)) == (1, 2)
    assert [run.process.returncode for run in runs.values()] == [0, 0, 0, 1, 0]
    assert fail.failed
    served = {each.message_id for each in loopback_messages.served}
    # What a sub-agent says at its end is handed to its parent, and not printed.
    assert len(served - tools.answers - agent.answers - retry.answers - thinking.answers) == 1
    assert {path for _, path in loopback_messages.requests} == {"/v1/messages"}
