"""What our requests to the app-server are for, and what their answers mean for the rest of the tree."""

from __future__ import annotations

import json
from typing import Any

import pytest

from actors.machines.effects import Send
from actors.upstream import ANSWERS, LINES, Request, answered, unanswered, wanted
from actors.wire.frames import AccountChanged
from messages.auth import AbandonLogin, AccountUpdated, AuthCallFailed, LoginOpened, OpenLogin, ReadAccount, SendLogout
from messages.base import Message
from messages.calls import CallDone, InterruptWanted, ThreadWanted, TurnWanted
from messages.otlp import TurnTraced

PARAMS = {
    "kind": "chatgpt", "secret": None, "account_id": None, "login_id": "L1", "cwd": "/tmp", "model": None,
    "thread_id": "t1", "text": "hello", "turn_id": "u1", "cursor": None, "limit": 5, "archived": False, "scan": False,
    "items": "full",
}  # fmt: skip
CHATGPT = {"account": {"type": "chatgpt", "email": "x", "planType": "pro"}, "requiresOpenaiAuth": True}
ODD_ANSWERS: list[Any] = [None, [], "x", 7, {}, {"thread": None}, {"turn": {"id": 7}}, {"account": "x"}, {"loginId": 1}]


def said(effects: list[Any]) -> list[Any]:
    assert all(isinstance(each, Send) for each in effects)
    return [each.message for each in effects]


@pytest.mark.parametrize("call", LINES)
def test_every_request_is_one_line_with_its_number_and_method(call: str) -> None:
    line = LINES[call](7, PARAMS)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    told = json.loads(line)
    assert (told["id"], told["method"]) == (7, call)


def test_there_is_a_line_for_every_answer() -> None:
    assert set(ANSWERS) <= set(LINES)


@pytest.mark.parametrize("call", LINES)
@pytest.mark.parametrize("result", ODD_ANSWERS, ids=repr)
def test_an_answer_of_another_form_is_a_value_and_proves_nothing(call: str, result: Any) -> None:
    for message in said(answered(Request(call, "c1"), result, 1)):
        assert not (isinstance(message, AccountUpdated) and message.authenticated)
        if isinstance(message, CallDone):
            assert message.ok is (call == "turn/interrupt")


def test_an_account_that_was_read_alone_is_evidence() -> None:
    (told,) = said(answered(Request("account/read", "account:account_read"), CHATGPT, 3))
    assert (told.generation, told.auth_mode, told.authenticated, told.origin, told.plan) == (
        3, "chatgpt", True, "account_read", "pro",
    )  # fmt: skip


def test_a_callback_counts_only_with_the_account_that_was_read_after_it() -> None:
    request = Request("account/read", "account:callback", AccountChanged("chatgpt", "pro"))
    assert said(answered(request, CHATGPT, 1))[0].authenticated
    assert not said(answered(request, {"account": None, "requiresOpenaiAuth": True}, 1))[0].authenticated
    assert not said(unanswered(request, "late", 1))[0].authenticated


def test_a_callback_without_a_mode_is_never_proof() -> None:
    request = Request("account/read", "account:callback", AccountChanged(None, None))
    assert not said(answered(request, CHATGPT, 1))[0].authenticated


@pytest.mark.parametrize(
    ("result", "url", "code"),
    [
        ({"type": "chatgpt", "loginId": "L1", "authUrl": "https://a"}, "https://a", None),
        ({"type": "x", "loginId": "L1", "verificationUrl": "https://b", "userCode": "AB"}, "https://b", "AB"),
        ({"type": "apiKey"}, None, None),
    ],
)
def test_a_login_that_opened_tells_where_to_go(result: dict[str, Any], url: str | None, code: str | None) -> None:
    (told,) = said(answered(Request("account/login/start", "c1"), result, 2))
    assert isinstance(told, LoginOpened)
    assert (told.generation, told.command_id, told.url, told.user_code) == (2, "c1", url, code)


@pytest.mark.parametrize("call", [call for call in LINES if call.startswith("account/")])
def test_an_auth_request_that_fails_is_told_to_auth(call: str) -> None:
    assert said(unanswered(Request(call, "c1"), "no", 4)) == [
        AuthCallFailed(generation=4, command_id="c1", call=call, text="no")  # type: ignore[arg-type]  # an account call
    ]


