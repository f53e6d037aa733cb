"""What a renderer may do: one policy table. Whatever is not a row of it is refused, and changes nothing.

Two answers: `Accepted`, `Refused` or the data at once; the effect later, as `commandDone` with the same command id.
A repeated command id gets the first answer again, so a double click is one command.
"""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from actors.machines.effects import NOTHING, Effect, Effects, Send, Wake
from actors.machines.standing import Now
from messages import facade as say
from messages.auth import (
    AuthCommandDone,
    LoginCancelRequested,
    LoginRequested,
    LogoutRequested,
    RetryAuthRequested,
)
from messages.base import Message
from messages.calls import (
    ApprovalAsked,
    ApprovalGiven,
    ApprovalSettled,
    CallDone,
    InterruptWanted,
    RestartSidecarRequested,
    StatusChanged,
    SupervisionDone,
    ThreadWanted,
    TurnWanted,
)
from messages.records import AuditNote, ItemStored, KeepAudit, LedgerTold, LedgerWanted, TurnStored
from messages.settings import Limits
from messages.status import AuthState, SidecarState, TreeStatus
from messages.stream import LiveLines, LiveWanted

CLIENTS_MAX = 64
"""Renderers that may subscribe at once; one more is refused."""
REMEMBERED_MAX = 1024
"""Command ids whose first answer is remembered; the oldest is forgotten first."""
LEDGER_DEADLINE_MS = 1_000
"""A status waits this long for the ledger, then it is given without."""

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
    forward: Callable[[Any, str], tuple[Send, ...]]
    """What it comes to inside, given the command and its inner id."""


def _nothing(command: Any, key: str) -> tuple[Send, ...]:
    return ()


POLICY: dict[type[say.Command], Row] = {
    say.GetStatus: Row(
        ANY_SIDECAR, ANY_AUTH, 100, 1_000, lambda _, key: (Send("ingest", LedgerWanted(command_id=key)),)
    ),
    say.Subscribe: Row(ANY_SIDECAR, ANY_AUTH, 20, 10_000, _nothing),
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
    ),
    say.CancelLogin: Row(
        RUNNING, frozenset({"authenticating"}), 10, 60_000,
        lambda _, key: (Send("auth", LoginCancelRequested(command_id=key)),),
    ),
    say.Logout: Row(
        RUNNING, ANY_AUTH, 10, 60_000, lambda _, key: (Send("auth", LogoutRequested(command_id=key)),)
    ),
    say.RetryAuth: Row(
        RUNNING, ANY_AUTH, 10, 60_000, lambda _, key: (Send("auth", RetryAuthRequested(command_id=key)),)
    ),
    say.RestartSidecar: Row(
        ANY_SIDECAR, ANY_AUTH, 10, 60_000,
        lambda _, key: (Send("supervisor", RestartSidecarRequested(command_id=key)),),
    ),
}  # fmt: skip
"""The whole policy: command -> where it is allowed, how often, what it forwards."""


@dataclass(slots=True)
class Client:
    """One renderer."""

    subscribed: bool = False
    live: bool = False
    recent: dict[type[say.Command], deque[int]] = field(default_factory=dict)


