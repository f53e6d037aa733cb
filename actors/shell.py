"""The shell around every machine: receive, check who says it, decide, perform. Thespian stays in here.

A handler that raises ends the actor: the fault is reported, redacted, and the supervisor starts a new one. Thespian by
itself would hand the message to the same instance again, and tell nobody.
"""

from __future__ import annotations

import gc
import os
import secrets
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

from thespian.actors import (
    Actor,
    ActorExitRequest,
    ChildActorExited,
    DeadEnvelope,
    PoisonMessage,
    ThespianWatch,
    WakeupMessage,
    WatchMessage,
)

from actors import lifeline, tracing
from actors.envelope import BadMessage, Envelope, pack, unpack
from actors.machines.effects import Audit, Effect, Exit, MachineRefused, Send, Wake, Woke
from actors.machines.standing import Now
from actors.recording import record_from
from actors.tracing import DULL, FLUSH_MS, HELD, Recorder
from actors.transport.rejects import transport_rejects
from messages.base import Message
from messages.catalog import may_say
from messages.lifecycle import ActorFaulted, Begin, Leave, Left, PeersChanged, Ping, Pong, Ready
from messages.records import AuditNote, KeepAudit
from messages.status import Party, Role
from messages.traces import Outcome
from storage.redaction import redact

FAULT_CHARS_MAX = 1_000
STRANGERS = "strangers"
STRANGERS_MAX = 64
"""Messages of unknown senders that wait for an introduction; one more is refused at once."""
STRANGER_MS = 500
AUDITED_REFUSALS_MAX = 100
"""Refused messages that get an audit row each; further ones are counted and told in the last row."""


