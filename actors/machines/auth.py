"""The auth table: phases, messages, and what follows. Only the account proves a login.

`AccountUpdated` is the one message that can lead to `authenticated`, and only SidecarActor can send it (the catalogue
says so, the shell enforces it). `refine` splits it into one word per row, because rows have no `if`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from actors.machines.auth_words import (
    LOGOUT_DEADLINE_MS,
    RETRIES_MAX,
    AccountCleared,
    AccountConfirmed,
    AccountUnsupported,
    Auth,
    Heard,
    LoginAnnounced,
    LoginExpired,
    LoginFailed,
    LoginPending,
    LogoutFailed,
    NoLogin,
    NotReachable,
    ReadFailed,
    Stale,
    Word,
    refine,
)
from actors.machines.decisions import decides
from actors.machines.effects import NOTHING, Effects, MachineRefused, Send, Wake
from messages.auth import (
    AbandonLogin,
    AuthCommandDone,
    AuthStateChanged,
    LoginCancelRequested,
    LoginOpened,
    LoginRequested,
    LogoutRequested,
    OpenLogin,
    ReadAccount,
    RetryAuthRequested,
    SendLogout,
    SidecarInitialized,
    SidecarLost,
)
from messages.status import AuthState

Action = Callable[[Auth, AuthState, "Word"], tuple[Auth, Effects]]


@decides
def step(auth: Auth, heard: Heard) -> tuple[Auth, Effects] | MachineRefused:
    """Apply one message. A pair without a row changes nothing and is refused."""
    word = refine(auth, heard)
    if isinstance(word, Stale):
        return auth, NOTHING
    row = TABLE.get((auth.phase, type(word)))
    if row is None:
        return MachineRefused(auth.phase, type(word).__name__)
    phase, action = row
    return _retries_answered(*action(auth, phase, word), word)


def _retries_answered(auth: Auth, effects: Effects, word: Word) -> tuple[Auth, Effects]:
    """Whatever is heard of the account answers those who asked for it. Not a row: it would stand in nearly each one."""
    if not auth.retries or not isinstance(word, OF_THE_ACCOUNT):
        return auth, effects
    ok = auth.phase == "authenticated" and not isinstance(word, ReadFailed)
    text = "logged in" if ok else getattr(word, "cause", "") or f"auth is {auth.phase}"
    done = [_done(auth, command_id, ok, text) for command_id in auth.retries]
    return replace(auth, retries=()), (*effects, *(each for group in done for each in group))


def _told(auth: Auth, cause: str) -> Effects:
    """Everybody who must know hears of every move."""
    changed = AuthStateChanged(
        generation=auth.generation, state=auth.phase, mode=auth.mode, plan=auth.plan, cause=cause
    )
    return (Send("supervisor", changed),)


def _done(auth: Auth, command_id: str | None, ok: bool, text: str) -> Effects:
    if command_id is None:
        return NOTHING
    done = AuthCommandDone(command_id=command_id, ok=ok, state=auth.phase, text=text)
    return (Send("facade", done),)


def _over(auth: Auth, moved: Auth, why: str) -> Effects:
    """What was under way ends with its process."""
    login = _done(moved, auth.command_id, False, f"{why}: log in again")
    return (*login, *_done(moved, auth.logout_id, False, f"{why} before the logout was confirmed"))


def fresh(auth: Auth, phase: AuthState, word: Word) -> tuple[Auth, Effects]:
    """A new process: older evidence is void. What was under way is over."""
    assert isinstance(word, SidecarInitialized)
    moved = replace(
        auth, phase=phase, generation=word.generation, initialized=True, mode=None, plan=None,
        command_id=None, logout_id=None, login_id=None, epoch=auth.epoch + 1,
    )  # fmt: skip
    over = _over(auth, moved, "the sidecar was restarted")
    return moved, (*_told(moved, "new sidecar: waiting for its account"), *over)


def lost(auth: Auth, phase: AuthState, word: Word) -> tuple[Auth, Effects]:
    """No process, no proof."""
    assert isinstance(word, SidecarLost)
    moved = replace(
        auth, phase=phase, initialized=False, mode=None, plan=None, command_id=None, logout_id=None, login_id=None,
        epoch=auth.epoch + 1,
    )  # fmt: skip
    over = _over(auth, moved, "the sidecar ended")
    return moved, (*_told(moved, "sidecar ended: its login cannot be proved"), *over)


def confirmed(auth: Auth, phase: AuthState, word: Word) -> tuple[Auth, Effects]:
    """The account proves the login."""
    assert isinstance(word, AccountConfirmed)
    moved = replace(
        auth, phase=phase, mode=word.mode, plan=word.plan, command_id=None, login_id=None, epoch=auth.epoch + 1
    )
    if moved.phase == auth.phase and (moved.mode, moved.plan) == (auth.mode, auth.plan):
        return moved, _done(moved, auth.command_id, True, "logged in")
    return moved, (
        *_told(moved, f"account confirmed by {word.origin}"),
        *_done(moved, auth.command_id, True, "logged in"),
    )


def cleared(auth: Auth, phase: AuthState, word: Word) -> tuple[Auth, Effects]:
    """There is no login, whatever was thought."""
    assert isinstance(word, AccountCleared)
    moved = replace(auth, phase=phase, mode=None, plan=None, logout_id=None)
    return moved, (*_told(moved, word.cause), *_done(moved, auth.logout_id, True, "logged out"))


def unsupported(auth: Auth, phase: AuthState, word: Word) -> tuple[Auth, Effects]:
    """A login of a kind that was not chosen proves nothing."""
    assert isinstance(word, AccountUnsupported)
    moved = replace(auth, phase=phase, mode=word.mode, plan=None, command_id=None, login_id=None, epoch=auth.epoch + 1)
    return moved, (*_told(moved, word.cause), *_done(moved, auth.command_id, False, word.cause))


def open_login(auth: Auth, phase: AuthState, word: Word) -> tuple[Auth, Effects]:
    """Ask the sidecar to open a login; a deadline goes with it."""
    assert isinstance(word, LoginRequested)
    moved = replace(auth, phase=phase, command_id=word.command_id, login_id=None, epoch=auth.epoch + 1)
    opened = OpenLogin(command_id=word.command_id, kind=word.kind, secret=word.secret, account_id=word.account_id)
    over = _done(moved, auth.command_id, False, "replaced by a newer login")
    return moved, (
        *over,
        Send("sidecar", opened),
        Wake(auth.login_deadline_ms, "login_deadline", moved.epoch),
        *_told(moved, f"login requested ({word.kind})"),
    )


def show_login(auth: Auth, phase: AuthState, word: Word) -> tuple[Auth, Effects]:
    """The person's part begins: pass the address on to who asked, and to nobody else."""
    assert isinstance(word, LoginOpened)
    moved = replace(auth, phase=phase, login_id=word.login_id)
    shown = AuthCommandDone(
        command_id=word.command_id, ok=True, state=moved.phase, text="login opened", final=False,
        login_id=word.login_id, url=word.url, user_code=word.user_code,
    )  # fmt: skip
    return moved, (Send("facade", shown),) if word.url else NOTHING


