"""What our requests to the app-server are for, and what their answers mean for the rest of the tree.

One table per kind of request: how its line is made, what a good answer becomes, what a bad one becomes. Answers that
nobody waits for are values and change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from actors.machines.effects import Effect, Send
from actors.wire import requests
from actors.wire.account import AccountRead, called_back, read_account, read_only
from actors.wire.frames import AccountChanged, Unshaped
from messages.auth import AbandonLogin, AccountUpdated, AuthCallFailed, LoginOpened, OpenLogin, ReadAccount, SendLogout
from messages.base import Message
from messages.calls import CallDone, InterruptWanted, ThreadWanted, TurnWanted
from messages.otlp import TurnTraced

CLIENT_NAME = "hybrid-capture"
CLIENT_VERSION = "0.1.0"
PULL = "pull:"
"""How the tags of catching up begin; their answers are its own."""
REFRESH = "account/chatgptAuthTokens/refresh"


@dataclass(frozen=True, slots=True)
class Request:
    """One request under way: upstream's method, our word for what it is for, and who waits."""

    call: str
    tag: str
    """`greeting`, `probe`, `pull:<n>`, `account:<origin>`, or the inner id of a command."""
    changed: AccountChanged | None = None
    """The callback that this `account/read` goes with."""
    thread_id: str = ""
    """With `turn/start`: where."""
    trace_id: str = ""
    """With `turn/start`: the trace that the turn's telemetry carries."""
    asked_in: tuple[str, int, str] = ("", 0, "")
    """Where in which trace it was asked: trace, hop, cause."""


Params = Mapping[str, Any]

LINES: dict[str, Callable[[int, Params], bytes]] = {
    "initialize": lambda n, _: requests.initialize(n, CLIENT_NAME, CLIENT_NAME, CLIENT_VERSION, experimental=True),
    "account/read": lambda n, _: requests.account_read(n),
    "account/login/start": lambda n, p: requests.login_start(n, p["kind"], p["secret"], p["account_id"]),
    "account/login/cancel": lambda n, p: requests.login_cancel(n, p["login_id"]),
    "account/logout": lambda n, _: requests.logout(n),
    "thread/start": lambda n, p: requests.thread_start(n, p["cwd"], p["model"]),
    "turn/start": lambda n, p: requests.turn_start(n, p["thread_id"], p["text"], p.get("traceparent")),
    "turn/interrupt": lambda n, p: requests.turn_interrupt(n, p["thread_id"], p["turn_id"]),
    "thread/loaded/list": lambda n, _: requests.thread_loaded_list(n),
    "thread/list": lambda n, p: requests.thread_list(
        n, p["cursor"], p["limit"], archived=p["archived"], scan=p["scan"]
    ),
    "thread/turns/list": lambda n, p: requests.turns_list(n, p["thread_id"], p["cursor"], p["limit"], items=p["items"]),
}
"""How each request is written."""


def wanted(message: Message, cwd: str | None, token_hex: Callable[[int], str]) -> tuple[Request, Params] | None:
    """What a message to the sidecar wants of upstream; None when nothing is to be sent.

    `cwd` is where a thread works when nobody says otherwise; `token_hex` makes the names of a turn's trace.
    """
    if isinstance(message, ReadAccount):
        return Request("account/read", message.command_id or "account:account_read"), {}
    if isinstance(message, OpenLogin):
        params = {"kind": message.kind, "secret": message.secret, "account_id": message.account_id}
        return Request("account/login/start", message.command_id), params
    if isinstance(message, AbandonLogin) and message.login_id is not None:
        return Request("account/login/cancel", message.command_id), {"login_id": message.login_id}
    if isinstance(message, SendLogout):
        return Request("account/logout", message.command_id), {}
    if isinstance(message, ThreadWanted):
        return Request("thread/start", message.command_id), {"cwd": message.cwd or cwd, "model": message.model}
    if isinstance(message, TurnWanted):
        trace_id, span_id = token_hex(16), token_hex(8)
        traceparent = f"00-{trace_id}-{span_id}-01"
        request = Request("turn/start", message.command_id, thread_id=message.thread_id, trace_id=trace_id)
        return request, {"thread_id": message.thread_id, "text": message.text, "traceparent": traceparent}
    if isinstance(message, InterruptWanted):
        params = {"thread_id": message.thread_id, "turn_id": message.turn_id}
        return Request("turn/interrupt", message.command_id), params
    return None