def _clocks() -> Now:
    return Now(mono=time.monotonic_ns() // 1_000_000, wall=time.time_ns() // 1_000_000)


CLOCKS: Callable[[], Now] = _clocks
"""Where `now` reads. Only the simulation sets another, whose time moves as it likes."""


def now() -> Now:
    """Both clocks, in ms. The one place where the live tree reads them."""
    return CLOCKS()


def clean(text: str, chars_max: int = FAULT_CHARS_MAX) -> str:
    """A text that may leave the process: redacted, cut, and without halves of letters, which no message carries."""
    return redact(text).text[:chars_max].encode(errors="replace").decode()


class Shell(Actor):  # type: ignore[misc]  # thespian is untyped
    """What all actors have in common. A subclass says what it does with a message: `on`."""

    ROLE: ClassVar[Role]

    def __init__(self) -> None:
        super().__init__()
        lifeline.die_with_parent()
        self.begun: Begin | None = None
        self.peers: dict[Party, Any] = {}
        self.incarnations: dict[Party, int] = {}
        self.leaving = False
        self.traces = Recorder(self.ROLE)
        self.trace = ""
        self.hop = 0
        self.cause = ""
        """Where what is being handled belongs, and its name: what is sent now follows from it."""
        self.outcome: Outcome = "handled"
        self.spoke = False
        """Something but a heartbeat was sent meanwhile."""
        self.bytes_read = 0
        self.refusals = 0
        self.audits = 0
        self.unsent_audit: list[AuditNote] = []
        self.opened: Message | None = None
        self.strangers: list[tuple[Envelope, Any]] = []
        self.judged: list[Envelope] = []

    # What a subclass fills in.

    def begin(self, begin: Begin) -> None:
        """Set up; raise to be started again."""

    def on(self, message: Message, sender: Party) -> None:
        """Handle one message that the catalogue allows."""
        raise NotImplementedError  # every actor has its own

    def woke(self, woke: Woke) -> None:
        """A wake-up came due."""

    def readable(self, ready: list[int]) -> None:
        """Watched descriptors have something to read."""

    def watched(self) -> list[int]:
        """Descriptors to watch from now on."""
        return []

    def peers_changed(self, changed: list[Party]) -> None:
        """Somebody was started anew."""

    def leave(self) -> None:
        """Asked to leave: finish, then call `left`."""
        self.left()

    def perform_other(self, effect: Effect) -> None:
        """An effect that only this actor knows how to perform."""
        raise AssertionError(f"{self.ROLE} cannot perform {type(effect).__name__}")

    # The loop.

    def receiveMessage(self, received: Any, sender: Any) -> Any:
        """Thespian's door."""
        if self.leaving:
            return None
        doing = received.kind if isinstance(received, Envelope) else type(received).__name__
        try:
            self._receive(received, sender)
        except Exception as error:  # noqa: BLE001  the actor reports and leaves; nothing is swallowed
            self._fault(doing, error)
            return None
        descriptors = self.watched()
        return ThespianWatch(descriptors) if descriptors else None

    def _receive(self, received: Any, sender: Any) -> None:
        if isinstance(received, Envelope):
            self._message(received, sender)
        elif isinstance(received, WatchMessage):
            self.begins("bytes", "pipe", self.readable, received.ready)
        elif isinstance(received, WakeupMessage):
            self._wakeup(received.payload)
        elif isinstance(received, ChildActorExited):
            self.begins("ChildActorExited", "system", self.child_exited, received.childAddress)
        elif isinstance(received, DeadEnvelope | PoisonMessage):
            self.begins(type(received).__name__, "system", self.undelivered, received)
        elif isinstance(received, ActorExitRequest):
            self.leaving = True

    def _wakeup(self, woke: Woke) -> None:
        if woke.name == STRANGERS:
            self._judge_strangers()
        else:
            # What stands behind the colon is whose it is: a command's id, which its client made up.
            self.begins(f"wake {woke.name.partition(':')[0]}", "clock", self.woke, woke)

    def begins(self, kind: str, source: str, handle: Callable[[Any], None], what: Any) -> None:
        """Handle what no message caused: a trace of its own. Recorded when it led to anything, or failed."""
        at_ns = tracing.NANOS() if self.traces.on else 0
        around = (self.trace, self.hop, self.cause, self.outcome)
        trace, name = self.traces.born(), self.traces.next_name()
        self.trace, self.hop, self.cause, self.outcome = trace, 0, name, "handled"
        self.spoke, self.bytes_read = False, 0
        done = False
        try:
            handle(what)
            done = True
        finally:
            outcome = self.outcome if done else "faulted"
            if self.spoke or outcome != "handled":
                self.traces.began(kind, source, trace, name, at_ns, self.bytes_read, outcome)
            self.trace, self.hop, self.cause, self.outcome = around

    def child_exited(self, address: Any) -> None:
        """Only the supervisor has children."""

    def undelivered(self, letter: Any) -> None:
        """Only the supervisor gets dead letters."""

    def _message(self, envelope: Envelope, address: Any) -> None:
        """Handle a message in its own trace, and record that it was."""
        at_ns = tracing.NANOS()
        sender = self.who_is(address)
        around = (self.trace, self.hop, self.cause, self.outcome, self.opened)
        self.trace, self.hop, self.cause = envelope.trace, envelope.hop, envelope.name
        self.outcome, self.opened = "handled", None
        done = False
        try:
            self._hear(envelope, address, sender)
            done = True
        finally:
            if self.traces.on:
                self.traces.heard(envelope, self.opened, sender, at_ns, self.outcome if done else "faulted")
                if at_ns >= self.traces.due_ns:
                    self.tell_traces()
            self.trace, self.hop, self.cause, self.outcome, self.opened = around

    def _hear(self, envelope: Envelope, address: Any, sender: Party) -> None:
        try:
            message = self.opened = unpack(envelope)
        except BadMessage as error:
            self._refuse(envelope.kind, sender, str(error))
            return
        if self.begun is None:
            self.outcome = "ignored"
            if isinstance(message, Begin) and message.role == self.ROLE:
                self.outcome = "handled"
                self._begin(message, address)
            return
        if not may_say(sender, message, self.ROLE):
            self._not_allowed(envelope, address, sender)
            return
        if isinstance(message, PeersChanged):
            self._peers(message, envelope.refs)
        elif isinstance(message, Ping):
            pong = Pong(n=message.n, incarnation=self.begun.incarnation, rejects=transport_rejects())
            self.send_to("supervisor", pong)
        elif isinstance(message, Leave):
            self.leave()
        else:
            self.on(message, sender)

    def _not_allowed(self, envelope: Envelope, address: Any, sender: Party) -> None:
        """A stranger may be a part that was started a moment ago, whose introduction is still on its way to us: its
        messages wait for that, bounded and for `STRANGER_MS`. Everything else is refused at once."""
        if sender == "outside" and envelope not in self.judged and len(self.strangers) < STRANGERS_MAX:
            self.outcome = HELD
            self.strangers.append((envelope, address))
            self.wake(STRANGER_MS, STRANGERS)
            return
        self._refuse(envelope.kind, sender, f"{sender} may not say this to {self.ROLE}")

    def _judge_strangers(self) -> None:
        """Hear who is known by now; refuse the others."""
        waiting, self.strangers = self.strangers, []
        self.judged = [envelope for envelope, _ in waiting]
        for envelope, address in waiting:
            self._message(envelope, address)
        self.judged = []

    def _begin(self, begin: Begin, address: Any) -> None:
        self.begun = begin
        self.traces.begin(begin.settings, begin.incarnation)
        if begin.settings.traces.decisions and record_from(begin, secrets.token_bytes(16)) is None:
            self.audit("recording", self.ROLE, "decisions cannot be written down in the state folder")
        self.peers["root" if self.ROLE == "supervisor" else "supervisor"] = address
        self.begin(begin)
        # What was loaded before the fork, and just now, lives as long as this process: the collector need not walk it
        # again and again. A third of the time of decoding telemetry went there.
        gc.freeze()
        if self.ROLE != "supervisor":
            pid = os.getpid()
            ready = Ready(
                role=self.ROLE,
                incarnation=begin.incarnation,
                pid=pid,
                token=begin.token,
                created_at=lifeline.created_at(pid),
            )
            self.send_to("supervisor", ready)

    def _peers(self, message: PeersChanged, refs: tuple[Any, ...]) -> None:
        changed: list[Party] = []
        for party, incarnation, address in zip(message.parties, message.incarnations, refs, strict=True):
            if self.incarnations.get(party) != incarnation or party not in self.peers:
                changed.append(party)
            self.incarnations[party] = incarnation
            self.peers[party] = address
        gone = [party for party in self.peers if party not in message.parties and party not in ("supervisor", "root")]
        for party in gone:
            del self.peers[party]
        if "ingest" in self.peers and self.unsent_audit:
            notes, self.unsent_audit = tuple(self.unsent_audit), []
            self._send_audit(notes)
        self.peers_changed(changed)
        known = [each for each in self.strangers if self.who_is(each[1]) != "outside"]
        self.strangers = [each for each in self.strangers if each not in known]
        for envelope, address in known:
            self._message(envelope, address)

    def who_is(self, address: Any) -> Party:
        """The party that this address was introduced as; the transport vouches for the address."""
        for party, known in self.peers.items():
            if known == address:
                return party
        return "outside"

    def _refuse(self, kind: str, sender: Party, why: str) -> None:
        """Refused, audited, and nothing changed."""
        self.outcome = "refused"
        self.refusals += 1
        if self.refusals <= AUDITED_REFUSALS_MAX:
            more = " (further ones are only counted)" if self.refusals == AUDITED_REFUSALS_MAX else ""
            self.audit("message_refused", f"{sender} -> {self.ROLE}", f"{kind[:80]}: {why}{more}")

    def _fault(self, doing: str, error: Exception) -> None:
        text = clean(f"{type(error).__name__}: {error}")
        if self.begun is not None:
            fault = ActorFaulted(role=self.ROLE, incarnation=self.begun.incarnation, doing=doing, text=text)
            self.send_to("supervisor", fault)
        self.tell_traces()
        self.exit()

    # What leaves.

    def perform(self, outcome: tuple[Effect, ...] | MachineRefused) -> None:
        """Do what a machine decided."""
        if isinstance(outcome, MachineRefused):
            self.outcome = "refused"
            self.audit("refused", self.ROLE, f"{outcome.message} in {outcome.phase}")
            return
        for effect in outcome:
            if isinstance(effect, Send):
                self.send_to(effect.to, effect.message)
            elif isinstance(effect, Wake):
                self.wake(effect.after_ms, effect.name, effect.epoch)
            elif isinstance(effect, Audit):
                self.audit(effect.kind, effect.subject, effect.text)
            elif isinstance(effect, Exit):
                self.exit()
            else:
                self.perform_other(effect)

    def send_to(self, party: Party, message: Message, refs: tuple[Any, ...] = ()) -> None:
        """Tell a party, if it is there. What must arrive is numbered and sent again by its machine."""
        address = self.peers.get(party)
        if address is None:
            return
        if type(message).__name__ not in DULL:
            self.spoke = True
        name = self.traces.next_name()
        sent_us = tracing.NANOS() // 1_000 if self.traces.on else 0
        self.send(address, pack(message, self.trace, self.hop + 1, refs, self.cause, name, sent_us))

    def wake(self, after_ms: int, name: str, epoch: int = 0) -> None:
        """Come back after a while, as `woke`."""
        self.wakeupAfter(timedelta(milliseconds=after_ms), Woke(name, epoch))

    def audit(self, kind: str, subject: str, text: str) -> None:
        """A row that must not be forgotten; waits, bounded, while ingest is away."""
        note = AuditNote(kind=kind, subject=subject, text=text, at_ms=now().wall)
        if "ingest" in self.peers:
            self._send_audit((note,))
        elif len(self.unsent_audit) < AUDITED_REFUSALS_MAX:
            self.unsent_audit.append(note)

    def _send_audit(self, notes: tuple[AuditNote, ...]) -> None:
        self.audits += 1
        self.send_to("ingest", KeepAudit(n=self.audits, notes=notes))

    # What is told of all that.

    def tell_traces(self) -> None:
        """Tell ingest what was handled since the last time. While it is away the rows wait, bounded."""
        address = self.peers.get("ingest")
        if address is None:
            self.traces.due_ns = tracing.NANOS() + FLUSH_MS * 1_000_000
            return
        told = self.traces.take()
        if told is not None:
            self.send(address, pack(told, "", 0))

    def left(self) -> None:
        """Say good-bye and exit."""
        assert self.begun is not None
        self.send_to("supervisor", Left(role=self.ROLE, incarnation=self.begun.incarnation))
        self.tell_traces()
        self.exit()

    def exit(self) -> None:
        """End this process after what was sent is out."""
        self.leaving = True
        self.send(self.myAddress, ActorExitRequest())
