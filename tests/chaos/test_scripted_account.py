"""Logins only a script brings about; the ordinary ones are in test_conformance."""

import http.client
import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from chaos.client import Client, RpcError
from chaos.codex_home import unsigned_jwt
from chaos.scripted import write_executable
from chaos.scripted_account import Identity, LoginRefused, identity_of
from chaos.scripts import ProcessScript

Open = Callable[[ProcessScript], Client]
READ = {"refreshToken": False}


@pytest.fixture
def open_with(tmp_path: Path, start_app_server: Callable[..., Client]) -> Open:
    def open_with(script: ProcessScript) -> Client:
        home = tmp_path / "home"
        home.mkdir()
        codex = write_executable(tmp_path / "codex", script=script)
        client = start_app_server(codex, {"CODEX_HOME": str(home), "PATH": os.environ["PATH"]})
        client.initialize()
        return client

    return open_with


def test_a_scripted_login_needs_no_auth_file(open_with: Open) -> None:
    client = open_with(ProcessScript(auth="chatgpt", plan="team"))
    assert client.wait_method("account/updated")["params"] == {"authMode": "chatgpt", "planType": "team"}


def test_stored_credentials_without_a_callback(open_with: Open) -> None:
    client = open_with(ProcessScript(auth="chatgpt", auth_callback=False))
    assert client.request("account/read", READ)["account"]["type"] == "chatgpt"
    client.turn(client.start_thread(Path.cwd()), "SCN:slow:10")
    assert client.notifications("account/updated") == []


def test_the_callback_can_be_late(open_with: Open) -> None:
    client = open_with(ProcessScript(auth="chatgpt", auth_callback_delay_ms=1_500))
    client.wait_method("account/updated")
    update = next(line for line in client.lines if "account/updated" in str(line.message))
    # Counted from the question: when its answer was read says little about when it was written.
    question = next(line for line in client.lines if line.dir == "out")
    assert update.t_s - question.t_s >= 1.5


def test_a_mode_nobody_knows_is_told_as_it_is(open_with: Open) -> None:
    client = open_with(ProcessScript(auth="quantumKey"))
    assert client.wait_method("account/updated")["params"] == {"authMode": "quantumKey", "planType": None}
    assert client.request("account/read", READ)["account"] == {"type": "quantumKey"}


@pytest.mark.parametrize("kind", [{"type": "apiKey", "apiKey": "x"}, {"type": "chatgptDeviceCode"}])
def test_a_login_can_fail(open_with: Open, kind: dict[str, str]) -> None:
    client = open_with(ProcessScript(login="fail"))
    client.request("account/login/start", kind)
    assert client.wait_method("account/login/completed")["params"]["success"] is False
    assert client.request("account/read", READ)["account"] is None
    assert client.notifications("account/updated") == []


def test_a_login_can_complete_without_an_update(open_with: Open) -> None:
    client = open_with(ProcessScript(login="no_update"))
    client.request("account/login/start", {"type": "apiKey", "apiKey": "x"})
    assert client.wait_method("account/login/completed")["params"]["success"] is True
    assert client.request("account/read", READ)["account"] == {"type": "apiKey"}
    assert client.notifications("account/updated") == []


def test_a_login_can_stay_open_for_ever(open_with: Open) -> None:
    client = open_with(ProcessScript(login="never", login_delay_ms=1))
    started = client.request("account/login/start", {"type": "chatgptDeviceCode"})
    client.turn(client.start_thread(Path.cwd()), "SCN:slow:5")
    assert client.notifications("account/login/completed") == []
    assert client.request("account/login/cancel", {"loginId": started["loginId"]}) == {"status": "canceled"}
    assert client.wait_method("account/login/completed")["params"]["error"] == "Login was not completed"


def test_account_read_can_fail_or_never_answer(open_with: Open, tmp_path: Path) -> None:
    client = open_with(ProcessScript(account_read="error"))
    with pytest.raises(RpcError, match="workspace routing discovery failed"):
        client.request("account/read", READ)


def test_account_read_can_hang_while_everything_else_goes_on(open_with: Open) -> None:
    client = open_with(ProcessScript(account_read="hang"))
    asked = client.post("account/read", READ)
    client.request("thread/loaded/list", {})
    with pytest.raises(TimeoutError):
        client.reply_to(asked, wait_s=0.2)


def test_without_an_issuer_the_login_page_is_our_own(open_with: Open) -> None:
    client = open_with(ProcessScript())
    url = client.request("account/login/start", {"type": "chatgpt"})["authUrl"]
    for _ in range(2):
        parts = urlsplit(url)
        connection = http.client.HTTPConnection("127.0.0.1", parts.port or 0, timeout=30)
        connection.request("GET", f"{parts.path}?{parts.query}")
        reply = connection.getresponse()
        url = reply.getheader("Location") or ""
        connection.close()
    assert reply.status == 200
    assert client.wait_method("account/updated")["params"]["authMode"] == "chatgpt"


def test_an_identity_is_read_from_the_token() -> None:
    assert identity_of(unsigned_jwt(account_id="acct-7"), "plus") == Identity(account_id="acct-7", plan="plus")
    for bad in ("", "a.b", "a.%%%.c", "not-a-jwt"):
        with pytest.raises(LoginRefused):
            identity_of(bad, "pro")
