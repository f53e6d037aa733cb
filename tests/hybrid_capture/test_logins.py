"""Logging in and out from the command line; secrets come from standard input and go nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos.scripts import ProcessScript
from hybrid_capture.logins import secret_from
from hybrid_capture.problems import Problem
from tests.hybrid_capture.command import Running
from tests.leaks import files_below


def test_a_key_is_what_stands_on_standard_input() -> None:
    assert secret_from("  sk-key\n", "api_key") == {"secret": "sk-key"}


def test_tokens_are_json_with_both_parts() -> None:
    assert secret_from('{"accessToken": "a", "accountId": "b"}', "tokens") == {"secret": "a", "accountId": "b"}
    for text in (
        "a",
        "[]",
        '{"accessToken": "a"}',
        '{"accessToken": 1, "accountId": "b"}',
        '{"accessToken": "", "accountId": "b"}',
    ):
        with pytest.raises(Problem) as caught:
            secret_from(text, "tokens")
        assert caught.value.exit_code == 2


def test_nothing_and_too_much_are_told_without_the_secret() -> None:
    for text in ("", "\n", "x" * 20_000):
        with pytest.raises(Problem) as caught:
            secret_from(text, "api_key")
        assert "xxxx" not in caught.value.text


@pytest.fixture(scope="module")
def logged_out(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A runtime whose app-server has no login; device codes are confirmed after a moment."""
    house = Running(tmp_path_factory.mktemp("logins"), ProcessScript(auth="none", login_delay_ms=200))
    try:
        yield house.until_auth("needs_login")
    finally:
        house.close()


@pytest.mark.live
def test_a_device_login_shows_address_and_code_and_waits_for_the_account(logged_out: Running) -> None:
    told = logged_out.say("login", "--device", "--json")
    assert told.code == 0, told.err
    visit, done = told.lines
    assert visit["event"] == "visit"
    assert visit["url"].startswith("http")
    assert visit["userCode"]
    assert done == {"event": "loggedIn", "state": "authenticated"}
    assert logged_out.say("status", "--json").json["auth"]["state"] == "authenticated"
    again = logged_out.say("login", "--json")
    assert (again.code, again.json["code"]) == (1, "NOT_NOW")
    assert logged_out.say("logout", "--json").code == 0
    assert logged_out.say("status", "--json").json["auth"]["state"] == "logged_out"


@pytest.mark.live
def test_a_browser_login_that_nobody_completes_is_given_up(logged_out: Running) -> None:
    told = logged_out.say("login", "--timeout", "3")  # by then the address has long been told
    assert told.code == 5
    assert "Open this address" in told.out
    assert "state=" in told.out
    assert logged_out.say("status", "--json").json["auth"]["state"] in ("needs_login", "logged_out")


@pytest.mark.live
def test_an_api_key_is_refused_where_chatgpt_counts_and_never_shown(logged_out: Running) -> None:
    key = "sk-" + "proj-Zq8vN3xT7wLk2RbY9cHs4JdF6mPe1AaU0gVoT5iB"
    told = logged_out.say("login", "--api-key-stdin", "--json", stdin=key + "\n")
    assert told.code == 1
    assert key not in told.out + told.err
    for place, content in files_below(logged_out.state).items():
        assert key.encode() not in content, place
    assert logged_out.say("logout").code == 0


@pytest.mark.live
def test_tokens_log_in_at_once(logged_out: Running, tmp_path: Path) -> None:
    from chaos.codex_home import ACCOUNT_ID, unsigned_jwt

    body = f'{{"accessToken": "{unsigned_jwt()}", "accountId": "{ACCOUNT_ID}"}}'
    told = logged_out.say("login", "--tokens-stdin", "--json", stdin=body)
    assert told.code == 0, told.err
    assert told.lines[-1]["event"] == "loggedIn"
    assert logged_out.say("logout").code == 0