@dataclass(slots=True)
class Facade:
    """The state of the machine."""

    limits: Limits
    clients: dict[str, Client] = field(default_factory=dict)
    status: TreeStatus | None = None
    answers: OrderedDict[str, str] = field(default_factory=OrderedDict)
    """The first answer to each command, by inner id; empty while it waits for data."""
    open: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Accepted commands without an effect yet: inner id -> (client, command id)."""
    approvals: dict[str, ApprovalAsked] = field(default_factory=dict)
    audits: int = 0

    def said(self, heard: say.ClientSaid, now: Now) -> Effects:
        """Bytes of a renderer: parse, look the row up, answer."""
        body = heard.body.encode(errors="surrogatepass")
        if len(body) > self.limits.command_bytes_max:
            return self._refuse(heard.client_id, "", "TOO_LARGE", "the command is too large", now)
        try:
            command = say.COMMANDS.validate_json(body)
        except ValidationError as error:
            fields = sorted({".".join(map(str, each["loc"])) for each in error.errors(include_input=False)})
            text = f"not a command: see {', '.join(fields)[:200] or 'its form'}"
            return self._refuse(heard.client_id, _command_id(body), "BAD_COMMAND", text, now)
        key = f"{heard.client_id}/{command.command_id}"
        if key in self.answers:
            known = self.answers[key]
            return (_to(heard.client_id, known),) if known else NOTHING
        client = self.clients.get(heard.client_id)
        if client is None:
            if len(self.clients) >= CLIENTS_MAX:
                text = f"{CLIENTS_MAX} clients are connected already"
                return self._refuse(heard.client_id, command.command_id, "TOO_OFTEN", text, now)
            client = self.clients[heard.client_id] = Client()
        refusal = self._forbidden(client, command, now)
        if refusal is not None:
            return self._refuse(heard.client_id, command.command_id, refusal[0], refusal[1], now)
        return self._do(heard.client_id, client, command, key)

    def _forbidden(self, client: Client, command: say.Command, now: Now) -> tuple[say.RefusalCode, str] | None:
        row = POLICY[type(command)]
        recent = client.recent.setdefault(type(command), deque())
        while recent and now.mono - recent[0] >= row.rate_ms:
            recent.popleft()
        if len(recent) >= row.rate_count:
            return "TOO_OFTEN", f"more than {row.rate_count} in {row.rate_ms} ms: wait and try again"
        recent.append(now.mono)
        if self.status is None:
            return None if row.sidecar == ANY_SIDECAR else ("AWAY", "the runtime is starting: try again in a moment")
        if self.status.sidecar.state not in row.sidecar:
            return "NOT_NOW", f"not possible while the sidecar is {self.status.sidecar.state}"
        if self.status.auth.state not in row.auth:
            return "NOT_NOW", f"not possible while auth is {self.status.auth.state}"
        return None

    def _do(self, client_id: str, client: Client, command: say.Command, key: str) -> Effects:
        row = POLICY[type(command)]
        forwarded = row.forward(command, key)
        if isinstance(command, say.GetStatus):
            self._remember(key, "")
            self.open[key] = (client_id, command.command_id)
            return (*forwarded, Wake(LEDGER_DEADLINE_MS, f"ledger:{key}"))
        accepted = say.Accepted(command_id=command.command_id)
        self._remember(key, _json(accepted))
        effects: list[Effect] = [_to(client_id, _json(accepted)), *forwarded]
        if isinstance(command, say.Subscribe):
            client.subscribed, client.live = True, command.live
            effects += self._live_wanted()
            if self.status is not None:
                effects.append(_to(client_id, _json(say.StatusEvent(status=self.status))))
            effects += [_to(client_id, _json(_asked(each))) for each in self.approvals.values()]
        else:
            self.open[key] = (client_id, command.command_id)
        return tuple(effects)

    def gone(self, heard: say.ClientGone) -> Effects:
        """A renderer hung up: forget it and what it waits for."""
        self.clients.pop(heard.client_id, None)
        for key in [key for key, (client_id, _) in self.open.items() if client_id == heard.client_id]:
            del self.open[key]
        return self._live_wanted()

    def _live_wanted(self) -> Effects:
        return (Send("stager", LiveWanted(on=any(client.live for client in self.clients.values()))),)

    # What the tree tells.

    def status_changed(self, heard: StatusChanged) -> Effects:
        """Newest status wins; late ones of an older supervisor step are nothing."""
        if self.status is not None and heard.status.revision < self.status.revision:
            return NOTHING
        self.status = heard.status
        return self._publish(say.StatusEvent(status=heard.status))

    def ledger(self, heard: LedgerTold) -> Effects:
        return self._status_answer(heard.command_id, heard.ledger.model_dump())

    def woke(self, name: str) -> Effects:
        """The ledger did not come in time: the status is given without, and says so."""
        return self._status_answer(name.removeprefix("ledger:"), None)

    def _status_answer(self, key: str, ledger: dict[str, Any] | None) -> Effects:
        waiting = self.open.pop(key, None)
        if waiting is None:
            return NOTHING
        client_id, command_id = waiting
        if self.status is None:
            refused = say.Refused(command_id=command_id, code="AWAY", text="the runtime is starting: try again")
            return (_to(client_id, _json(refused)),)
        status = self.status.model_dump()
        status["ledger"] = ledger if ledger is not None else {"missing": "ingest did not answer in time"}
        status["baseline"]["probes"] = "store only"
        answer = _json(say.StatusAnswer(command_id=command_id, status=status))
        self._remember(key, answer)
        return (_to(client_id, answer),)

    def done(self, heard: CallDone | SupervisionDone) -> Effects:
        result = heard.result if isinstance(heard, CallDone) else {}
        return self._done(heard.command_id, heard.ok, heard.text, result)

    def auth_done(self, heard: AuthCommandDone) -> Effects:
        """The login address goes to the client that asked, complete, and to nobody else."""
        result: dict[str, Any] = {"state": heard.state}
        for name, value in (("loginId", heard.login_id), ("url", heard.url), ("userCode", heard.user_code)):
            if value is not None:
                result[name] = value
        if heard.final:
            return self._done(heard.command_id, heard.ok, heard.text, result)
        waiting = self.open.get(heard.command_id)
        if waiting is None:
            return NOTHING
        progress = say.CommandProgress(command_id=waiting[1], text=heard.text, result=result)
        return (_to(waiting[0], _json(progress)),)

    def _done(self, key: str, ok: bool, text: str, result: dict[str, Any]) -> Effects:
        waiting = self.open.pop(key, None)
        if waiting is None:
            return NOTHING
        client_id, command_id = waiting
        done = say.CommandDone(command_id=command_id, ok=ok, code=None if ok else "FAILED", text=text, result=result)
        return (_to(client_id, _json(done)),)

    def stored(self, heard: ItemStored | TurnStored) -> Effects:
        if isinstance(heard, ItemStored):
            return self._publish(say.ItemEvent(**heard.model_dump()))
        return self._publish(say.TurnEvent(**heard.model_dump()))

    def live(self, heard: LiveLines) -> Effects:
        body = _json(say.LiveEvent(**heard.model_dump()))
        return tuple(_to(client_id, body, droppable=True) for client_id, client in self.clients.items() if client.live)

    def asked(self, heard: ApprovalAsked) -> Effects:
        self.approvals[heard.token] = heard
        return self._publish(_asked(heard))

    def settled(self, heard: ApprovalSettled) -> Effects:
        self.approvals.pop(heard.token, None)
        return self._publish(say.ApprovalClosed(token=heard.token, outcome=heard.outcome))

    def _publish(self, event: say.Event) -> Effects:
        listening = [client_id for client_id, client in self.clients.items() if client.subscribed]
        if not listening:
            return NOTHING
        body = _json(event)
        return tuple(_to(client_id, body, droppable=True) for client_id in listening)

    def _refuse(self, client_id: str, command_id: str, code: say.RefusalCode, text: str, now: Now) -> Effects:
        """Refused, and audited: codes and our own words, never what was sent."""
        self.audits += 1
        note = AuditNote(kind="command_refused", subject=f"client {client_id}", text=f"{code}: {text}", at_ms=now.wall)
        refused = say.Refused(command_id=command_id, code=code, text=text)
        return (
            _to(client_id, _json(refused)),
            Send("ingest", KeepAudit(n=self.audits, notes=(note,))),
        )

    def _remember(self, key: str, answer: str) -> None:
        self.answers[key] = answer
        if len(self.answers) > REMEMBERED_MAX:
            self.answers.popitem(last=False)


def _asked(heard: ApprovalAsked) -> say.ApprovalEvent:
    return say.ApprovalEvent(
        token=heard.token,
        kind=heard.kind,
        session_id=heard.session_id,
        turn_id=heard.turn_id,
        item_id=heard.item_id,
        summary=heard.summary,
        expires_at_ms=heard.expires_at_ms,
    )


def _json(message: Message) -> str:
    return message.model_dump_json(by_alias=True)


def _to(client_id: str, body: str, droppable: bool = False) -> Send:
    return Send("root", say.ToClient(client_id=client_id, droppable=droppable, body=body))


def _command_id(body: bytes) -> str:
    """The id of a command that could not be parsed, if it has a usable one: its sender can match the refusal."""
    found = _COMMAND_ID.search(body[:4096])
    return found.group(1).decode() if found else ""


_COMMAND_ID = re.compile(rb'"commandId"\s*:\s*"([A-Za-z0-9._:-]{1,64})"')
