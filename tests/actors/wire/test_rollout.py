from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.wire.rollout_state import RolloutState
from tests.actors.wire.file_house import (
    FIXTURES,
    ROLLOUTS,
    bodies,
    ended,
    lines,
    read_cut,
    read_on,
    rollout,
    shown,
    whole_rollout,
)

MAIN = (FIXTURES / "rollouts" / "main.jsonl").read_bytes()
FORK = (FIXTURES / "rollouts" / "fork.jsonl").read_bytes()
SPAWNER = (FIXTURES / "rollouts" / "spawner.jsonl").read_bytes()
AGENT = (FIXTURES / "rollouts" / "agent.jsonl").read_bytes()
DECLINED = ("commandExecution", "declined")
OLD, NEW = "01a20000-0000-7000-8000-000000000001", "01a30000-0000-7000-8000-000000000002"


def test_the_items_of_a_file_are_those_of_the_stream_field_for_field() -> None:
    told = [orjson.loads(line) for line in (FIXTURES / "rollouts" / "main.items.jsonl").read_bytes().splitlines()]
    stream = {(each["turnId"], each["item"]["id"]): each["item"] for each in told}
    items = [item for data in (MAIN, FORK) for item in whole_rollout(data)[1].items]
    # The real program forgets a declined command in its files, and tells it in the stream alone.
    kept = {key: item for key, item in stream.items() if (item["type"], item.get("status")) != DECLINED}
    assert {(item.turn_id, item.item_id): orjson.loads(item.body) for item in items} == kept
    assert len(kept) == len(stream) - 1


@pytest.mark.parametrize("path", ROLLOUTS, ids=lambda path: path.stem)
def test_every_line_of_a_real_file_is_known_and_accounted_for(path: Path) -> None:
    state, got = whole_rollout(path.read_bytes())
    assert got.received == len(path.read_bytes().splitlines())
    assert not got.unknown
    assert set(got.counts) == {"control"}
    assert state.mode == "completed"


@settings(max_examples=25, deadline=None)
@given(places=st.lists(st.integers(min_value=0), max_size=6), which=st.sampled_from(ROLLOUTS))
def test_wherever_a_file_is_cut_the_records_are_the_same(places: list[int], which: Path) -> None:
    data = which.read_bytes()
    assert read_cut(rollout, RolloutState(), data, places) == read_cut(rollout, RolloutState(), data, [])


@pytest.mark.parametrize("path", ROLLOUTS, ids=lambda path: path.stem)
def test_a_reading_that_brought_enough_ends_and_the_next_goes_on_behind_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = path.read_bytes()
    whole = read_cut(rollout, RolloutState(), data, [])
    monkeypatch.setattr("actors.wire.gathered.TOLD_CHARS_MAX", 1)
    assert read_on(rollout, RolloutState(), data) == whole


def test_turns_end_as_they_ended() -> None:
    _, got = whole_rollout(MAIN)
    ends = Counter(turn.status for turn in got.turns if turn.status != "inProgress")
    assert ends == {"completed": 9, "failed": 1, "interrupted": 1}
    (failed,) = [turn for turn in got.turns if turn.status == "failed"]
    assert "high demand" in str(failed.error)


def test_a_killed_program_leaves_a_turn_that_ends_as_interrupted_with_a_row_for_its_open_call() -> None:
    state, got = whole_rollout(MAIN)
    assert state.turn
    last = ended(state, MAIN)
    assert [(turn.turn_id, turn.status, turn.completed_at_ms) for turn in last.turns] == [
        (got.turns[-1].turn_id, "interrupted", None)
    ]
    assert [(note.kind, note.subject) for note in last.audit] == [("item_interrupted", "call_1")]


def meta(session_id: str, **more: Any) -> dict[str, Any]:
    payload = {"id": session_id, "timestamp": "2026-11-22T06:44:54.494Z", "cwd": "/w", "history_mode": "legacy", **more}
    return {"timestamp": "2026-11-22T06:44:54.519Z", "type": "session_meta", "payload": payload}


def event(kind: str, **payload: Any) -> dict[str, Any]:
    return {"timestamp": "2026-11-22T06:44:55.000Z", "type": "event_msg", "payload": {"type": kind, **payload}}


def said(turn_id: str, text: str) -> dict[str, Any]:
    item = {"type": "AgentMessage", "id": "msg_1", "content": [{"type": "Text", "text": text}]}
    return event("item_completed", turn_id=turn_id, item=item, started_at_ms=1, completed_at_ms=2)


def test_turns_that_a_fork_copied_belong_to_their_origin() -> None:
    old_turn, new_turn = OLD[:13] + "-7000-8000-0000000000aa", NEW[:13] + "-7000-8000-0000000000bb"
    copied = [event("task_started", turn_id=old_turn), said(old_turn, "old"), event("task_complete", turn_id=old_turn)]
    own = [event("task_started", turn_id=new_turn), said(new_turn, "new")]
    _, got = whole_rollout(lines(meta(NEW, forked_from_id=OLD), meta(OLD), *copied, *own))
    assert [(item.session_id, item.turn_id) for item in got.items] == [(OLD, old_turn), (NEW, new_turn)]
    assert {turn.turn_id: turn.session_id for turn in got.turns} == {old_turn: OLD, new_turn: NEW}
    assert [(seen.session_id, seen.forked_from) for seen in got.sessions] == [(NEW, OLD)]


