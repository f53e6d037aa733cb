from __future__ import annotations

import itertools
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.wire.rollout_state import RolloutState
from tests.actors.wire.file_house import bodies, ended, lines, read_cut, rollout, shown, whole_rollout

SESSION = "0199a213-81a4-7a53-8f3e-1b2c3d4e5f60"
SECONDS = itertools.count()


def line(kind: str, **payload: Any) -> dict[str, Any]:
    return {"timestamp": f"2025-10-02T10:00:{next(SECONDS) % 60:02d}.000Z", "type": kind, "payload": payload}


def event(kind: str, **payload: Any) -> dict[str, Any]:
    return line("event_msg", type=kind, **payload)


def message(role: str, text: str) -> dict[str, Any]:
    return line("response_item", type="message", role=role, content=[{"type": "text", "text": text}])


def call(name: str, arguments: Any, call_id: str = "call_A") -> dict[str, Any]:
    return line("response_item", type="function_call", name=name, arguments=arguments, call_id=call_id)


def output(text: Any, call_id: str = "call_A") -> dict[str, Any]:
    return line("response_item", type="function_call_output", output=text, call_id=call_id)


META = line("session_meta", id=SESSION, timestamp="2025-10-02T10:00:00.000Z", cwd="/w", cli_version="0.46.0")
OF_2025 = (
    META,
    message("user", "<environment_context>\n  <cwd>/w</cwd>\n</environment_context>"),
    message("user", "first prompt"),
    event("user_message", message="first prompt"),
    line("turn_context", cwd="/w", sandbox_policy={"mode": "read-only"}, model="gpt-5-codex"),
    event("agent_reasoning", text="**Looking**"),
    line("response_item", type="reasoning", summary=[{"type": "summary_text", "text": "**Looking**"}], content=None),
    call("shell", '{"command":["bash","-lc","ls"]}'),
    output('{"output":"a\\nb\\n","metadata":{"exit_code":0,"duration_seconds":0.1}}'),
    event("agent_message", message="done one"),
    message("assistant", "done one"),
    message("user", "second prompt"),
    event("user_message", message="second prompt"),
    event("agent_message", message="done two"),
    message("assistant", "done two"),
)


def test_items_and_turns_are_named_as_the_app_server_names_them() -> None:
    _, got = whole_rollout(lines(*OF_2025))
    # codex 0.169, asked for the history of such a file, gives these ids; the call is not in its answer.
    assert [(item.turn_id, item.item_id, item.kind) for item in got.items] == [
        ("rollout-3", "item-1", "userMessage"),
        ("rollout-3", "item-2", "reasoning"),
        ("rollout-3", "call_A", "commandExecution"),
        ("rollout-3", "item-3", "agentMessage"),
        ("rollout-11", "item-4", "userMessage"),
        ("rollout-11", "item-5", "agentMessage"),
    ]
    assert orjson.loads(got.items[0].body) == {
        "type": "userMessage", "id": "item-1", "clientId": None,
        "content": [{"type": "text", "text": "first prompt", "text_elements": []}],
        "startedAtMs": None, "completedAtMs": None,
    }  # fmt: skip
    assert [(turn.turn_id, turn.status) for turn in got.turns] == [
        ("rollout-3", "inProgress"),
        ("rollout-3", "completed"),
        ("rollout-11", "inProgress"),
    ]
    command = orjson.loads(got.items[2].body)
    assert (command["command"], command["aggregatedOutput"], command["exitCode"]) == ("bash -lc ls", "a\nb\n", 0)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(min_value=0), max_size=8))
def test_wherever_an_older_file_is_cut_the_records_are_the_same(places: list[int]) -> None:
    data = lines(*OF_2025)
    assert read_cut(rollout, RolloutState(), data, places) == read_cut(rollout, RolloutState(), data, [])


def test_a_file_without_events_gives_its_items_from_response_items() -> None:
    told = [each for each in OF_2025 if each["type"] != "event_msg"]
    _, got = whole_rollout(lines(*told))
    assert [kind for kind, _, _ in shown(got)] == [
        "userMessage", "reasoning", "commandExecution", "agentMessage", "userMessage", "agentMessage",
    ]  # fmt: skip
    assert [item.item_id for item in got.items] == ["item-1", "item-2", "call_A", "item-3", "item-4", "item-5"]


