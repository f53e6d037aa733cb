import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chaos.client import Client


@pytest.fixture
def client(scripted_codex: Path, tmp_path: Path, start_app_server: Callable[..., Client]) -> Client:
    home = tmp_path / "home"
    home.mkdir()
    client = start_app_server(scripted_codex, {"CODEX_HOME": str(home), "PATH": os.environ["PATH"]})
    client.initialize()
    return client


def test_turns_of_two_threads_run_side_by_side(client: Client, tmp_path: Path) -> None:
    threads = [client.start_thread(tmp_path) for _ in range(2)]
    endless = [(thread, client.start_turn(thread, "SCN:interrupt")) for thread in threads]
    for thread in (*threads, *threads):  # one speaks, then the other, and then the first one again
        client.wait(lambda message, of=thread: is_delta(message, of), f"a delta of {thread}")  # type: ignore[misc]
    for thread, turn_id in endless:
        client.request("turn/interrupt", {"threadId": thread, "turnId": turn_id})
        client.turn_completed(turn_id)
    since = len(client.lines)
    for turn_id in [client.start_turn(thread, "SCN:slow:10") for thread in threads]:
        client.turn_completed(turn_id)
    said = [line.message for line in client.lines[since:] if line.dir == "in"]
    assert [sum(is_delta(message, thread) for message in said) for thread in threads] == [10, 10]


def is_delta(message: dict[str, Any], thread: str) -> bool:
    return message.get("method") == "item/agentMessage/delta" and message["params"]["threadId"] == thread


def test_request_ids_count_from_0_over_all_threads(client: Client, tmp_path: Path) -> None:
    for expected in range(3):
        turn_id = client.start_turn(client.start_thread(tmp_path), "SCN:shell:approve")
        asked = client.wait_method("item/commandExecution/requestApproval")
        assert asked["id"] == expected
        client.answer(expected, {"decision": "decline"})
        client.turn_completed(turn_id)


def test_an_answer_nobody_asked_for_changes_nothing(client: Client, tmp_path: Path) -> None:
    turn_id = client.start_turn(client.start_thread(tmp_path), "SCN:shell:approve")
    client.wait_method("item/commandExecution/requestApproval")
    client.answer(7, {"decision": "accept"})
    client.answer("0", {"decision": "accept"})
    assert client.request("thread/loaded/list", {})["data"]
    assert client.notifications("serverRequest/resolved") == []
    client.answer(0, {"decision": "accept"})
    assert client.turn_completed(turn_id)["status"] == "completed"
    client.answer(0, {"decision": "cancel"})
    assert client.request("thread/loaded/list", {})["data"]


def test_a_flood_can_be_interrupted_while_nobody_reads_fast(client: Client, tmp_path: Path) -> None:
    thread_id = client.start_thread(tmp_path)
    turn_id = client.start_turn(thread_id, "SCN:flood:5000000")
    client.wait_method("item/agentMessage/delta")
    client.request("turn/interrupt", {"threadId": thread_id, "turnId": turn_id})
    assert client.turn_completed(turn_id)["status"] == "interrupted"
    assert len(client.notifications("item/agentMessage/delta")) < 5_000_000


def test_a_long_turn_leaves_room_for_requests(client: Client, tmp_path: Path) -> None:
    thread_id = client.start_thread(tmp_path)
    turn_id = client.start_turn(thread_id, "SCN:long:1000000")
    client.request("thread/loaded/list", {})
    client.request("turn/interrupt", {"threadId": thread_id, "turnId": turn_id})
    assert client.turn_completed(turn_id)["status"] == "interrupted", "it was still in the middle of it"