def test_a_sub_agent_s_copy_of_its_parent_s_turn_says_nothing_new_and_ends_nothing() -> None:
    _, parent = whole_rollout(SPAWNER)
    state, agent = whole_rollout(AGENT)
    (turn,) = {each.turn_id for each in parent.turns}
    (own,) = {each.turn_id for each in agent.turns} - {turn}
    assert turn in AGENT.decode()
    assert b'"turn_aborted"' in AGENT
    assert [(each.session_id, each.status) for each in agent.turns if each.turn_id == turn] == [
        (parent.sessions[0].session_id, "inProgress")
    ]
    assert [(each.status) for each in agent.turns if each.turn_id == own] == ["inProgress", "completed"]
    assert [(item.session_id, item.turn_id, item.kind) for item in agent.items] == [
        (state.session, own, "agentMessage")
    ]
    assert [(each.session_id, each.forked_from) for each in agent.sessions][:1] == [
        (state.session, parent.sessions[0].session_id)
    ]
    assert [each.session_id for each in agent.usage] == [state.session]
    assert agent.audit == []


def test_an_abort_that_a_fork_copied_is_an_end() -> None:
    old_turn = OLD[:13] + "-7000-8000-0000000000aa"
    copied = [event("task_started", turn_id=old_turn), event("turn_aborted", turn_id=old_turn, reason="interrupted")]
    _, got = whole_rollout(lines(meta(NEW, forked_from_id=OLD), meta(OLD), *copied))
    assert [(turn.session_id, turn.status) for turn in got.turns] == [(OLD, "inProgress"), (OLD, "interrupted")]


def test_model_and_folder_are_news_only_when_they_change() -> None:
    context = {"timestamp": "2026-11-22T06:44:56Z", "type": "turn_context", "payload": {"model": "m", "cwd": "/w"}}
    other = {**context, "payload": {"model": "m", "cwd": "/elsewhere"}}
    _, got = whole_rollout(lines(meta(OLD), context, context, other))
    assert [(seen.model, seen.cwd) for seen in got.sessions] == [(None, "/w"), ("m", "/w"), ("m", "/elsewhere")]


@pytest.mark.parametrize(
    ("line", "disposition"),
    [
        (b"{torn", "dropped:malformed"),
        (b"[1]", "dropped:malformed"),
        (b'{"type":"\xff"}', "dropped:invalid_utf8"),
        (b'{"type":"dreamt","payload":{}}', "ignored_unknown"),
        (b'{"type":"event_msg","payload":{"type":"dreamt"}}', "ignored_unknown"),
        (b'{"type":"event_msg","payload":{}}', "ignored_unknown"),
        (b'{"type":"event_msg","payload":{"type":"item_completed","item":7}}', "dropped:malformed"),
        (b'{"type":"event_msg","payload":{"type":"item_completed","item":{"id":"i"}}}', "dropped:malformed"),
        (b'{"type":"token_usage_record","payload":{"usage":null}}', "dropped:malformed"),
        (b'{"type":"session_meta","payload":{}}', "dropped:malformed"),
        (b'{"type":"response_item","payload":{"type":"message","role":"user","content":7}}', None),
        (b'{"type":"turn_context","payload":{"model":7,"cwd":[]}}', "control"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_used_is_counted_and_the_next_is_read(line: bytes, disposition: str | None) -> None:
    _, got = whole_rollout(lines(meta(OLD), line, said(OLD, "after")))
    assert got.received == 3
    assert got.items[-1].item_id == "msg_1"
    if disposition is not None:
        assert got.counts == {disposition: 1}
    assert sum(name.startswith("dropped") for name in got.counts) == len(
        [n for n in got.audit if n.kind == "line_dropped"]
    )
    assert b"torn" not in orjson.dumps([note.text for note in got.audit])


def test_lines_before_their_session_is_known_are_dropped_with_a_reason() -> None:
    _, got = whole_rollout(lines(said(OLD, "x"), meta(OLD), said(OLD, "y")))
    assert got.counts == {"dropped:no_session": 1}
    assert [item.session_id for item in got.items] == [OLD]


@settings(max_examples=40, deadline=None)
@given(
    st.recursive(
        st.none() | st.integers(-9, 9) | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["type", "payload", "id", "item", "turn_id", "info", "usage", "content"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_no_line_makes_the_reader_raise(value: Any) -> None:
    for kind in ("event_msg", "response_item", "token_usage_record", "session_meta", "turn_context"):
        whole_rollout(lines(meta(OLD), orjson.dumps({"type": kind, "payload": value}, default=str), meta(OLD)))
        if isinstance(value, dict):
            for name in ("item_completed", "token_count", "task_complete", "user_message", "function_call_output"):
                whole_rollout(lines(meta(OLD), {"type": kind, "payload": {**value, "type": name, "call_id": "c"}}))


def test_shown_is_what_a_session_did() -> None:
    _, got = whole_rollout(FORK)
    assert [kind for kind, _, _ in shown(got)] == ["userMessage", "agentMessage"]
    assert bodies(got)[0]["content"][0]["text"] == "SCN:plain by the fork"
