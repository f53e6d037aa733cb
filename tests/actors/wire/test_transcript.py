from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.wire.transcript_state import TranscriptState
from tests.actors.wire.file_house import (
    FIXTURES,
    TRANSCRIPTS,
    bodies,
    ended,
    lines,
    read_cut,
    read_on,
    shown,
    transcript,
    whole_transcript,
)

SESSION = "4f6bb846-7647-490d-ab5d-9bddea151485"


def recorded(name: str) -> bytes:
    return (FIXTURES / "transcripts" / f"{name}.jsonl").read_bytes()


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_every_line_of_a_real_file_is_known_and_accounted_for(path: Path) -> None:
    _, got = whole_transcript(path.read_bytes())
    assert got.received == len(path.read_bytes().splitlines())
    assert not got.unknown
    assert set(got.counts) == {"control"}


@settings(max_examples=25, deadline=None)
@given(places=st.lists(st.integers(min_value=0), max_size=6), which=st.sampled_from(TRANSCRIPTS))
def test_wherever_a_file_is_cut_the_records_are_the_same(places: list[int], which: Path) -> None:
    data = which.read_bytes()
    assert read_cut(transcript, TranscriptState(), data, places) == read_cut(transcript, TranscriptState(), data, [])


def test_a_call_and_its_result_are_two_revisions_of_one_item() -> None:
    _, got = whole_transcript(recorded("tools"))
    calls: dict[str, list[dict[str, Any]]] = {}
    for body in bodies(got):
        if body["type"] == "toolCall":
            calls.setdefault(body["id"], []).append(body)
    assert len(calls) == 7
    for first, last in calls.values():
        assert (first["status"], "result" in first) == ("inProgress", False)
        assert first["arguments"] == last["arguments"]
        assert last["tool"] in ("Write", "Edit", "Bash", "Read")
        assert last["result"]
    ends = Counter(last["status"] for _, last in calls.values())
    assert ends == {"completed": 5, "failed": 2}
    (edit,) = [last for _, last in calls.values() if last["tool"] == "Edit"]
    assert edit["toolUseResult"]["structuredPatch"][0]["lines"] == [" one", "-two", "+three"]
    assert "originalFile" not in edit["toolUseResult"]


def test_usage_that_every_block_repeats_counts_once_per_response() -> None:
    data = recorded("tools")
    _, got = whole_transcript(data)
    answers = [orjson.loads(line) for line in data.splitlines() if b'"type":"assistant"' in line]
    assert len(got.usage) == len({each["message"]["id"] for each in answers}) < len(answers)
    assert {(each.input, each.cached, each.cache_written, each.output, each.total) for each in got.usage} == {
        (742, 700, 30, 42, 784)
    }
    assert {each.response_id for each in got.usage} == {each["requestId"] for each in answers}


def test_what_a_fork_copied_has_the_turns_and_items_of_its_origin() -> None:
    _, origin = whole_transcript(recorded("tools"))
    _, fork = whole_transcript(recorded("fork"))
    copied = {(item.turn_id, item.item_id, item.status, item.body) for item in origin.items}
    own = [item for item in fork.items if (item.turn_id, item.item_id, item.status, item.body) not in copied]
    assert [item.kind for item in own] == ["userMessage", "agentMessage"]
    assert len(fork.items) == len(origin.items) + 2
    # The fork stamps its own prompt's name on what it copied, too: it is no name of the copied turn.
    *inherited, last = [seen.prompt_id for seen in fork.turns if seen.status == "inProgress"]
    assert set(inherited) == {None}
    assert last is not None
    # The fork is younger than what it begins with.
    (begun,) = {seen.created_at_ms for seen in fork.sessions if seen.created_at_ms}
    assert begun > min(item.completed_at_ms or 0 for item in fork.items)


