import os
from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.client import Client, RpcError


@pytest.fixture
def client(scripted_codex: Path, tmp_path: Path, start_app_server: Callable[..., Client]) -> Client:
    home = tmp_path / "home"
    home.mkdir()
    client = start_app_server(scripted_codex, {"CODEX_HOME": str(home), "PATH": os.environ["PATH"]})
    client.initialize()
    return client


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("thread/list", {"limit": "many"}),
        ("turn/start", {"threadId": "01a20349-9137-7e43-b9f7-f900771a4a85", "input": 5}),
        ("account/login/start", {"type": "chatgptAuthTokens", "accessToken": 5}),
        ("account/login/start", {"type": "apiKey"}),
        ("thread/start", "a text"),
        ("thread/list", []),
    ],
)
def test_wrong_params_are_refused_and_the_process_lives(client: Client, method: str, params: object) -> None:
    with pytest.raises(RpcError) as error:
        client.request(method, params)
    assert error.value.code in (-32600, -32603)
    assert client.request("thread/loaded/list", {})["data"] == []


def test_a_refused_request_leaves_nothing_to_be_done_later(client: Client) -> None:
    with pytest.raises(RpcError):
        client.request("account/login/cancel", {"loginId": "x"})
    client.request("thread/loaded/list", {})
    assert client.notifications("account/login/completed") == []


def test_notifications_from_the_client_get_no_reply(client: Client) -> None:
    client.send({"method": "initialized"})
    client.send({"method": "unheard/of", "params": {}})
    client.request("thread/loaded/list", {})
    assert not [line for line in client.lines if line.dir == "in" and "error" in line.message]


def test_a_resumed_thread_is_told_of(client: Client, tmp_path: Path) -> None:
    thread_id = client.start_thread(tmp_path)
    client.turn(thread_id, "SCN:plain")
    resumed = client.request("thread/resume", {"threadId": thread_id})
    assert [turn["status"] for turn in resumed["thread"]["turns"]] == ["completed"]
    assert client.notifications("thread/goal/cleared") == []
    assert client.wait_method("thread/tokenUsage/updated", since=0)


def test_diagnostics_name_the_process(client: Client) -> None:
    assert client.request("server/diagnostics", {})["process"]["id"] == client.process.pid


def test_a_thread_has_the_settings_it_was_started_with(client: Client, tmp_path: Path) -> None:
    result = client.request(
        "thread/start",
        {"cwd": str(tmp_path), "model": "m1", "approvalPolicy": "never", "sandbox": "danger-full-access"},
    )
    assert (result["model"], result["approvalPolicy"]) == ("m1", "never")
    assert result["sandbox"] == {"type": "dangerFullAccess"}
    client.wait_method("thread/started")
