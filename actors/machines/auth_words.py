"""The words of the auth table: what was heard, split where a row would need an `if`.

Only `AccountConfirmed` leads to `authenticated`, and only the sidecar's own `AccountUpdated` becomes it.
"""

from __future__ import annotations

from dataclasses import dataclass

from actors.machines.effects import Woke
from messages.auth import (
    AccountUpdated,
    AuthCallFailed,
    LoginCancelRequested,
    LoginEnded,
    LoginOpened,
    LoginRequested,
    LogoutRequested,
    RetryAuthRequested,
    SidecarInitialized,
    SidecarLost,
)
from messages.status import AuthModeChoice, AuthState

ENOUGH: dict[AuthModeChoice, frozenset[str]] = {
    "chatgpt": frozenset({"chatgpt"}),
    "apiKey": frozenset({"apikey"}),
    "none": frozenset(),
}
"""Which of upstream's auth modes are proof for each choice of `codex.appServerAuthMode`."""


RETRIES_MAX = 16
"""Commands to read the account that wait at once; one more is refused."""
LOGOUT_DEADLINE_MS = 15_000
"""A logout that upstream neither confirmed nor refused for this long has failed."""


@dataclass(frozen=True, slots=True)
class Auth:
    """What the machine knows. `epoch` numbers login attempts, so that an old deadline is nothing."""

    choice: AuthModeChoice = "chatgpt"
    login_deadline_ms: int = 600_000
    phase: AuthState = "authenticating"
    generation: int = 0
    mode: str | None = None
    plan: str | None = None
    command_id: str | None = None
    """The login command that is under way."""
    logout_id: str | None = None
    """The logout that upstream has not confirmed yet."""
    logout_epoch: int = 0
    """Numbers logouts, so that an old deadline is nothing."""
    login_id: str | None = None
    retries: tuple[str, ...] = ()
    """Commands that wait for what the account says next."""
    epoch: int = 0
    initialized: bool = False
    """Whether the live generation can be asked for anything."""


@dataclass(frozen=True, slots=True)
class AccountConfirmed:
    """A login of the wanted kind is proved."""

    mode: str | None
    plan: str | None
    origin: str


@dataclass(frozen=True, slots=True)
class AccountCleared:
    """There is no login."""

    cause: str


@dataclass(frozen=True, slots=True)
class AccountUnsupported:
    """There is a login, of a kind that was not chosen."""

    mode: str
    cause: str


@dataclass(frozen=True, slots=True)
class LoginFailed:
    """The login attempt that is under way ended without success."""

    cause: str


@dataclass(frozen=True, slots=True)
class LoginExpired:
    """The deadline of the login that is under way passed."""


@dataclass(frozen=True, slots=True)
class LoginAnnounced:
    """Upstream says that a login succeeded; the account has to confirm it."""


@dataclass(frozen=True, slots=True)
class LogoutFailed:
    """Upstream refused the logout, or did not answer it."""

    cause: str


@dataclass(frozen=True, slots=True)
class ReadFailed:
    """`account/read` got no good answer; it proves nothing either way."""

    cause: str


@dataclass(frozen=True, slots=True)
class LoginPending:
    """Nobody is logged in yet, which is no news while a person is busy logging in; it confirms an earlier logout."""


@dataclass(frozen=True, slots=True)
class NoLogin:
    """There is no login under way that could be cancelled."""

    command_id: str


@dataclass(frozen=True, slots=True)
class NotReachable:
    """The app-server cannot be asked now."""

    command_id: str


@dataclass(frozen=True, slots=True)
class Stale:
    """It speaks of an older generation or an older login attempt: nothing changes."""