def answered(request: Request, result: Any, generation: int) -> list[Effect]:
    """What a good answer means."""
    reader = ANSWERS.get(request.call)
    return reader(request, result, generation) if reader else []


def unanswered(request: Request, text: str, generation: int) -> list[Effect]:
    """What an error, or no answer in time, means."""
    if request.call == "account/read":
        if request.changed is not None:
            return [Send("auth", called_back(generation, request.changed, None))]
        return [_auth_failed(request, text, generation)]
    if request.call.startswith("account/"):
        return [_auth_failed(request, text, generation)]
    if request.call in ("thread/start", "turn/start", "turn/interrupt"):
        return [Send("facade", CallDone(command_id=request.tag, ok=False, text=text))]
    return []


def unproved(effect: Effect) -> Effect:
    """The same news of the account, without the proof: upstream's word is known to be out of date."""
    if isinstance(effect, Send) and isinstance(effect.message, AccountUpdated):
        return Send(effect.to, effect.message.model_copy(update={"authenticated": False}))
    return effect


def _account(request: Request, result: Any, generation: int) -> list[Effect]:
    read = read_account(result)
    if isinstance(read, Unshaped):
        return unanswered(request, f"account/read has another form: {read.reason}", generation)
    assert isinstance(read, AccountRead)
    if request.changed is not None:
        return [Send("auth", called_back(generation, request.changed, read))]
    return [Send("auth", read_only(generation, read))]


def _login(request: Request, result: Any, generation: int) -> list[Effect]:
    told = result if isinstance(result, dict) else {}
    opened = LoginOpened(
        generation=generation,
        command_id=request.tag,
        login_id=_text(told.get("loginId")),
        url=_text(told.get("authUrl")) or _text(told.get("verificationUrl")),
        user_code=_text(told.get("userCode")),
    )
    return [Send("auth", opened)]


def _thread(request: Request, result: Any, generation: int) -> list[Effect]:
    return _with_id(request, result, "thread", "threadId")


def _turn(request: Request, result: Any, generation: int) -> list[Effect]:
    turn_id = _id_in(result, "turn")
    effects = _with_id(request, result, "turn", "turnId")
    if turn_id is not None and request.trace_id:
        traced = TurnTraced(session_id=request.thread_id, turn_id=turn_id, trace_id=request.trace_id)
        effects.append(Send("baseline", traced))
    return effects


def _with_id(request: Request, result: Any, member: str, name: str) -> list[Effect]:
    value = _id_in(result, member)
    if value is None:
        text = f"the app-server's answer to {request.call} names no {member}"
        return [Send("facade", CallDone(command_id=request.tag, ok=False, text=text))]
    return [Send("facade", CallDone(command_id=request.tag, ok=True, result={name: value}))]


def _id_in(result: Any, member: str) -> str | None:
    found = result.get(member) if isinstance(result, dict) else None
    return _text(found.get("id")) if isinstance(found, dict) else None


def _interrupted(request: Request, result: Any, generation: int) -> list[Effect]:
    return [Send("facade", CallDone(command_id=request.tag, ok=True))]


ANSWERS: dict[str, Callable[[Request, Any, int], list[Effect]]] = {
    "account/read": _account,
    "account/login/start": _login,
    "thread/start": _thread,
    "turn/start": _turn,
    "turn/interrupt": _interrupted,
}
"""What each good answer becomes; `initialize` is the sidecar machine's own, the rest need nothing."""


def _auth_failed(request: Request, text: str, generation: int) -> Send:
    failed = AuthCallFailed(
        generation=generation,
        command_id=request.tag,
        call=request.call,  # type: ignore[arg-type]  # one of the account calls
        text=text,
    )
    return Send("auth", failed)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
