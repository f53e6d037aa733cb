"""What a renderer hears and is answered: `policy.py` applied. What is not a row there is refused, and changes nothing.

Two answers: `Accepted`, `Refused` or the data at once; the effect later, as `commandDone` with the same command id.
A repeated command id gets the first answer again, so a double click is one command. Beside it: `remembered.py` (first
answers), `open_questions.py` (approvals and their tokens), `refusals.py` (what of this stands in the audit),
`quoting.py` (what of a renderer's words is said again).
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from actors.machines.actions import why_not
from actors.machines.decisions import decides
from actors.machines.effects import NOTHING, Audit, Effect, Effects, ReadStore, Send, Wake
from actors.machines.meter import SAMPLE_MS, Meter
from actors.machines.open_questions import OpenQuestions, closed, shown
from actors.machines.policy import ANY_SIDECAR, POLICY, deadline_ms
from actors.machines.quoting import command_id_of, name_of, places_of, wish_of
from actors.machines.refusals import Refusals
from actors.machines.remembered import Remembered
from actors.machines.standing import Now
from messages import facade as say
from messages.auth import AuthCommandDone
from messages.base import Message
from messages.calls import ApprovalAsked, ApprovalSettled, CallDone, StatusChanged, SupervisionDone
from messages.records import ItemStored, LedgerTold, LedgerWanted, TurnStored
from messages.renderer_reads import READS, GetMetrics, GetSession
from messages.settings import Limits
from messages.status import TreeStatus
from messages.stream import LiveLines, LiveWanted

HISTORY_MS = 60_000
"""An item that was complete this long ago is history that was read now, and no sample of latency."""
METER = "meter"
"""Instead of a command's inner id, which always has a slash in it."""
LEDGER_DEADLINE_MS = 1_000
"""A status waits this long for the ledger, then it is given without."""


