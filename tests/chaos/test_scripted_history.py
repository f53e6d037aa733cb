import os
from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.client import Client, RpcError
from chaos.scripted_history import is_uuid


@pytest.fixture
def client(scripted_codex: Path, tmp_path: Path, start_app_server: Callable[..., Client]) -> Client:
    home = tmp_path / "home"
    home.mkdir()
    client = start_app_server(scripted_codex, {"CODEX_HOME": str(home), "PATH": os.environ["PATH"]})
    client.initialize()
    return client


def test_lists_come_in_pages_and_a_cursor_leads_on(client: Client, tmp_path: Path) -> None:
    thread_id = client.start_thread(tmp_path)
    turns = [client.turn(thread_id, "SCN:plain")["id"] for _ in range(5)]
    params = {"threadId": thread_id, "limit": 2, "sortDirection": "asc"}
    seen: list[str] = []
    cursor = None
    while True:
        page = client.request("thread/turns/list", {**params, "cursor": cursor})
        seen += [turn["id"] for turn in page["data"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert seen == turns
    newest = client.request("thread/turns/list", {**params, "sortDirection": "desc"})["data"]
    assert [turn["id"] for turn in newest] == turns[:2:-1]


def test_items_of_one_turn(client: Client, tmp_path: Path) -> None:
    thread_id = client.start_thread(tmp_path)
    turns = [client.turn(thread_id, prompt)["id"] for prompt in ("SCN:plain", "SCN:reasoning")]
    entries = client.request("thread/items/list", {"threadId": thread_id, "turnId": turns[1]})["data"]
    assert [entry["item"]["type"] for entry in entries] == ["userMessage", "reasoning", "agentMessage"]


def test_threads_are_listed_newest_first_after_a_restart(
    client: Client, scripted_codex: Path, tmp_path: Path, start_app_server: Callable[..., Client]
) -> None:
    threads = [client.start_thread(tmp_path) for _ in range(3)]
    for thread_id in threads:
        client.turn(thread_id, "SCN:plain")
    client.end()
    env = {"CODEX_HOME": str(tmp_path / "home"), "PATH": os.environ["PATH"]}
    again = start_app_server(scripted_codex, env)
    again.initialize()
    assert [each["id"] for each in again.request("thread/list", {})["data"]] == threads[::-1]
    assert again.request("thread/loaded/list", {})["data"] == []


def test_a_running_turn_reads_in_progress(client: Client, tmp_path: Path) -> None:
    thread_id = client.start_thread(tmp_path)
    client.start_turn(thread_id, "SCN:interrupt")
    client.wait_method("item/agentMessage/delta")
    (turn,) = client.request("thread/turns/list", {"threadId": thread_id})["data"]
    assert turn["status"] == "inProgress"


def test_reading_without_turns_warns_of_nothing(client: Client, tmp_path: Path) -> None:
    thread_id = client.start_thread(tmp_path)
    client.turn(thread_id, "SCN:plain")
    client.request("thread/read", {"threadId": thread_id})
    assert client.notifications("deprecationNotice") == []
    client.request("thread/read", {"threadId": thread_id, "includeTurns": True})
    assert client.notifications("deprecationNotice")


def test_only_uuids_are_thread_ids(client: Client) -> None:
    assert is_uuid("01a20349-9137-7e43-b9f7-f900771a4a85")
    assert not is_uuid("x")
    assert not is_uuid(7)
    with pytest.raises(RpcError, match="invalid thread id: x"):
        client.request("thread/items/list", {"threadId": "x"})
