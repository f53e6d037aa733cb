"""Proof of a login, and the wish for one. Only SidecarActor produces `AccountUpdated`: it alone hears the process."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from messages.base import Message
from messages.status import AuthState

LoginKind = Literal["chatgpt", "chatgptDeviceCode", "apiKey", "chatgptAuthTokens"]


class AccountUpdated(Message):
    """What the app-server itself says about the account, from its callback or from a correlated `account/read`.

    `authenticated` is true only when a login is named **and** the `account/read` sent after it returned an account.
    """

    generation: int
    auth_mode: str | None
    """`chatgpt` for upstream's `chatgpt` and `chatgptAuthTokens`; upstream's word otherwise; None without a login."""
    authenticated: bool
    plan: str | None
    requires_login: bool
    """Upstream's `requiresOpenaiAuth`: false for a provider that needs no login."""
    origin: Literal["callback", "account_read"]


class LoginOpened(Message):
    """The app-server opened a login; the person has to visit `url` (and type `user_code`)."""

    generation: int
    command_id: str
    login_id: str | None
    url: str | None = Field(repr=False)
    """Complete: only the client that asked may see it."""
    user_code: str | None = Field(repr=False)


class LoginEnded(Message):
    """The app-server says that a login attempt ended. Never proof of a login."""

    generation: int
    login_id: str | None
    success: bool
    text: str


class AuthCallFailed(Message):
    """An auth request to the app-server failed or timed out."""

    generation: int
    command_id: str | None
    call: Literal["account/read", "account/login/start", "account/login/cancel", "account/logout"]
    text: str


class LoginRequested(Message):
    """Somebody wants to log in."""

    command_id: str
    kind: LoginKind
    secret: str | None = Field(default=None, repr=False)
    """API key or access token for the kinds that bring one; never stored, never printed."""
    account_id: str | None = None


class LoginCancelRequested(Message):
    """Somebody gives up the login that is under way."""

    command_id: str


class LogoutRequested(Message):
    """Somebody wants to be logged out."""

    command_id: str


class RetryAuthRequested(Message):
    """Read the account again."""

    command_id: str


class OpenLogin(Message):
    """Auth asks the sidecar to open a login."""

    command_id: str
    kind: LoginKind
    secret: str | None = Field(default=None, repr=False)
    account_id: str | None = None


class AbandonLogin(Message):
    """Auth asks the sidecar to cancel a login; without an id none was opened yet, and nothing is sent."""

    command_id: str
    login_id: str | None


class SendLogout(Message):
    """Auth asks the sidecar for `account/logout`; the account that is read afterwards confirms it."""

    command_id: str


class ReadAccount(Message):
    """Auth asks the sidecar for a correlated `account/read`; answered by `AccountUpdated`."""

    command_id: str | None


class SidecarInitialized(Message):
    """The handshake of this generation is done; evidence from an older one is void."""

    generation: int


class SidecarLost(Message):
    """There is no process that could prove a login any more."""

    generation: int


class AuthStateChanged(Message):
    """The auth machine moved, or learnt a plan."""

    generation: int
    state: AuthState
    mode: str | None
    plan: str | None
    cause: str


class AuthCommandDone(Message):
    """How an auth command ended, or (`final` false) how far it got; auth tells the facade."""

    command_id: str
    ok: bool
    state: AuthState
    text: str
    final: bool = True
    login_id: str | None = None
    url: str | None = Field(default=None, repr=False)
    user_code: str | None = Field(default=None, repr=False)
