from pathlib import Path
from typing import Any

import orjson

from chaos.scripted_frames import agent_message, command_execution, turn_error, user_message
from chaos.scripted_threads import Thread, rollout_path

NOW_MS = 1_795_329_558_442


def thread_in(folder: Path, *, ephemeral: bool = False) -> Thread:
    path = None if ephemeral else rollout_path(folder, "t1", NOW_MS)
    return Thread("t1", "/w", "gpt-5.5", "mock", "never", "read-only", NOW_MS // 1000, "probe", path)


def kept(item: dict[str, object]) -> dict[str, object]:
    return item | {"startedAtMs": NOW_MS, "completedAtMs": NOW_MS + 1}


def lines_of(thread: Thread) -> list[dict[str, Any]]:
    assert thread.path is not None
    return [orjson.loads(line) for line in thread.path.read_bytes().splitlines()]


def test_the_rollout_appears_with_the_first_turn(tmp_path: Path) -> None:
    thread = thread_in(tmp_path)
    assert thread.path is not None
    assert not thread.path.exists()
    thread.begin("turn1", NOW_MS)
    assert [line["type"] for line in lines_of(thread)] == ["session_meta", "event_msg"]
    assert [line["ordinal"] for line in lines_of(thread)] == [0, 1]
    assert thread.path.relative_to(tmp_path).as_posix().startswith("sessions/2026/11/22/rollout-2026-11-22T")


def test_a_completed_item_is_on_disk_at_once(tmp_path: Path) -> None:
    thread = thread_in(tmp_path)
    thread.begin("turn1", NOW_MS)
    thread.keep("turn1", kept(user_message("u", "hello")), NOW_MS)
    assert lines_of(thread)[-1]["payload"]["item"]["type"] == "UserMessage"
    assert thread.preview == "hello"


def test_a_turn_without_an_end_is_interrupted_unless_it_is_live(tmp_path: Path) -> None:
    thread = thread_in(tmp_path)
    thread.begin("turn1", NOW_MS)
    assert thread.turn("turn1").as_frame("full")["status"] == "interrupted"
    assert thread.turn("turn1").as_frame("full", live=True)["status"] == "inProgress"


def test_a_declined_command_is_forgotten(tmp_path: Path) -> None:
    thread = thread_in(tmp_path)
    thread.begin("turn1", NOW_MS)
    thread.keep("turn1", kept(command_execution("c", "ls", "/w", status="declined")), NOW_MS)
    assert thread.turn("turn1").items == []
    assert len(lines_of(thread)) == 2


def test_ends_are_written_in_the_words_of_the_rollout(tmp_path: Path) -> None:
    thread = thread_in(tmp_path)
    for status, error in (("completed", None), ("interrupted", None), ("failed", turn_error("no", "other"))):
        thread.begin(status, NOW_MS)
        thread.keep(status, kept(agent_message("m", "done")), NOW_MS)
        thread.end(status, status, error, NOW_MS, NOW_MS + 5)
    payloads = [line["payload"] for line in lines_of(thread)[1:]]
    ends = [payload for payload in payloads if payload["type"] in ("task_complete", "turn_aborted")]
    assert [end["type"] for end in ends] == ["task_complete", "turn_aborted", "task_complete"]
    assert ends[0]["last_agent_message"] == "done"
    assert ends[2]["error"]["message"] == "no"


def test_an_ephemeral_thread_writes_nothing(tmp_path: Path) -> None:
    thread = thread_in(tmp_path, ephemeral=True)
    thread.begin("turn1", NOW_MS)
    thread.end("turn1", "completed", None, NOW_MS, NOW_MS)
    assert list(tmp_path.iterdir()) == []


def test_a_summary_is_the_prompt_and_the_last_message(tmp_path: Path) -> None:
    thread = thread_in(tmp_path)
    thread.begin("turn1", NOW_MS)
    for item in (user_message("u", "hello"), agent_message("m1", "one"), agent_message("m2", "two")):
        thread.keep("turn1", kept(item), NOW_MS)
    assert [item["id"] for item in thread.turn("turn1").as_frame("summary")["items"]] == ["u", "m2"]