def await_account(auth: Auth, phase: AuthState, word: Word) -> tuple[Auth, Effects]:
    """`account/login/completed` is an announcement: only the account proves it. The account is read to hear it."""
    return replace(auth, phase=phase), (Send("sidecar", ReadAccount(command_id=None)),)


def login_failed(auth: Auth, phase: AuthState, word: Word) -> tuple[Auth, Effects]:
    assert isinstance(word, LoginFailed)
    return _give_up(auth, phase, word.cause or "the login failed")


def login_expired(auth: Auth, phase: AuthState, word: Word) -> tuple[Auth, Effects]:
    moved, effects = _give_up(auth, phase, "the login was not completed in time")
    return moved, (Send("sidecar", AbandonLogin(command_id="deadline", login_id=auth.login_id)), *effects)


def cancel_login(auth: Auth, phase: AuthState, word: Word) -> tuple[Auth, Effects]:
    assert isinstance(word, LoginCancelRequested)
    moved, effects = _give_up(auth, phase, "the login was cancelled")
    abandon = AbandonLogin(command_id=word.command_id, login_id=auth.login_id)
    return moved, (Send("sidecar", abandon), *effects, *_done(moved, word.command_id, True, "login cancelled"))


def _give_up(auth: Auth, phase: AuthState, cause: str) -> tuple[Auth, Effects]:
    moved = replace(auth, phase=phase, mode=None, plan=None, command_id=None, login_id=None, epoch=auth.epoch + 1)
    # An earlier login may still be there: read it, so that a failed second login does not hide it.
    again = (Send("sidecar", ReadAccount(command_id=None)),) if auth.initialized else NOTHING
    return moved, (*_told(moved, cause), *_done(moved, auth.command_id, False, cause), *again)


