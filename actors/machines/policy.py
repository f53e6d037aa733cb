"""The policy: what a renderer may do, as one table: command × states × rate × role × effect.

`facade.py` applies it; `actions.py` says what is offered when.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from actors.machines.effects import Effects, ReadStore, Send
from actors.machines.orders import ORDER_DEADLINE_MS
from messages import facade as say
from messages import renderer_reads as reads
from messages.auth import LoginCancelRequested, LoginRequested, LogoutRequested, RetryAuthRequested
from messages.calls import (
    ApprovalGiven,
    FallbackRequested,
    InterruptWanted,
    RecoverHybridRequested,
    RestartSidecarRequested,
    ThreadSnapshotWanted,
    ThreadWanted,
    TurnWanted,
)
from messages.config import ChangeConfig, SetKillSwitch
from messages.records import LedgerWanted
from messages.renderer_words import ClientRole
from messages.settings import Limits
from messages.status import AuthState, SidecarState

RESTART_DEADLINE_MS = 120_000
"""Longer than a restart can take, backoff and three handshakes that time out included."""
SNAPSHOT_DEADLINE_MS = 60_000
"""For reading a thread's whole history again, a page at a time."""
DONE_SLACK_MS = 10_000
"""Added to the deadline of whoever has a command, so that only the death of that part leaves it to the facade."""