def test_a_sub_agent_belongs_to_the_session_and_turn_that_called_it() -> None:
    _, main = whole_transcript(recorded("agent"))
    _, side = whole_transcript(recorded("subagent"))
    begun = next(turn for turn in main.turns if turn.prompt_id)
    assert {item.session_id for item in side.items} == {begun.session_id}
    assert {item.turn_id for item in side.items} == {begun.prompt_id}
    assert all(body["agentId"] for body in bodies(side))
    assert not side.turns
    assert {seen.model for seen in side.sessions} == {None}


def test_an_api_error_ends_its_turn_as_failed() -> None:
    state, got = whole_transcript(recorded("error"))
    assert [(turn.status, turn.error) for turn in got.turns] == [
        ("inProgress", None),
        ("failed", "API Error: 400 the loopback API answers 400"),
    ]
    assert not got.usage
    assert state.ended


def test_a_compaction_is_an_item_and_its_summary_is_no_prompt() -> None:
    _, got = whole_transcript(recorded("compact"))
    assert [kind for kind, _, _ in shown(got)] == [
        *("userMessage", "agentMessage"),
        *("contextCompaction", "systemMessage", "systemMessage", "userMessage", "systemMessage"),
        *("userMessage", "agentMessage"),
    ]
    assert [turn.status for turn in got.turns] == ["inProgress", "completed"] * 3


def user(uuid: str, content: Any, at: int = 1, **more: Any) -> dict[str, Any]:
    line = {"type": "user", "uuid": uuid, "sessionId": SESSION, "timestamp": f"2026-11-22T06:43:{at:02d}.000Z"}
    return line | {"message": {"role": "user", "content": content}} | more


def assistant(uuid: str, *blocks: dict[str, Any], stop: str = "tool_use", **more: Any) -> dict[str, Any]:
    message = {"id": "msg_1", "model": "claude-x", "content": list(blocks), "stop_reason": stop}
    return {"type": "assistant", "uuid": uuid, "sessionId": SESSION, "message": message, **more}


CALL = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "sleep 7"}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "done"}


def test_a_call_that_a_kill_left_open_ends_as_interrupted_when_the_next_prompt_comes() -> None:
    data = lines(user("u1", "go"), assistant("a1", CALL), user("u2", "again", at=9))
    _, got = whole_transcript(data)
    assert shown(got) == [
        ("userMessage", None, "u1"),
        ("toolCall", "inProgress", "toolu_1"),
        ("toolCall", "interrupted", "toolu_1"),
        ("userMessage", None, "u2"),
    ]
    assert [note.subject for note in got.audit] == ["toolu_1"]
    assert [(turn.turn_id, turn.status) for turn in got.turns] == [
        ("u1", "inProgress"),
        ("u1", "interrupted"),
        ("u2", "inProgress"),
    ]


def test_or_when_nothing_more_will_come() -> None:
    data = lines(user("u1", "go"), assistant("a1", CALL))
    state, _ = whole_transcript(data)
    last = ended(state, data)
    assert shown(last) == [("toolCall", "interrupted", "toolu_1")]
    assert [(turn.status, turn.completed_at_ms) for turn in last.turns] == [("interrupted", None)]
    assert not ended(state, data).items


def test_a_person_who_stops_a_turn_ends_it() -> None:
    stop = user("u2", [{"type": "text", "text": "[Request interrupted by user for tool use]"}], at=5)
    _, got = whole_transcript(lines(user("u1", "go"), assistant("a1", CALL), user("u3", [RESULT]), stop))
    assert [(turn.status, turn.completed_at_ms is None) for turn in got.turns] == [
        ("inProgress", True),
        ("interrupted", False),
    ]
    assert [status for _, status, _ in shown(got)] == [None, "inProgress", "completed"]


def test_a_late_result_still_completes_its_call() -> None:
    data = lines(user("u1", "go"), assistant("a1", CALL), user("u2", "next"), user("u3", [RESULT]))
    _, got = whole_transcript(data)
    assert [status for kind, status, _ in shown(got) if kind == "toolCall"] == [
        "inProgress",
        "interrupted",
        "completed",
    ]
    assert bodies(got)[-1]["arguments"] == CALL["input"]


