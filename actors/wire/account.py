"""From the app-server's words about the account to the one message that can prove a login. DESIGN decision 1.

Upstream's `account/updated` has no `authenticated` flag (codex 0.106 to 0.169: `authMode`, later `planType`), and
`account/login/completed` alone proves nothing: with a failed workspace check it says success=false and the credentials
are installed all the same. So the `account/read` that follows is always part of the evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from actors.wire import shapes
from actors.wire.frames import AccountChanged, Unshaped
from messages.auth import AccountUpdated

CHATGPT = "chatgpt"

_MODES = {
    "chatgpt": CHATGPT,
    "chatgptAuthTokens": CHATGPT,
    "apikey": "apikey",
    "headers": "headers",
    "agentIdentity": "agentIdentity",
    "personalAccessToken": "personalAccessToken",
    "bedrockApiKey": "bedrockApiKey",
    "bedrockAccessKeys": "bedrockAccessKeys",
}
"""Upstream's `AuthMode` of codex 0.169. A mode that is not here never authenticates."""

_TYPES = {"chatgpt": CHATGPT, "apiKey": "apikey", "amazonBedrock": "amazonBedrock", "gcp": "gcp"}
"""The types of account that `account/read` returns. External tokens read as `chatgpt` too."""

_TYPE_OF_MODE = {CHATGPT: "chatgpt", "apikey": "apiKey"}
"""Which account has to be read for a mode. For the other modes any will do: none of them is enough for us anyway."""


@dataclass(frozen=True, slots=True)
class AccountRead:
    """The answer to `account/read`."""

    type: str | None
    """None: nobody is logged in."""
    plan: str | None
    requires_login: bool
    """`requiresOpenaiAuth`: of the provider, whether or not somebody is logged in. True when upstream does not say."""


def read_account(result: Any) -> AccountRead | Unshaped:
    """The result of an `account/read`."""
    try:
        reply = _REPLY.validate_python(result, strict=True)
    except ValidationError as problem:
        return Unshaped("account/read", shapes.reason_of(problem))
    account = reply.get("account")
    requires = reply.get("requiresOpenaiAuth", True)
    if account is None:
        return AccountRead(None, None, requires)
    return AccountRead(account["type"], account.get("planType"), requires)


def called_back(generation: int, changed: AccountChanged, read: AccountRead | None) -> AccountUpdated:
    """What `account/updated` and the `account/read` sent right after it prove together.

    `read` is None when it failed or timed out: then nothing is proved. An account of another type than the mode's
    proves nothing either; the login changed between the two, and its own callback is on its way.
    """
    word = changed.auth_mode or None
    mode = None if word is None else _MODES.get(word, word)
    account = None if read is None else read.type
    fits = account is not None and account in _TYPES and account == _TYPE_OF_MODE.get(mode or "", account)
    return AccountUpdated(
        generation=generation,
        auth_mode=mode,
        authenticated=word in _MODES and fits,
        plan=changed.plan or (None if read is None else read.plan),
        requires_login=True if read is None else read.requires_login,
        origin="callback",
    )


def read_only(generation: int, read: AccountRead | None) -> AccountUpdated:
    """What an `account/read` proves alone: a login that was stored already, for which no callback comes at start."""
    account = None if read is None else (read.type or None)
    return AccountUpdated(
        generation=generation,
        auth_mode=None if account is None else _TYPES.get(account, account),
        authenticated=account in _TYPES,
        plan=None if read is None else read.plan,
        requires_login=True if read is None else read.requires_login,
        origin="account_read",
    )


_REPLY = shapes.adapter(shapes.AccountReply)