def log_out(auth: Auth, phase: AuthState, word: Word) -> tuple[Auth, Effects]:
    """Logged out from now on, whatever the app-server still thinks."""
    assert isinstance(word, LogoutRequested)
    moved = replace(
        auth, phase=phase, mode=None, plan=None, command_id=None, login_id=None, logout_id=word.command_id,
        logout_epoch=auth.logout_epoch + 1, epoch=auth.epoch + 1,
    )  # fmt: skip
    over = (
        *_done(moved, auth.command_id, False, "logged out"),
        *_done(moved, auth.logout_id, False, "replaced by a newer logout"),
    )
    return moved, (
        *over,
        Send("sidecar", SendLogout(command_id=word.command_id)),
        Wake(LOGOUT_DEADLINE_MS, "logout_deadline", moved.logout_epoch),
        *_told(moved, "logout requested"),
    )


def logged_out(auth: Auth, phase: AuthState, word: Word) -> tuple[Auth, Effects]:
    """The app-server confirms that nobody is logged in."""
    moved = replace(auth, phase=phase, logout_id=None)
    return moved, _done(moved, auth.logout_id, True, "logged out")


def logout_failed(auth: Auth, phase: AuthState, word: Word) -> tuple[Auth, Effects]:
    assert isinstance(word, LogoutFailed)
    moved = replace(auth, phase=phase, logout_id=None)
    return moved, (
        *_told(moved, f"logout failed: {word.cause}"),
        *_done(moved, auth.logout_id, False, f"logout failed: {word.cause}"),
        Send("sidecar", ReadAccount(command_id=None)),
    )


def read_again(auth: Auth, phase: AuthState, word: Word) -> tuple[Auth, Effects]:
    """Ask for the account; a running turn is not touched. Answered by what the account says, or by its silence: every
    request to the app-server has a deadline."""
    assert isinstance(word, RetryAuthRequested)
    if len(auth.retries) >= RETRIES_MAX:
        return auth, _done(auth, word.command_id, False, "the account is being read already")
    moved = replace(auth, phase=phase, retries=(*auth.retries, word.command_id))
    told = _told(moved, "reading the account again") if moved.phase != auth.phase else NOTHING
    return moved, (Send("sidecar", ReadAccount(command_id=word.command_id)), *told)


def read_failed(auth: Auth, phase: AuthState, word: Word) -> tuple[Auth, Effects]:
    """An account that cannot be read proves nothing."""
    assert isinstance(word, ReadFailed)
    moved = replace(auth, phase=phase, mode=None, plan=None, command_id=None, login_id=None, epoch=auth.epoch + 1)
    cause = f"the account could not be read: {word.cause}"
    return moved, (*_told(moved, cause), *_done(moved, auth.command_id, False, cause))


def not_reachable(auth: Auth, phase: AuthState, word: Word) -> tuple[Auth, Effects]:
    assert isinstance(word, NotReachable)
    return auth, _done(auth, word.command_id, False, "the sidecar is not running: restart it first")


def no_login(auth: Auth, phase: AuthState, word: Word) -> tuple[Auth, Effects]:
    assert isinstance(word, NoLogin)
    return auth, _done(auth, word.command_id, False, "no login is under way")


def nothing(auth: Auth, phase: AuthState, word: Word) -> tuple[Auth, Effects]:
    return auth, NOTHING