@pytest.mark.parametrize("call", ["thread/start", "turn/start", "turn/interrupt"])
def test_a_persons_request_that_fails_is_told_to_the_facade(call: str) -> None:
    assert said(unanswered(Request(call, "c1"), "no", 4)) == [CallDone(command_id="c1", ok=False, text="no")]


@pytest.mark.parametrize("call", ["initialize", "thread/loaded/list"])
def test_greeting_and_probe_concern_nobody_else(call: str) -> None:
    assert unanswered(Request(call, "probe"), "no", 1) == []


@pytest.mark.parametrize(
    ("call", "result", "told"),
    [
        ("thread/start", {"thread": {"id": "t9"}}, {"threadId": "t9"}),
        ("turn/start", {"turn": {"id": "u9"}}, {"turnId": "u9"}),
        ("turn/interrupt", {}, {}),
    ],
)
def test_a_persons_request_comes_back_with_its_id(call: str, result: Any, told: dict[str, str]) -> None:
    assert said(answered(Request(call, "c1"), result, 1)) == [CallDone(command_id="c1", ok=True, result=told)]


def test_a_turn_that_was_started_under_a_trace_is_told_to_the_baseline() -> None:
    request = Request("turn/start", "c1", thread_id="t1", trace_id="ab" * 16)
    done, traced = said(answered(request, {"turn": {"id": "u9"}}, 1))
    assert isinstance(done, CallDone)
    assert traced == TurnTraced(session_id="t1", turn_id="u9", trace_id="ab" * 16)
    assert len(answered(request, {"turn": {}}, 1)) == 1, "without a turn there is nothing to tell"


WISHES: list[tuple[Message, str, str, dict[str, Any]]] = [
    (ReadAccount(command_id=None), "account/read", "account:account_read", {}),
    (ReadAccount(command_id="c1"), "account/read", "c1", {}),
    (
        OpenLogin(command_id="c1", kind="apiKey", secret="sk-x"), "account/login/start", "c1",
        {"kind": "apiKey", "secret": "sk-x", "account_id": None},
    ),
    (AbandonLogin(command_id="c1", login_id="L1"), "account/login/cancel", "c1", {"login_id": "L1"}),
    (SendLogout(command_id="c1"), "account/logout", "c1", {}),
    (ThreadWanted(command_id="c1", cwd=None, model=None), "thread/start", "c1", {"cwd": "/home", "model": None}),
    (ThreadWanted(command_id="c1", cwd="/w", model="m"), "thread/start", "c1", {"cwd": "/w", "model": "m"}),
    (
        TurnWanted(command_id="c1", thread_id="t1", text="go"), "turn/start", "c1",
        {"thread_id": "t1", "text": "go", "traceparent": "00-" + "ab" * 16 + "-" + "ab" * 8 + "-01"},
    ),
    (
        InterruptWanted(command_id="c1", thread_id="t1", turn_id="u1"), "turn/interrupt", "c1",
        {"thread_id": "t1", "turn_id": "u1"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("message", "call", "tag", "params"), WISHES, ids=lambda each: type(each).__name__)
def test_a_wish_becomes_one_request_that_can_be_written(
    message: Message, call: str, tag: str, params: dict[str, Any]
) -> None:
    wish = wanted(message, "/home", lambda size: "ab" * size)
    assert wish is not None
    request, given = wish
    assert (request.call, request.tag, given) == (call, tag, params)
    assert json.loads(LINES[call](7, given))["method"] == call


def test_a_turn_s_request_remembers_the_trace_that_its_telemetry_will_carry() -> None:
    wish = wanted(TurnWanted(command_id="c1", thread_id="t1", text="go"), "/home", lambda size: "ab" * size)
    assert wish is not None
    assert (wish[0].thread_id, wish[0].trace_id) == ("t1", "ab" * 16)


def test_where_nothing_is_to_be_sent_there_is_no_request() -> None:
    assert wanted(AbandonLogin(command_id="c1", login_id=None), "/home", lambda size: "ab" * size) is None
    assert wanted(CallDone(command_id="c1", ok=True), "/home", lambda size: "ab" * size) is None
