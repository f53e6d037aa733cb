"""What a renderer hears and is answered: `policy.py` applied. What is not a row there is refused, and changes nothing.

Two answers: `Accepted`, `Refused` or the data at once; the effect later, as `commandDone` with the same command id.
A repeated command id gets the first answer again, so a double click is one command.
"""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from actors.machines.actions import why_not
from actors.machines.effects import NOTHING, Audit, Effect, Effects, Send, Wake
from actors.machines.orders import ORDER_DEADLINE_MS
from actors.machines.policy import ANY_SIDECAR, POLICY
from actors.machines.standing import Now
from messages import facade as say
from messages.auth import (
    AuthCommandDone,
)
from messages.base import Message
from messages.calls import (
    ApprovalAsked,
    ApprovalSettled,
    CallDone,
    StatusChanged,
    SupervisionDone,
)
from messages.records import AuditNote, ItemStored, KeepAudit, LedgerTold, TurnStored
from messages.settings import Limits
from messages.status import SidecarStatus, TreeStatus
from messages.stream import LiveLines, LiveWanted

CLIENTS_MAX = 64
"""Renderers that may subscribe at once; one more is refused."""
REMEMBERED_MAX = 1024
"""Command ids whose first answer is remembered; the oldest is forgotten first."""
RESTART_DEADLINE_MS = 120_000
"""Longer than a restart can take, backoff and three handshakes that time out included."""
DONE_SLACK_MS = 10_000
"""Added to the deadline of whoever has a command, so that only the death of that part leaves it to the facade."""
AUDITED_REFUSALS_MAX, AUDIT_WINDOW_MS = 60, 60_000
"""Refusals that get an audit row of their own in that time; further ones are counted in the next row."""
LEDGER_DEADLINE_MS = 1_000
"""A status waits this long for the ledger, then it is given without."""


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
    effects: OrderedDict[str, str] = field(default_factory=OrderedDict)
    """The effect of each command that is done, by inner id: who repeats the command hears it again."""
    acting: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Recovery commands under way: inner id -> (client, command). They outlive their client, for the audit."""
    approvals: dict[str, ApprovalAsked] = field(default_factory=dict)
    audits: int = 0
    refused_ms: deque[int] = field(default_factory=deque)
    """When refusals were audited lately (monotonic)."""
    unaudited: int = 0

    def said(self, heard: say.ClientSaid, now: Now) -> Effects:
        """Bytes of a renderer: parse, look the row up, answer."""
        body = heard.body.encode(errors="surrogatepass")
        if len(body) > self.limits.command_bytes_max:
            return self._refuse(heard.client_id, _command_id(body), "TOO_LARGE", "the command is too large", now)
        try:
            command = say.COMMANDS.validate_json(body)
        except ValidationError as error:
            text = f"not a command: see {', '.join(_places(error))[:200] or 'its form'}"
            return self._refuse(heard.client_id, _command_id(body), "BAD_COMMAND", text, now)
        key = f"{heard.client_id}/{command.command_id}"
        if key in self.answers:
            known = [told for told in (self.answers[key], self.effects.get(key)) if told]
            return tuple(_to(heard.client_id, told) for told in known)
        client = self.clients.get(heard.client_id)
        if client is None:
            if len(self.clients) >= CLIENTS_MAX:
                text = f"{CLIENTS_MAX} clients are connected already"
                return self._refuse(heard.client_id, command.command_id, "TOO_OFTEN", text, now)
            client = self.clients[heard.client_id] = Client()
        refusal = self._forbidden(client, command, now)
        if refusal is not None:
            code, text = refusal
            if code != "TOO_OFTEN":  # that one was not looked at
                self._remember(key, _json(say.Refused(command_id=command.command_id, code=code, text=text)))
            return self._refuse(heard.client_id, command.command_id, code, text, now)
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
        why = why_not(self.status, _name(command)) if row.action else ""
        if why:
            return "NOT_NOW", why
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
            effects.append(Wake(self._deadline_ms(command), f"done:{key}"))
            if row.action:
                self.acting[key] = (client_id, _wish(command))
                effects.append(Audit("command_accepted", f"client {client_id}", _wish(command)))
        return tuple(effects)

    def _deadline_ms(self, command: say.Command) -> int:
        """After this a command has failed: the part that had it is gone, and nobody else knows of it."""
        if isinstance(command, say.RestartSidecar):
            return RESTART_DEADLINE_MS
        if isinstance(command, say.RecoverHybrid | say.FallbackToOtelOnly | say.SetStreamKillSwitch):
            return ORDER_DEADLINE_MS + DONE_SLACK_MS
        limits = self.limits
        login = isinstance(command, say.StartLogin)
        return (limits.login_deadline_ms if login else limits.request_deadline_ms) + DONE_SLACK_MS

    def gone(self, heard: say.ClientGone) -> Effects:
        """A renderer hung up: forget it and what it waits for."""
        self.clients.pop(heard.client_id, None)
        for key in [key for key, (client_id, _) in self.open.items() if client_id == heard.client_id]:
            del self.open[key]
            if not self.answers.get(key):
                self.answers.pop(key, None)  # the data it waited for will not come
        return self._live_wanted()

    def stager_returned(self) -> Effects:
        """A new stager does not know that somebody watches."""
        return self._live_wanted()

    def _live_wanted(self) -> Effects:
        return (Send("stager", LiveWanted(on=any(client.live for client in self.clients.values()))),)

    # What the tree tells.

    def status_changed(self, heard: StatusChanged) -> Effects:
        """Newest status wins; late ones of an older supervisor step are nothing."""
        if self.status is not None and heard.status.revision < self.status.revision:
            return NOTHING
        self.status = heard.status
        return (*self._publish(say.StatusEvent(status=heard.status)), *self._close_questions(heard.status.sidecar))

    def _close_questions(self, sidecar: SidecarStatus) -> Effects:
        """Questions of a process that is gone: its owner may have died with it and cannot say that they are over."""
        dead = sidecar.state in ("stopped", "backing_off", "crash_loop")
        over = [
            token
            for token, asked in self.approvals.items()
            if asked.generation < sidecar.generation or (dead and asked.generation == sidecar.generation)
        ]
        effects: Effects = NOTHING
        for token in over:
            effects += self.settled(ApprovalSettled(token=token, outcome="closed"))
        return effects

    def ledger(self, heard: LedgerTold) -> Effects:
        return self._status_answer(heard.command_id, heard.ledger.model_dump())

    def woke(self, name: str) -> Effects:
        """The ledger did not come in time: the status is given without, and says so. Nor did an effect: it failed."""
        what, _, key = name.partition(":")
        if what == "ledger":
            return self._status_answer(key, None)
        return self._done(key, False, "no answer came in time: look at the status and try again", {}, "TIMED_OUT")

    def _status_answer(self, key: str, ledger: dict[str, Any] | None) -> Effects:
        waiting = self.open.pop(key, None)
        if waiting is None:
            return NOTHING
        client_id, command_id = waiting
        if self.status is None:
            refused = say.Refused(command_id=command_id, code="AWAY", text="the runtime is starting: try again")
            self._remember(key, _json(refused))
            return (_to(client_id, _json(refused)),)
        status = self.status.model_dump()
        status["ledger"] = ledger if ledger is not None else {"missing": "ingest did not answer in time"}
        answer = _json(say.StatusAnswer(command_id=command_id, status=status))
        self._remember(key, answer)
        return (_to(client_id, answer),)

    def done(self, heard: CallDone | SupervisionDone) -> Effects:
        code: say.RefusalCode = "FAILED" if isinstance(heard, CallDone) else heard.code
        return self._done(heard.command_id, heard.ok, heard.text, heard.result, code)

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

    def _done(self, key: str, ok: bool, text: str, result: dict[str, Any], code: say.RefusalCode = "FAILED") -> Effects:
        acted = self.acting.pop(key, None)
        outcome = "done" if ok else code
        audited = (Audit("command_done", f"client {acted[0]}", f"{acted[1]}: {outcome}: {text}"),) if acted else NOTHING
        waiting = self.open.pop(key, None)
        if waiting is None:
            return audited
        client_id, command_id = waiting
        done = _json(say.CommandDone(command_id=command_id, ok=ok, code=None if ok else code, text=text, result=result))
        self.effects[key] = done
        if len(self.effects) > REMEMBERED_MAX:
            self.effects.popitem(last=False)
        return (_to(client_id, done), *audited)

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
        if self.approvals.pop(heard.token, None) is None:
            return NOTHING
        return self._publish(say.ApprovalClosed(token=heard.token, outcome=heard.outcome))

    def _publish(self, event: say.Event) -> Effects:
        listening = [client_id for client_id, client in self.clients.items() if client.subscribed]
        if not listening:
            return NOTHING
        body = _json(event)
        return tuple(_to(client_id, body, droppable=True) for client_id in listening)

    def _refuse(self, client_id: str, command_id: str, code: say.RefusalCode, text: str, now: Now) -> Effects:
        """Refused, and audited: codes and our own words, never what was sent."""
        refused = say.Refused(command_id=command_id, code=code, text=text)
        answer = _to(client_id, _json(refused))
        while self.refused_ms and now.mono - self.refused_ms[0] >= AUDIT_WINDOW_MS:
            self.refused_ms.popleft()
        if len(self.refused_ms) >= AUDITED_REFUSALS_MAX:
            self.unaudited += 1
            return (answer,)
        self.refused_ms.append(now.mono)
        more = f" ({self.unaudited} more were refused before)" if self.unaudited else ""
        self.unaudited = 0
        self.audits += 1
        told = f"{code}: {text}{more}"
        note = AuditNote(kind="command_refused", subject=f"client {client_id}", text=told, at_ms=now.wall)
        return (answer, Send("ingest", KeepAudit(n=self.audits, notes=(note,))))

    def _remember(self, key: str, answer: str) -> None:
        self.answers[key] = answer
        if len(self.answers) > REMEMBERED_MAX:
            self.answers.popitem(last=False)


def _name(command: say.Command) -> str:
    """The command as a renderer names it."""
    return str(type(command).model_fields["command"].default)


def _wish(command: say.Command) -> str:
    """A recovery command for the audit; none of them holds what somebody wrote."""
    on = getattr(command, "on", None)
    return _name(command) if on is None else f"{_name(command)} {'on' if on else 'off'}"


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


def _places(error: ValidationError) -> list[str]:
    """Which fields do not fit. The name of a field that we do not have is the sender's, and is not repeated."""
    places = set()
    for each in error.errors(include_input=False, include_url=False):
        unknown = each["type"] == "extra_forbidden"
        places.add("an unknown field" if unknown else ".".join(map(str, each["loc"])))
    return sorted(filter(None, places))


def _command_id(body: bytes) -> str:
    """The id of a command that was not parsed, if it has a usable one near its beginning: its sender waits for it."""
    found = _COMMAND_ID.search(body[:4096])
    return found.group(1).decode() if found else ""


_COMMAND_ID = re.compile(rb'"commandId"\s*:\s*"([A-Za-z0-9._:-]{1,64})"')