OF_THE_ACCOUNT = (
    AccountConfirmed, AccountCleared, AccountUnsupported, LoginPending, ReadFailed, SidecarInitialized, SidecarLost,
)  # fmt: skip
"""Words that say how the account stands, or that nobody can say any more."""

NEEDS, BUSY, IN, OUT = "needs_login", "authenticating", "authenticated", "logged_out"

TABLE: dict[tuple[str, type], tuple[AuthState, Action]] = {
    (NEEDS, SidecarInitialized): ("authenticating", fresh),
    (BUSY, SidecarInitialized): ("authenticating", fresh),
    (IN, SidecarInitialized): ("authenticating", fresh),
    (OUT, SidecarInitialized): ("authenticating", fresh),
    (NEEDS, SidecarLost): ("needs_login", lost),
    (BUSY, SidecarLost): ("authenticating", lost),
    (IN, SidecarLost): ("authenticating", lost),
    (OUT, SidecarLost): ("logged_out", lost),
    (NEEDS, AccountConfirmed): ("authenticated", confirmed),
    (BUSY, AccountConfirmed): ("authenticated", confirmed),
    (IN, AccountConfirmed): ("authenticated", confirmed),
    # A confirmation that was under way when the person logged out is not a new login.
    (OUT, AccountConfirmed): ("logged_out", nothing),
    (NEEDS, AccountCleared): ("needs_login", cleared),
    (BUSY, AccountCleared): ("needs_login", cleared),
    (IN, AccountCleared): ("needs_login", cleared),
    (OUT, AccountCleared): ("logged_out", logged_out),
    (NEEDS, AccountUnsupported): ("needs_login", unsupported),
    (BUSY, AccountUnsupported): ("needs_login", unsupported),
    (IN, AccountUnsupported): ("needs_login", unsupported),
    (OUT, AccountUnsupported): ("logged_out", nothing),
    (NEEDS, LoginRequested): ("authenticating", open_login),
    (BUSY, LoginRequested): ("authenticating", open_login),
    (OUT, LoginRequested): ("authenticating", open_login),
    (BUSY, LoginOpened): ("authenticating", show_login),
    (BUSY, LoginAnnounced): ("authenticating", await_account),  # only the account proves it
    (BUSY, LoginFailed): ("needs_login", login_failed),
    (BUSY, LoginExpired): ("needs_login", login_expired),
    (BUSY, LoginCancelRequested): ("needs_login", cancel_login),
    (NEEDS, LogoutRequested): ("logged_out", log_out),
    (BUSY, LogoutRequested): ("logged_out", log_out),
    (IN, LogoutRequested): ("logged_out", log_out),
    (OUT, LogoutRequested): ("logged_out", log_out),
    (NEEDS, LogoutFailed): ("authenticating", logout_failed),
    (BUSY, LogoutFailed): ("authenticating", logout_failed),
    (OUT, LogoutFailed): ("authenticating", logout_failed),
    (NEEDS, RetryAuthRequested): ("authenticating", read_again),
    (BUSY, RetryAuthRequested): ("authenticating", read_again),
    (IN, RetryAuthRequested): ("authenticated", read_again),
    (OUT, RetryAuthRequested): ("authenticating", read_again),
    (NEEDS, ReadFailed): ("needs_login", read_failed),
    (BUSY, ReadFailed): ("needs_login", read_failed),
    # One failed read does not end a proved login: the next callback or read decides.
    (IN, ReadFailed): ("authenticated", nothing),
    (OUT, ReadFailed): ("logged_out", nothing),
    (BUSY, LoginPending): ("authenticating", logged_out),
    (NEEDS, NoLogin): ("needs_login", no_login),
    (BUSY, NoLogin): ("authenticating", no_login),
    (IN, NoLogin): ("authenticated", no_login),
    (OUT, NoLogin): ("logged_out", no_login),
    (NEEDS, NotReachable): ("needs_login", not_reachable),
    (BUSY, NotReachable): ("authenticating", not_reachable),
    (IN, NotReachable): ("authenticated", not_reachable),
    (OUT, NotReachable): ("logged_out", not_reachable),
}
"""`(phase, word) -> (next phase, action)`. What is missing is refused; `docs` and the golden test print this table."""