Word = (
    AccountConfirmed
    | AccountCleared
    | AccountUnsupported
    | LoginFailed
    | LoginExpired
    | LoginAnnounced
    | LoginPending
    | NoLogin
    | NotReachable
    | LogoutFailed
    | ReadFailed
    | SidecarInitialized
    | SidecarLost
    | LoginRequested
    | LoginOpened
    | LoginCancelRequested
    | LogoutRequested
    | RetryAuthRequested
)
Heard = (
    AccountUpdated
    | AuthCallFailed
    | LoginEnded
    | SidecarInitialized
    | SidecarLost
    | LoginRequested
    | LoginOpened
    | LoginCancelRequested
    | LogoutRequested
    | RetryAuthRequested
    | Woke
)


def refine(auth: Auth, heard: Heard) -> Word | Stale:
    """One word of the table for what was heard. Everything about an older generation is `Stale`."""
    if isinstance(heard, Woke):
        return _deadline(auth, heard)
    if isinstance(heard, SidecarInitialized | SidecarLost):
        return Stale() if heard.generation < auth.generation else heard
    if isinstance(heard, AccountUpdated | AuthCallFailed | LoginEnded | LoginOpened):
        if heard.generation != auth.generation:
            return Stale()
        if isinstance(heard, AccountUpdated):
            word = _account(auth, heard)
            if isinstance(word, AccountCleared):
                return word if auth.command_id is None else LoginPending()
            # The logout was sent before: what still names an account was read before upstream took it.
            return Stale() if auth.logout_id is not None else word
        if isinstance(heard, AuthCallFailed):
            return _failed_call(auth, heard)
        if isinstance(heard, LoginEnded):
            # A second login ends the first with its own id and success=false, at any time (codex 0.169).
            mine = heard.login_id is None or heard.login_id == auth.login_id
            if not mine or auth.command_id is None:
                return Stale()
            return LoginAnnounced() if heard.success else LoginFailed(heard.text)
        return heard if heard.command_id == auth.command_id else Stale()
    if not auth.initialized:
        return NotReachable(heard.command_id)
    if isinstance(heard, LoginCancelRequested) and auth.command_id is None:
        return NoLogin(heard.command_id)
    return heard


def _deadline(auth: Auth, woke: Woke) -> Word | Stale:
    if woke.name == "login_deadline" and woke.epoch == auth.epoch and auth.command_id is not None:
        return LoginExpired()
    if woke.name == "logout_deadline" and woke.epoch == auth.logout_epoch and auth.logout_id is not None:
        return LogoutFailed("it was not confirmed in time")
    return Stale()


def _account(auth: Auth, heard: AccountUpdated) -> Word:
    if not heard.auth_mode and (auth.phase == "logged_out" or auth.logout_id is not None):
        return AccountCleared("logged out")  # whatever the provider requires
    if auth.choice == "none":
        # A provider that needs no login was chosen openly: its own word is the evidence.
        if not heard.requires_login:
            return AccountConfirmed(None, None, heard.origin)
        return AccountCleared("the provider requires a login, but codex.appServerAuthMode is none")
    if not heard.auth_mode:
        if not heard.requires_login:
            return AccountUnsupported("none", "the provider needs no login: set codex.appServerAuthMode to none")
        return AccountCleared("no login")
    if heard.auth_mode not in ENOUGH[auth.choice]:
        wanted = auth.choice
        return AccountUnsupported(heard.auth_mode, f"login of kind {heard.auth_mode} is not {wanted}")
    if not heard.authenticated:
        return AccountCleared("the account did not confirm the login: log in again")
    return AccountConfirmed(heard.auth_mode, heard.plan, heard.origin)


def _failed_call(auth: Auth, heard: AuthCallFailed) -> Word | Stale:
    """Of a login or logout that is over, and of a cancellation, nothing hangs on it."""
    if heard.call == "account/login/start":
        return LoginFailed(heard.text) if _under_way(heard, auth.command_id) else Stale()
    if heard.call == "account/logout":
        return LogoutFailed(heard.text) if _under_way(heard, auth.logout_id) else Stale()
    return ReadFailed(heard.text) if heard.call == "account/read" else Stale()


def _under_way(heard: AuthCallFailed, command_id: str | None) -> bool:
    return command_id is not None and heard.command_id == command_id
