"""What we ask of the app-server, as lines. Shapes: codex 0.169, `app-server generate-ts`.

The method names are constants because `Pending.issue` wants the name before the line can be made.
"""

from __future__ import annotations

from typing import Any

from actors.wire.frames import Id
from actors.wire.rpc import notification, request
from messages.auth import LoginKind

INITIALIZE = "initialize"
INITIALIZED = "initialized"
ACCOUNT_READ = "account/read"
LOGIN_START = "account/login/start"
LOGIN_CANCEL = "account/login/cancel"
LOGOUT = "account/logout"
THREAD_START = "thread/start"
TURN_START = "turn/start"
TURN_INTERRUPT = "turn/interrupt"
THREAD_LOADED_LIST = "thread/loaded/list"
THREAD_LIST = "thread/list"
TURNS_LIST = "thread/turns/list"

SOURCE_KINDS = (
    "cli", "vscode", "exec", "appServer", "subAgent", "subAgentReview", "subAgentCompact", "subAgentThreadSpawn",
    "subAgentOther", "unknown",
)  # fmt: skip
"""Every kind of source that codex 0.169 knows."""


def initialize(request_id: Id, name: str, title: str, version: str, *, experimental: bool = False) -> bytes:
    """The greeting; `initialized()` follows its answer. `name` becomes upstream's `originator`.

    Twice on one connection is refused with -32600 `Already initialized`, so a logout does not repeat it.
    """
    return request(
        request_id,
        INITIALIZE,
        {
            "clientInfo": {"name": name, "title": title, "version": version},
            "capabilities": {"experimentalApi": experimental, "requestAttestation": False},
        },
    )


def initialized() -> bytes:
    """We have read the answer to `initialize`."""
    return notification(INITIALIZED)


def account_read(request_id: Id, *, refresh_token: bool = False) -> bytes:
    """Who is logged in. Dials out only when it has to refresh a managed login."""
    return request(request_id, ACCOUNT_READ, {"refreshToken": refresh_token})


def login_start(
    request_id: Id, kind: LoginKind, secret: str | None = None, account_id: str | None = None, plan: str | None = None
) -> bytes:
    """Open a login. `secret` is the key of `apiKey`, the access token of `chatgptAuthTokens`.

    Errors: AssertionError when a kind lacks what it needs; the facade has asked for it before.
    """
    params: dict[str, Any] = {"type": kind}
    if kind == "apiKey":
        assert secret is not None, "apiKey without a key"
        params["apiKey"] = secret
    elif kind == "chatgptAuthTokens":
        assert secret is not None, "chatgptAuthTokens without a token"
        assert account_id is not None, "chatgptAuthTokens without an account"
        params |= {"accessToken": secret, "chatgptAccountId": account_id, "chatgptPlanType": plan}
    return request(request_id, LOGIN_START, params)


def login_cancel(request_id: Id, login_id: str) -> bytes:
    """Give a login up; answered `canceled` or `notFound`."""
    return request(request_id, LOGIN_CANCEL, {"loginId": login_id})


def logout(request_id: Id) -> bytes:
    """Forget the login; `account/updated` with a null mode follows, no `login/completed`."""
    return request(request_id, LOGOUT)


def thread_start(request_id: Id, cwd: str | None = None, model: str | None = None) -> bytes:
    """Open a thread; None leaves upstream's default."""
    return request(request_id, THREAD_START, _given(cwd=cwd, model=model))


def turn_start(request_id: Id, thread_id: str, text: str, traceparent: str | None = None) -> bytes:
    """Say something in a thread. While a turn runs this steers it: the same turn id is answered."""
    params = {"threadId": thread_id, "input": [{"type": "text", "text": text, "text_elements": []}]}
    return request(request_id, TURN_START, params, traceparent)


def turn_interrupt(request_id: Id, thread_id: str, turn_id: str) -> bytes:
    """Stop a turn. Its open items never complete."""
    return request(request_id, TURN_INTERRUPT, {"threadId": thread_id, "turnId": turn_id})


def thread_loaded_list(request_id: Id) -> bytes:
    """The cheapest question there is: the probe of liveness (p99 0.4 ms, no I/O)."""
    return request(request_id, THREAD_LOADED_LIST, {})


def thread_list(
    request_id: Id, cursor: str | None = None, limit: int | None = None, *, archived: bool = False, scan: bool = True
) -> bytes:
    """Stored threads of this Codex home, last changed first, whichever process ran them.

    Without `sourceKinds` codex 0.169 leaves out what `codex exec` and sub-agents ran. `scan` false answers from its
    database alone, without looking into rollout files: 5 ms instead of 30 for 50 threads.
    """
    params = _given(cursor=cursor, limit=limit) | {
        "sortKey": "updated_at",
        "sourceKinds": [*SOURCE_KINDS],
        "modelProviders": [],
        "archived": archived,
        "useStateDbOnly": not scan,
    }
    return request(request_id, THREAD_LIST, params)


def turns_list(
    request_id: Id, thread_id: str, cursor: str | None = None, limit: int | None = None, *, items: bool = True
) -> bytes:
    """Turns of a thread, oldest first, with all their items, or with none.

    `full` items are those of `item/completed`, field for field and id for id; a declined command is not among them
    (codex 0.169, watched). The default view is a summary: first prompt and last answer.
    """
    params = _given(threadId=thread_id, cursor=cursor, limit=limit)
    view = "full" if items else "notLoaded"
    return request(request_id, TURNS_LIST, params | {"sortDirection": "asc", "itemsView": view})


def _given(**params: Any) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}