def test_the_oldest_files_have_no_envelope() -> None:
    flat = [{"id": SESSION, "timestamp": "2025-05-01T10:00:00.000Z", "instructions": None}, {"record_type": "state"}]
    flat += [each["payload"] for each in OF_2025 if each["type"] == "response_item"]
    _, got = whole_rollout(lines(*flat))
    assert [seen.session_id for seen in got.sessions] == [SESSION]
    assert [kind for kind, _, _ in shown(got)][:2] == ["userMessage", "reasoning"]


@pytest.mark.parametrize(
    ("told", "text", "code", "status"),
    [
        ("Exit code: 0\nWall time: 0 seconds\nOutput:\nok\n", "ok\n", 0, "completed"),
        ("Chunk ID: x\nWall time: 1 s\nProcess exited with code 3\nOutput:\npartial", "partial", 3, "failed"),
        ("no head at all", "no head at all", None, "completed"),
        ([{"type": "input_text", "text": "x"}], '[{"type":"input_text","text":"x"}]', None, "completed"),
    ],
)
def test_outputs_of_every_generation_are_read(told: Any, text: str, code: int | None, status: str) -> None:
    _, got = whole_rollout(lines(META, call("exec_command", '{"cmd":"ls","workdir":"/x"}'), output(told)))
    (body,) = bodies(got)
    assert (body["aggregatedOutput"], body["exitCode"], body["status"], body["cwd"]) == (text, code, status, "/x")


def test_a_patch_and_a_foreign_tool_are_items_too() -> None:
    patch = "*** Begin Patch\n*** Add File: a.txt\n+hello\n*** End Patch"
    _, got = whole_rollout(
        lines(META, call("apply_patch", orjson.dumps({"input": patch}).decode()), output("Success"),
              call("search", '{"q":1}', "call_B"), output("found", "call_B"), output("late", "call_C"))
    )  # fmt: skip
    change, tool, alone = bodies(got)
    assert change["changes"] == [{"path": "/w/a.txt", "kind": {"type": "add"}, "diff": "hello\n"}]
    assert (tool["tool"], tool["arguments"], tool["result"]) == ("search", {"q": 1}, "found")
    assert (alone["id"], alone["tool"], alone["result"]) == ("call_C", None, "late")


def test_neighbouring_thoughts_are_all_kept() -> None:
    def thought(text: str) -> dict[str, Any]:
        return line("response_item", type="reasoning", summary=[{"text": text}])

    _, got = whole_rollout(lines(META, thought("one"), call("shell", "{}"), output(""), thought("two")))
    assert [body["summary"] for body in bodies(got) if body["type"] == "reasoning"] == [["one"], ["two"]]
    assert len({item.item_id for item in got.items}) == 3


def test_a_turn_that_nobody_answered_ends_as_interrupted() -> None:
    data = lines(META, message("user", "first"), call("shell", "{}"), message("user", "second"))
    state, got = whole_rollout(data)
    assert [(turn.turn_id, turn.status) for turn in got.turns] == [
        ("rollout-1", "inProgress"),
        ("rollout-1", "interrupted"),
        ("rollout-3", "inProgress"),
    ]
    assert [note.subject for note in got.audit] == ["call_A"]
    assert [turn.status for turn in ended(state, data).turns] == ["interrupted"]


def test_an_error_ends_the_turn_as_failed() -> None:
    _, got = whole_rollout(lines(META, message("user", "first"), event("error", message="limit reached")))
    assert [(turn.status, turn.error) for turn in got.turns] == [("inProgress", None), ("failed", "limit reached")]


def test_an_output_that_is_nested_too_deep_to_be_written_is_dropped_and_the_file_goes_on() -> None:
    deep = orjson.dumps(output("DEEP")).replace(b'"DEEP"', b"[" * 300 + b"]" * 300)
    data = lines(META, call("shell", '{"command":["ls"]}'), deep, output("b", call_id="call_B"))
    _, got = whole_rollout(data)
    assert got.received == got.settled == 4
    assert got.counts["dropped:malformed"] == 1
    assert shown(got) == [("toolCall", "completed", "call_B")]
