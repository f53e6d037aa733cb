from __future__ import annotations

from typing import Any

import orjson
import pytest

from actors.wire import requests


def sent(line: bytes) -> tuple[str, Any]:
    message = orjson.loads(line)
    assert line.endswith(b"\n")
    return message["method"], message.get("params")


def test_the_greeting():
    client = {"name": "hybrid-capture", "title": "Hybrid Capture", "version": "1"}
    capabilities = {"experimentalApi": False, "requestAttestation": False}
    line = requests.initialize(1, *client.values())
    assert sent(line) == ("initialize", {"clientInfo": client, "capabilities": capabilities})
    assert requests.initialized() == b'{"method":"initialized"}\n'


@pytest.mark.parametrize(
    ("given", "params"),
    [
        (("chatgpt",), {"type": "chatgpt"}),
        (("chatgptDeviceCode",), {"type": "chatgptDeviceCode"}),
        (("apiKey", "sk-x"), {"type": "apiKey", "apiKey": "sk-x"}),
        (
            ("chatgptAuthTokens", "jwt", "acct"),
            {"type": "chatgptAuthTokens", "accessToken": "jwt", "chatgptAccountId": "acct", "chatgptPlanType": None},
        ),
    ],
)
def test_four_kinds_of_login(given, params):
    assert sent(requests.login_start(5, *given)) == ("account/login/start", params)


@pytest.mark.parametrize("given", [("apiKey",), ("chatgptAuthTokens", "jwt"), ("chatgptAuthTokens", None, "acct")])
def test_a_login_without_what_it_needs_is_our_own_mistake(given):
    with pytest.raises(AssertionError):
        requests.login_start(5, *given)


def test_account():
    assert sent(requests.account_read(2)) == ("account/read", {"refreshToken": False})
    assert sent(requests.login_cancel(2, "l")) == ("account/login/cancel", {"loginId": "l"})
    assert requests.logout(7) == b'{"method":"account/logout","id":7}\n'


def test_threads_and_turns():
    assert sent(requests.thread_start(3, "/w")) == ("thread/start", {"cwd": "/w"})
    text = {"type": "text", "text": "hi", "text_elements": []}
    line = requests.turn_start(4, "t", "hi", "00-trace")
    assert sent(line) == ("turn/start", {"threadId": "t", "input": [text]})
    assert orjson.loads(line)["trace"] == {"traceparent": "00-trace"}
    assert sent(requests.turn_interrupt(4, "t", "u")) == ("turn/interrupt", {"threadId": "t", "turnId": "u"})


def test_lists():
    assert sent(requests.thread_loaded_list(5)) == ("thread/loaded/list", {})
    method, params = sent(requests.thread_list(5, "c", 10, scan=False))
    assert (method, params.pop("sourceKinds")) == ("thread/list", list(requests.SOURCE_KINDS))
    assert params == {
        "cursor": "c", "limit": 10, "sortKey": "updated_at", "modelProviders": [], "archived": False,
        "useStateDbOnly": True,
    }  # fmt: skip
    assert sent(requests.turns_list(5, "t")) == (
        "thread/turns/list",
        {"threadId": "t", "sortDirection": "asc", "itemsView": "full"},
    )
    assert sent(requests.turns_list(5, "t", "c", 1, items=False)) == (
        "thread/turns/list",
        {"threadId": "t", "cursor": "c", "limit": 1, "sortDirection": "asc", "itemsView": "notLoaded"},
    )