@dataclass(slots=True)
class Client:
    """One renderer."""

    role: say.ClientRole = "operator"
    subscribed: bool = False
    live: bool = False
    recent: dict[type[say.Command], deque[int]] = field(default_factory=dict)
    answers: Remembered = field(default_factory=Remembered)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A command without its effect or its data yet."""

    client_id: str
    command_id: str
    command: say.Command = field(repr=False)


@dataclass(slots=True)
class Facade:
    """The state of the machine."""

    limits: Limits
    clients: dict[str, Client] = field(default_factory=dict)
    status: TreeStatus | None = None
    open: dict[str, Waiting] = field(default_factory=dict)
    """Accepted commands without an effect, and reads without data, by inner id."""
    reads: set[str] = field(default_factory=set)
    """Which of them wait for the store."""
    acting: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Audited commands under way: inner id -> (client, command). They outlive their client, for the audit."""
    questions: OpenQuestions = field(default_factory=OpenQuestions)
    refusals: Refusals = field(default_factory=Refusals)
    meter: Meter = field(default_factory=Meter)
    measured_ms: int = 0
    """When a sample was last asked for (wall clock)."""

    @decides
    def begin(self) -> Effects:
        """Measure from now on."""
        return (Wake(SAMPLE_MS, METER),)

    @decides
    def said(self, heard: say.ClientSaid, now: Now, trace: str = "") -> Effects:
        """Bytes of a renderer: parse, look the row up, answer. `trace` is the one that they began."""
        body = heard.body.encode(errors="surrogatepass")
        if len(body) > self.limits.command_bytes_max:
            return self._refuse(heard.client_id, command_id_of(body), "TOO_LARGE", "the command is too large", now)
        try:
            command = say.COMMANDS.validate_json(body)
        except ValidationError as error:
            text = f"not a command: see {', '.join(places_of(error))[:200] or 'its form'}"
            return self._refuse(heard.client_id, command_id_of(body), "BAD_COMMAND", text, now)
        client = self.clients.get(heard.client_id)
        if client is None:
            if len(self.clients) >= self.limits.renderers_max:
                text = f"{self.limits.renderers_max} clients are connected already"
                return self._refuse(heard.client_id, command.command_id, "TOO_OFTEN", text, now)
            client = self.clients[heard.client_id] = Client(heard.role)
        if command.command_id in client.answers:
            return tuple(_to(heard.client_id, told) for told in client.answers.told(command.command_id))
        refusal = self._forbidden(client, command, now)
        if refusal is not None:
            code, text = refusal
            if code != "TOO_OFTEN":  # that one was not looked at
                refused = say.Refused(command_id=command.command_id, code=code, text=text)
                client.answers.begin(command.command_id)
                client.answers.keep(command.command_id, _json(refused))
            return self._refuse(heard.client_id, command.command_id, code, text, now)
        return self._do(heard.client_id, client, command, now, trace or None)

    def _forbidden(self, client: Client, command: say.Command, now: Now) -> tuple[say.RefusalCode, str] | None:
        row = POLICY[type(command)]
        if client.role == "observer" and row.role != "observer":
            return "NOT_ALLOWED", "this connection may only look: connect as an operator"
        recent = client.recent.setdefault(type(command), deque())
        while recent and now.mono - recent[0] >= row.rate_ms:
            recent.popleft()
        if len(recent) >= row.rate_count:
            return "TOO_OFTEN", f"more than {row.rate_count} in {row.rate_ms} ms: wait and try again"
        recent.append(now.mono)
        if type(command) in READS and len(self.reads) >= self.limits.reads_waiting_max:
            return "AWAY", f"{self.limits.reads_waiting_max} reads wait already: try again in a moment"
        if self.status is None:
            return None if row.sidecar == ANY_SIDECAR else ("AWAY", "the runtime is starting: try again in a moment")
        if self.status.sidecar.state not in row.sidecar:
            return "NOT_NOW", f"not possible while the sidecar is {self.status.sidecar.state}"
        if self.status.auth.state not in row.auth:
            return "NOT_NOW", f"not possible while auth is {self.status.auth.state}"
        why = why_not(self.status, name_of(command)) if row.action else ""
        if why:
            return "NOT_NOW", why
        return None

    def _do(self, client_id: str, client: Client, command: say.Command, now: Now, trace_id: str | None) -> Effects:
        row = POLICY[type(command)]
        command_id, key = command.command_id, f"{client_id}/{command.command_id}"
        if isinstance(command, say.SubmitApproval):
            token = self.questions.decide(client_id, command.token)
            if token is None:
                text = "this request is over, was decided already, or was not shown to you"
                return self._refuse(client_id, command_id, "UNKNOWN_ID", text, now)
            command = command.model_copy(update={"token": token})
        forwarded = row.forward(command, key)
        client.answers.begin(command_id)
        if isinstance(command, say.Subscribe):
            client.subscribed, client.live = True, command.live
            return (
                *self._tell(client_id, command_id, say.Accepted(command_id=command_id, trace_id=trace_id)),
                *self._seen(client_id),
            )
        self.open[key] = Waiting(client_id, command_id, command)
        if isinstance(command, say.GetStatus):
            return (*forwarded, Wake(LEDGER_DEADLINE_MS, f"ledger:{key}"))
        if isinstance(command, GetMetrics):
            return self.read(key, _json(self.meter.data()))
        if type(command) in READS:
            self.reads.add(key)
            return (*forwarded, Wake(self.limits.read_deadline_ms, f"read:{key}"))
        effects: list[Effect] = [
            *self._tell(client_id, command_id, say.Accepted(command_id=command_id, trace_id=trace_id))
        ]
        effects += [*forwarded, Wake(deadline_ms(command, self.limits), f"done:{key}")]
        if row.audited:
            self.acting[key] = (client_id, wish_of(command))
            effects.append(Audit("command_accepted", f"client {client_id}", wish_of(command)))
        return tuple(effects)

    def _tell(self, client_id: str, command_id: str, said: Message) -> Effects:
        """An answer or an effect, remembered for who repeats the command."""
        body = _json(said)
        client = self.clients.get(client_id)
        if client is not None:
            client.answers.keep(command_id, body)
        return (_to(client_id, body),)

    def _seen(self, client_id: str) -> Effects:
        """What a new subscriber has to know: the status, and what waits for a decision."""
        client = self.clients[client_id]
        effects: list[Effect] = [*self._live_wanted()]
        if self.status is not None:
            effects.append(_to(client_id, _json(say.StatusEvent(status=self.status))))
        effects += [_to(client_id, _json(shown(each, client_id, client.role))) for each in self.questions]
        return tuple(effects)

    @decides
    def gone(self, heard: say.ClientGone) -> Effects:
        """A renderer hung up: forget it and what it waits for."""
        self.clients.pop(heard.client_id, None)
        for key in [key for key, waiting in self.open.items() if waiting.client_id == heard.client_id]:
            del self.open[key]
        return self._live_wanted()

    @decides
    def stager_returned(self) -> Effects:
        """A new stager does not know that somebody watches."""
        return self._live_wanted()

    def _live_wanted(self) -> Effects:
        return (Send("stager", LiveWanted(on=any(client.live for client in self.clients.values()))),)

    # What the tree tells.

    @decides
    def status_changed(self, heard: StatusChanged) -> Effects:
        """Newest status wins; late ones of an older supervisor step are nothing."""
        if self.status is not None and heard.status.revision < self.status.revision:
            return NOTHING
        self.status = heard.status
        self.meter.status(heard.status)
        effects = self._publish(say.StatusEvent(status=heard.status))
        for token in self.questions.of_dead(heard.status.sidecar):
            effects += self.settled(ApprovalSettled(token=token, outcome="closed"))
        return effects

    @decides
    def measure(self, now: Now) -> Effects:
        """Time for a sample: it is taken when ingest says how many frames there were."""
        self.measured_ms = now.wall
        return (Send("ingest", LedgerWanted(command_id=METER)), Wake(SAMPLE_MS, METER))

    @decides
    def count(self, heard: ItemStored, now: Now) -> None:
        """An item for the samples. What was complete long ago is history that was read now, and has no latency."""
        age_ms = None if heard.completed_at_ms is None else now.wall - heard.completed_at_ms
        self.meter.stored(age_ms if age_ms is not None and age_ms < HISTORY_MS else None)

    @decides
    def ledger(self, heard: LedgerTold) -> Effects:
        if heard.command_id == METER:
            self.meter.sample(heard.ledger.received, self.measured_ms)
            return NOTHING
        return self._status_answer(heard.command_id, heard.ledger.model_dump())

    @decides
    def woke(self, name: str) -> Effects:
        """The ledger did not come in time: the status is given without, and says so. Nor did data or an effect: it
        failed."""
        what, _, key = name.partition(":")
        if what == "ledger":
            return self._status_answer(key, None)
        late = "no answer came in time: look at the status and try again"
        if what == "read":
            return self.read(key, None, "TIMED_OUT", late) if key in self.reads else NOTHING
        return self._done(key, False, late, {}, "TIMED_OUT")

    def _status_answer(self, key: str, ledger: dict[str, Any] | None) -> Effects:
        waiting = self.open.pop(key, None)
        if waiting is None:
            return NOTHING
        client_id, command_id = waiting.client_id, waiting.command_id
        if self.status is None:
            text = "the runtime is starting: try again"
            return self._tell(client_id, command_id, say.Refused(command_id=command_id, code="AWAY", text=text))
        status = self.status.model_dump()
        status["ledger"] = ledger if ledger is not None else {"missing": "ingest did not answer in time"}
        return self._tell(client_id, command_id, say.StatusAnswer(command_id=command_id, status=status))

    @decides
    def read(self, key: str, data: str | None, code: say.RefusalCode = "FAILED", text: str = "") -> Effects:
        """What a read gave: its data as JSON, or why there is none."""
        self.reads.discard(key)
        waiting = self.open.get(key)
        if waiting is None:
            return NOTHING
        if type(waiting.command) not in READS:  # the last step of a command with an effect
            return self._done(key, data is not None, text, json.loads(data) if data is not None else {}, code)
        del self.open[key]
        client_id, command_id = waiting.client_id, waiting.command_id
        if data is None:
            return self._tell(client_id, command_id, say.Refused(command_id=command_id, code=code, text=text))
        # Composed and not parsed again: `DataAnswer` as it is written. A command id needs no escaping.
        body = f'{{"commandId":"{command_id}","answer":"data","data":{data}}}'
        client = self.clients.get(client_id)
        if client is not None:
            client.answers.keep(command_id, body)
        return (_to(client_id, body),)

    @decides
    def done(self, heard: CallDone | SupervisionDone) -> Effects:
        waiting = self.open.get(heard.command_id)
        snapshot = waiting.command if waiting is not None else None
        if heard.ok and isinstance(snapshot, say.CodexAppServerRequestThreadSnapshot):
            read = GetSession(command_id=snapshot.command_id, session_id=snapshot.thread_id)
            return (ReadStore(heard.command_id, read),)
        code: say.RefusalCode = "FAILED" if isinstance(heard, CallDone) else heard.code
        return self._done(heard.command_id, heard.ok, heard.text, heard.result, code)

    @decides
    def auth_done(self, heard: AuthCommandDone) -> Effects:
        """The login address goes to the client that asked, complete, and to nobody else."""
        result: dict[str, Any] = {"state": heard.state, "account": heard.state}
        for name, value in (("loginId", heard.login_id), ("url", heard.url), ("userCode", heard.user_code)):
            if value is not None:
                result[name] = value
        if heard.final:
            return self._done(heard.command_id, heard.ok, heard.text, result)
        waiting = self.open.get(heard.command_id)
        if waiting is None:
            return NOTHING
        progress = say.CommandProgress(command_id=waiting.command_id, text=heard.text, result=result)
        return (_to(waiting.client_id, _json(progress)),)

    def _done(self, key: str, ok: bool, text: str, result: dict[str, Any], code: say.RefusalCode = "FAILED") -> Effects:
        acted = self.acting.pop(key, None)
        outcome = "done" if ok else code
        audited = (Audit("command_done", f"client {acted[0]}", f"{acted[1]}: {outcome}: {text}"),) if acted else NOTHING
        waiting = self.open.pop(key, None)
        if waiting is None:
            return audited
        client_id, command_id = waiting.client_id, waiting.command_id
        done = say.CommandDone(command_id=command_id, ok=ok, code=None if ok else code, text=text, result=result)
        return (*self._tell(client_id, command_id, done), *audited)

    @decides
    def stored(self, heard: ItemStored | TurnStored) -> Effects:
        if isinstance(heard, ItemStored):
            return self._publish(say.ItemEvent(**heard.model_dump(exclude={"completed_at_ms"})))
        return self._publish(say.TurnEvent(**heard.model_dump()))

    @decides
    def live(self, heard: LiveLines) -> Effects:
        return self._publish(say.LiveEvent(**heard.model_dump()), live=True)

    @decides
    def asked(self, heard: ApprovalAsked) -> Effects:
        """Everybody hears of it; each with a token of its own."""
        self.questions.add(heard)
        return tuple(
            _to(client_id, _json(shown(heard, client_id, client.role)), droppable=True)
            for client_id, client in self.clients.items()
            if client.subscribed
        )

    @decides
    def settled(self, heard: ApprovalSettled) -> Effects:
        asked = self.questions.pop(heard.token)
        if asked is None:
            return NOTHING
        return tuple(
            _to(client_id, _json(closed(asked, client_id, client.role, heard.outcome)), droppable=True)
            for client_id, client in self.clients.items()
            if client.subscribed
        )

    def _publish(self, event: say.Event, live: bool = False) -> Effects:
        """One message for everybody who listens: what they have in common is carried once."""
        listening = tuple(
            client_id for client_id, client in self.clients.items() if (client.live if live else client.subscribed)
        )
        if not listening:
            return NOTHING
        return (Send("root", say.ToClient(client_ids=listening, droppable=True, body=_json(event))),)

    def _refuse(self, client_id: str, command_id: str, code: say.RefusalCode, text: str, now: Now) -> Effects:
        """Refused, and audited: codes and our own words, never what was sent."""
        refused = say.Refused(command_id=command_id, code=code, text=text)
        return (_to(client_id, _json(refused)), *self.refusals.audited(client_id, code, text, now))


def _json(message: Message) -> str:
    return message.model_dump_json(by_alias=True)


def _to(client_id: str, body: str, droppable: bool = False) -> Send:
    return Send("root", say.ToClient(client_ids=(client_id,), droppable=droppable, body=body))