RUNNING: frozenset[SidecarState] = frozenset({"running"})
ANY_SIDECAR: frozenset[SidecarState] = frozenset(
    {"stopped", "starting", "running", "backing_off", "stopping", "crash_loop"}
)
ANY_AUTH: frozenset[AuthState] = frozenset({"needs_login", "authenticating", "authenticated", "logged_out"})


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the policy."""

    sidecar: frozenset[SidecarState]
    """Sidecar states in which the command makes sense."""
    auth: frozenset[AuthState]
    rate_count: int
    rate_ms: int
    """At most `rate_count` in any `rate_ms`, per renderer."""
    forward: Callable[[Any, str], Effects]
    """What it comes to inside, given the command and its inner id."""
    role: ClientRole = "operator"
    """Who may say it: `observer` means everybody."""
    action: bool = False
    """A recovery command: also allowed only as `actions.py` offers it."""
    audited: bool = False
    """It has an audit row with who said it, and another with what came of it."""


def _nothing(command: Any, key: str) -> Effects:
    return ()


def _read(command: Any, key: str) -> Effects:
    return (ReadStore(key, command),)


def _looked(rate_count: int) -> Row:
    """The row of a read: everybody may, whatever the state is."""
    return Row(ANY_SIDECAR, ANY_AUTH, rate_count, 1_000, _read, role="observer")


POLICY: dict[type[say.Command], Row] = {
    say.GetStatus: Row(
        ANY_SIDECAR, ANY_AUTH, 100, 1_000, lambda _, key: (Send("ingest", LedgerWanted(command_id=key)),),
        role="observer",
    ),
    say.Subscribe: Row(ANY_SIDECAR, ANY_AUTH, 200, 10_000, _nothing, role="observer"),
    reads.GetTransitions: _looked(20),
    reads.GetSessions: _looked(20),
    reads.GetSession: _looked(20),
    reads.SearchSessions: _looked(20),
    reads.GetCodexStreamDedupeLog: _looked(20),
    reads.GetTrace: _looked(20),
    reads.GetIngestConfig: _looked(20),
    reads.GetMetrics: Row(ANY_SIDECAR, ANY_AUTH, 20, 1_000, _nothing, role="observer"),
    say.CodexAppServerRequestThreadSnapshot: Row(
        RUNNING, ANY_AUTH, 10, 10_000,
        lambda c, key: (Send("sidecar", ThreadSnapshotWanted(command_id=key, thread_id=c.thread_id)),),
    ),
    say.UpdateIngestConfig: Row(
        ANY_SIDECAR, ANY_AUTH, 20, 60_000,
        lambda c, key: (
            Send("supervisor", ChangeConfig(
                command_id=key, changes=c.changes.model_dump(exclude_unset=True),
                expected_revision=c.expected_revision,
            )),
        ),
        audited=True,
    ),
    say.StartThread: Row(
        RUNNING, ANY_AUTH, 20, 1_000,
        lambda c, key: (Send("sidecar", ThreadWanted(command_id=key, cwd=c.cwd, model=c.model)),),
    ),
    say.StartTurn: Row(
        RUNNING, ANY_AUTH, 20, 1_000,
        lambda c, key: (Send("sidecar", TurnWanted(command_id=key, thread_id=c.thread_id, text=c.text)),),
    ),
    say.InterruptTurn: Row(
        RUNNING, ANY_AUTH, 20, 1_000,
        lambda c, key: (
            Send("sidecar", InterruptWanted(command_id=key, thread_id=c.thread_id, turn_id=c.turn_id)),
        ),
    ),
    say.SubmitApproval: Row(
        RUNNING, ANY_AUTH, 50, 1_000,
        lambda c, key: (Send("sidecar", ApprovalGiven(command_id=key, token=c.token, decision=c.decision)),),
    ),
    say.StartLogin: Row(
        RUNNING, frozenset({"needs_login", "logged_out", "authenticating"}), 10, 60_000,
        lambda c, key: (
            Send("auth", LoginRequested(command_id=key, kind=c.kind, secret=c.secret, account_id=c.account_id)),
        ),
        audited=True,
    ),
    say.CancelLogin: Row(
        RUNNING, frozenset({"authenticating"}), 10, 60_000,
        lambda _, key: (Send("auth", LoginCancelRequested(command_id=key)),),
    ),
    say.Logout: Row(
        RUNNING, ANY_AUTH, 10, 60_000, lambda _, key: (Send("auth", LogoutRequested(command_id=key)),),
        audited=True,
    ),
    say.RetryAuth: Row(
        RUNNING, ANY_AUTH, 10, 60_000, lambda _, key: (Send("auth", RetryAuthRequested(command_id=key)),),
        action=True, audited=True,
    ),
    say.RestartSidecar: Row(
        ANY_SIDECAR, ANY_AUTH, 10, 60_000,
        lambda _, key: (Send("supervisor", RestartSidecarRequested(command_id=key)),), action=True, audited=True,
    ),
    say.RecoverHybrid: Row(
        ANY_SIDECAR, ANY_AUTH, 10, 60_000,
        lambda _, key: (Send("supervisor", RecoverHybridRequested(command_id=key)),), action=True, audited=True,
    ),
    say.FallbackToOtelOnly: Row(
        ANY_SIDECAR, ANY_AUTH, 10, 60_000,
        lambda _, key: (Send("supervisor", FallbackRequested(command_id=key)),), action=True, audited=True,
    ),
    say.SetStreamKillSwitch: Row(
        ANY_SIDECAR, ANY_AUTH, 20, 60_000,
        lambda c, key: (
            Send("supervisor", SetKillSwitch(command_id=key, on=c.on, expected_revision=c.expected_revision)),
        ),
        action=True, audited=True,
    ),
}  # fmt: skip
"""The whole policy: command -> where it is allowed, how often, to whom, what it forwards."""


def deadline_ms(command: say.Command, limits: Limits) -> int:
    """After this a command with an effect has failed: the part that had it is gone, and nobody else knows of it."""
    if isinstance(command, say.RestartSidecar):
        return RESTART_DEADLINE_MS
    if isinstance(command, say.CodexAppServerRequestThreadSnapshot):
        return SNAPSHOT_DEADLINE_MS + DONE_SLACK_MS
    if isinstance(command, say.RecoverHybrid | say.FallbackToOtelOnly | say.SetStreamKillSwitch):
        return ORDER_DEADLINE_MS + DONE_SLACK_MS
    login = isinstance(command, say.StartLogin)
    return (limits.login_deadline_ms if login else limits.request_deadline_ms) + DONE_SLACK_MS