def test_a_large_output_is_taken_over_from_the_file_beside_the_transcript() -> None:
    told = {"stdout": "first lines", "persistedOutputPath": "/p/s/tool-results/b.txt", "persistedOutputSize": 9}
    data = lines(user("u1", "go"), assistant("a1", CALL), user("u3", [RESULT], toolUseResult=told))
    _, got = whole_transcript(data, {"/p/s/tool-results/b.txt": "all of it"})
    assert bodies(got)[-1]["toolUseResult"]["stdout"] == "all of it"
    _, got = whole_transcript(data)
    assert bodies(got)[-1]["toolUseResult"]["outputMissing"] == "/p/s/tool-results/b.txt"


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_a_reading_that_brought_enough_ends_and_the_next_goes_on_behind_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = path.read_bytes()
    whole = read_cut(transcript, TranscriptState(), data, [])
    monkeypatch.setattr("actors.wire.gathered.TOLD_CHARS_MAX", 1)
    assert read_on(transcript, TranscriptState(), data) == whole


def test_a_line_that_names_the_line_it_was_copied_from_is_that_line() -> None:
    copied = user("new", "go", forkedFrom={"sessionId": "origin", "messageUuid": "u1"})
    _, got = whole_transcript(lines(copied, user("u2", "own", at=3)))
    assert [(item.session_id, item.item_id) for item in got.items] == [("origin", "u1"), (SESSION, "u2")]
    assert (SESSION, "origin") in [(seen.session_id, seen.forked_from) for seen in got.sessions]


def test_thoughts_are_kept_and_their_signatures_are_not() -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "c2ln"}
    _, got = whole_transcript(
        lines(user("u1", "go"), assistant("a1", thought), assistant("a2", {"type": "redacted_thinking"}))
    )
    assert [body["content"] for body in bodies(got)[1:]] == [["hm"], []]
    assert "c2ln" not in got.items[1].body


@pytest.mark.parametrize(
    ("line", "disposition"),
    [
        (b"{torn", "dropped:malformed"),
        (b'{"a":"\xff"}', "dropped:invalid_utf8"),
        (orjson.dumps({"type": "dreamt"}), "ignored_unknown"),
        (orjson.dumps({"type": "system", "subtype": "dreamt"}), "ignored_unknown"),
        (orjson.dumps({"type": "progress"}), "control"),
        (orjson.dumps({"type": "user", "message": {"content": []}}), "dropped:malformed"),
        (orjson.dumps({"type": "assistant", "uuid": "x", "message": 7}), "dropped:malformed"),
    ],
)
def test_a_line_that_cannot_be_used_is_counted_and_the_next_is_read(line: bytes, disposition: str) -> None:
    _, got = whole_transcript(lines(user("u1", "go"), line, user("u2", "after")))
    assert got.counts == {disposition: 1}
    assert [item.item_id for item in got.items if item.kind == "userMessage"] == ["u1", "u2"]


def test_a_line_without_a_session_is_dropped_with_a_reason() -> None:
    _, got = whole_transcript(lines({"type": "user", "uuid": "u", "message": {"content": "x"}}, user("u1", "go")))
    assert got.counts == {"dropped:no_session": 1}


@settings(max_examples=40, deadline=None)
@given(
    st.recursive(
        st.none() | st.integers(-9, 9) | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["type", "uuid", "message", "content", "usage", "id", "tool_use_id", "subtype", "text"]
                ),
                inner,
            )
        ),
        max_leaves=12,
    )
)
def test_no_line_makes_the_reader_raise(value: Any) -> None:
    for kind in ("user", "assistant", "system", "attachment", "custom-title"):
        for line in ({"type": kind, "message": value}, {"type": kind, "uuid": "u", "message": {"content": value}},
                     {**value, "type": kind} if isinstance(value, dict) else {"type": value}):  # fmt: skip
            whole_transcript(lines(user("u1", "go"), line, user("u2", "go")))
