"""The actor system as its root process sees it: start it, speak with it, stop it.

One thread owns a `Tree` and spends its life in `next_event`. Messages to parts that are not known yet wait, bounded.
"""

from __future__ import annotations

import importlib
import os
import secrets
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from thespian.actors import WatchMessage
from thespian.system.transport import ReceiveEnvelope, Thespian__Run_Errored, Thespian__Run_Terminated

from actors import lifeline, tracing
from actors.envelope import BadMessage, Envelope, pack, unpack
from actors.tracing import Recorder, micros
from actors.transport.system_base import start_system
from actors.tree import CHILDREN
from messages.base import Message
from messages.catalog import may_say
from messages.lifecycle import Begin, PeersChanged
from messages.settings import TreeSettings
from messages.status import Party

WAITING_MAX = 1_000
"""Messages held for a part that is being started again; the oldest is let go first."""


@dataclass(frozen=True, slots=True)
class Readable:
    """A watched descriptor has something to read."""

    descriptor: int


@dataclass(frozen=True, slots=True)
class PartReturned:
    """A part that the root speaks with was started anew; what it knew is gone."""

    party: Party


def preload() -> None:
    """Import every actor, so that each one that is forked has it. Most of a start, unless it was done while waiting."""
    for module in ("actors.supervisor", *(child.module for child in CHILDREN)):
        importlib.import_module(module)


class Tree:
    """A running actor system. Not thread-safe."""

    def __init__(self, settings: TreeSettings, folder: Path) -> None:
        """Start the system with its files in `folder` (made 0700) and let the supervisor begin.

        The process must have one thread only: actors are forked from it. Errors: those of `start_system`.
        """
        preload()
        self._system = start_system(folder, allow=[Envelope])
        self._transport = self._system._systemBase.transport
        self._watched: set[int] = set()
        self._ready: deque[Readable | PartReturned | Message] = deque()
        self._waiting: deque[tuple[Party, Message]] = deque(maxlen=WAITING_MAX)
        self._traces = Recorder("root")
        self._traces.begin(settings, 1)
        self._handling: tuple[Envelope, Message, Party, int] | None = None
        """What was given to the caller last, whose message it was, and when: its handling ends with the next call."""
        supervisor = self._system.createActor("actors.supervisor.SupervisorActor")
        self._peers: dict[Party, Any] = {"supervisor": supervisor}
        self._incarnations: dict[Party, int] = {}
        begin = Begin(
            role="supervisor",
            incarnation=1,
            token=secrets.token_hex(16),
            root_pid=os.getpid(),
            root_created_at=lifeline.created_at(os.getpid()),
            settings=settings,
        )
        self.tell("supervisor", begin)

    def tell(self, party: Party, message: Message) -> None:
        """Send a message, now or as soon as the part is there."""
        address = self._peers.get(party)
        if address is None:
            self._waiting.append((party, message))
            return
        traces = self._traces
        self._system.tell(address, pack(message, traces.born(), 0, name=traces.next_name(), sent_us=micros()))

    def watch(self, *descriptors: int) -> None:
        """Report these as `Readable` from now on, beside those watched already."""
        self._watched.update(descriptors)
        self._transport.set_watch(sorted(self._watched))

    def unwatch(self, descriptor: int) -> None:
        """Report this descriptor no longer."""
        self._watched.discard(descriptor)
        self._transport.set_watch(sorted(self._watched))

    def next_event(self, timeout_s: float) -> Readable | PartReturned | Message | None:
        """What happens next; None when nothing does within `timeout_s`. Errors: SystemError when the system is gone."""
        self._record()
        if self._ready:
            return self._ready.popleft()
        received = self._transport.run(None, timedelta(seconds=timeout_s))
        if isinstance(received, Thespian__Run_Terminated | Thespian__Run_Errored):
            raise SystemError("the actor system is gone")
        if not isinstance(received, ReceiveEnvelope):
            return None
        content = received.message
        if isinstance(content, WatchMessage):
            self._ready.extend(Readable(each) for each in content.ready)
        elif isinstance(content, Envelope):
            self._message(content, received.sender)
        return self._ready.popleft() if self._ready else None

    def _message(self, envelope: Envelope, address: Any) -> None:
        try:
            message = unpack(envelope)
        except BadMessage:
            return
        if isinstance(message, PeersChanged) and not self._incarnations:
            self._peers["supervisor"] = address  # its translated address: the one that its messages come from
        sender = next((party for party, known in self._peers.items() if known == address), "outside")
        if not may_say(sender, message, "root"):  # type: ignore[arg-type]  # parties are the keys
            return
        self._handling = (envelope, message, sender, tracing.NANOS())  # type: ignore[assignment]  # parties are the keys
        if isinstance(message, PeersChanged):
            self._meet(message, envelope.refs)
        else:
            self._ready.append(message)

    def _record(self) -> None:
        """Traces: what was handled since the last call, told to ingest now and then."""
        if self._handling is not None:
            envelope, message, sender, at_ns = self._handling
            self._handling = None
            self._traces.heard(envelope, message, sender, at_ns)
        ingest = self._peers.get("ingest")
        if ingest is not None and tracing.NANOS() >= self._traces.due_ns:
            told = self._traces.take()
            if told is not None:
                self._system.tell(ingest, pack(told, "", 0))

    def _meet(self, message: PeersChanged, refs: tuple[Any, ...]) -> None:
        for party, incarnation, address in zip(message.parties, message.incarnations, refs, strict=True):
            before = self._incarnations.get(party)
            self._incarnations[party] = incarnation
            self._peers[party] = address
            if before is not None and before != incarnation:
                self._ready.append(PartReturned(party))
        for party in [party for party in self._peers if party not in message.parties and party != "supervisor"]:
            del self._peers[party]
        waiting, self._waiting = self._waiting, deque(maxlen=WAITING_MAX)
        for party, held in waiting:
            self.tell(party, held)

    def stop(self) -> None:
        """Shut the system down; bounded by Thespian at 10 s. The caller reaps what is left."""
        self._system.shutdown()
