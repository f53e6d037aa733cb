"""Who is outside the tree: the root that starts trees, and two people at their renderers.

The root knows no policy here either: it passes on what people say, byte for byte, and starts a new tree when one ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from actors.envelope import pack
from chaos.simulating.exporter import Exporter
from chaos.simulating.hosted import Carried, Hosted
from messages import auth, records, sidecar, stream
from messages.base import Message
from messages.facade import ClientGone, ClientSaid, ToClient
from messages.lifecycle import Begin, PeersChanged, StopTree, TreeFailed, TreeStopped
from messages.otlp import OtlpAnswered, OtlpTaken
from messages.status import Transition

if TYPE_CHECKING:
    from chaos.simulating.world import World

ROOT_STARTS_US = 230_000
PULSE_US = 3_000_000
"""A supervisor that hangs this long is ended by the root."""


@dataclass(slots=True)
class Wish:
    """A command and what came back."""

    client: str
    command: str
    body: str
    facade: Hosted | None
    """Who had it; a facade that dies takes its open commands along."""
    said: int = 1
    answers: int = 0
    """Accepted, refused or data."""
    effects: int = 0
    accepted: bool = False


@dataclass(slots=True)
class Person:
    """One renderer."""

    name: str
    tokens: list[str] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    threads: list[str] = field(default_factory=list)
    turns: list[tuple[str, str]] = field(default_factory=list)
    gone: int = 0
    """How often it hung up: it comes back as somebody else."""

    @property
    def client_id(self) -> str:
        return f"{self.name}.{self.gone}" if self.gone else self.name


class Outside:
    """The root and the people."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.root = Hosted(world, "root", 0, None)
        self.root.actor = self
        self.stranger = Hosted(world, "outside", -2, None)
        self.people = {name: Person(name) for name in ("r1", "r2")}
        self.wishes: dict[str, Wish] = {}
        self.addresses: dict[str, Any] = {}
        self.incarnations: dict[str, int] = {}
        self.waiting: list[Message] = []
        self.exporter = Exporter(world)
        self.stopped: list[TreeStopped] = []
        self.stopping = False
        self.revision = 1
        """Of the config file, as people saw it last."""

    # The root.

    def begin(self) -> None:
        """Start a tree."""
        if self.stopping:
            return
        supervisor = self.world.start_tree()
        self.addresses = {"supervisor": supervisor.address}
        self.incarnations = {}
        begun = Begin(
            role="supervisor", incarnation=1, token="root", root_pid=1, root_created_at=1.0,
            settings=self.world.settings(),
        )  # fmt: skip
        self.tell(supervisor, begun)
        self.exporter.begin()

    def tell(self, to: Hosted, message: Message, sender: Hosted | None = None) -> None:
        make = pack if self.world.plan.whole_wire else Carried
        self.world.send(sender or self.root, to, make(message, f"root-{self.world.numbered}", 0))

    def stop(self) -> None:
        """The host stops."""
        self.stopping = True
        self.tell(self.world.live["supervisor"], StopTree(reason="the host stops"))

    def tree_ended(self, _supervisor: Hosted) -> None:
        """The root dies with its tree; the host starts another."""
        self.addresses.clear()
        self.world.after(ROOT_STARTS_US, self.begin)

    def watch_pulse(self, supervisor: Hosted) -> None:
        """Come back and see whether it still hangs."""
        if supervisor.hung:
            self.world.kill(supervisor)

    def receiveMessage(self, received: Any, _sender: Any) -> None:
        """What the tree tells the root."""
        message = received.message if isinstance(received, Carried) else self._unpacked(received)
        if isinstance(message, PeersChanged):
            self._meet(message, received.refs)
        elif isinstance(message, ToClient):
            self._told(message)
        elif isinstance(message, OtlpTaken):
            self.exporter.taken(message)
        elif isinstance(message, OtlpAnswered):
            self.exporter.answered(message)
        elif isinstance(message, TreeStopped):
            self.stopped.append(message)
        elif isinstance(message, TreeFailed):
            self.world.checks.violated("a handler raised", message.text)

    def _unpacked(self, received: Any) -> Message:
        from actors.envelope import unpack

        return unpack(received)

    def _meet(self, message: PeersChanged, refs: tuple[Any, ...]) -> None:
        for party, incarnation, address in zip(message.parties, message.incarnations, refs, strict=True):
            returned = self.incarnations.get(party) not in (None, incarnation)
            self.incarnations[party] = incarnation
            self.addresses[party] = address
            if returned and party == "facade":
                self.world.after(1_000, self.subscribe)
            elif returned and party == "baseline":
                self.exporter.baseline_returned()
        for gone in [each for each in self.addresses if each not in message.parties and each != "supervisor"]:
            del self.addresses[gone]
        waiting, self.waiting = self.waiting, []
        for held in waiting:
            self._to_facade(held)

    @property
    def reaches_facade(self) -> bool:
        """Somebody hears what people say."""
        return "facade" in self.addresses and bool(self.addresses["facade"].hosted.alive)

    def _to_facade(self, message: Message) -> None:
        address = self.addresses.get("facade")
        if address is None:
            self.waiting.append(message)
        else:
            self.tell(address.hosted, message)

    def subscribe(self) -> None:
        """Everybody watches."""
        for person in self.people.values():
            self.wish(person.name, "subscribe", {"live": True})

    # People.

    def wish(self, name: str, command: str, params: dict[str, Any] | None = None) -> str:
        """A person says something."""
        person = self.people[name]
        command_id = f"c{len(self.wishes)}"
        body = orjson.dumps({"command": command, "commandId": command_id, **(params or {})}).decode()
        facade = self.addresses["facade"].hosted if "facade" in self.addresses else None
        self.wishes[command_id] = Wish(person.client_id, command, body, facade)
        self._to_facade(ClientSaid(client_id=person.client_id, body=body))
        return command_id

    def repeat(self, name: str) -> None:
        """The same words again: a double click."""
        person = self.people[name]
        mine = [each for each in self.wishes.values() if each.client == person.client_id]
        if mine:
            mine[-1].said += 1
            self._to_facade(ClientSaid(client_id=person.client_id, body=mine[-1].body))

    def nonsense(self, name: str, number: int) -> None:
        """Something that is no command."""
        body = ("", "{", '{"command":"getStatus"}', '{"command":"stage","commandId":"x"}', "x" * 70_000)
        self._to_facade(ClientSaid(client_id=self.people[name].client_id, body=body[number]))

    def hang_up(self, name: str) -> None:
        """Go, and come back as somebody new."""
        person = self.people[name]
        self._to_facade(ClientGone(client_id=person.client_id))
        person.gone += 1
        person.tokens.clear()
        self.wish(name, "subscribe", {"live": True})

    def forge(self, number: int, role: str) -> None:
        """Somebody who is nobody says what only parts of the tree may say."""
        target = self.world.live.get(role)
        generation = self.world.processes_started
        if target is None:
            return
        moved = Transition(seq=1, what="mode", who="mode", before="", after="x", cause="x", at_ms=1, monotonic_ms=1)
        lies: tuple[Message, ...] = (
            auth.AccountUpdated(
                generation=generation, auth_mode="chatgpt", authenticated=True, plan="pro", requires_login=True,
                origin="callback",
            ),
            sidecar.StreamHealthChanged(generation=generation, healthy=True, reason="forged"),
            stream.FrameBatch(generation=generation, first_seq=1, count=1, at_ms=1, lines=b"{}\n"),
            stream.BatchSettled(generation=generation, through_seq=1_000_000, closed=True),
            records.TransitionsKept(through_seq=1_000_000),
            records.KeepTransitions(transitions=(moved,)),
        )  # fmt: skip
        self.tell(target, lies[number], self.stranger)

    def _told(self, message: ToClient) -> None:
        body = orjson.loads(message.body)
        wish = self.wishes.get(body.get("commandId", ""))
        if "answer" in body:
            if wish is not None:
                wish.answers += 1
                wish.accepted = wish.accepted or body["answer"] == "accepted"
                self.world.checks.answered_person(wish)
            self.revision = body.get("data", {}).get("revision", self.revision)
        elif body["event"] == "commandDone" and wish is not None:
            wish.effects += 1
            self.world.checks.done_for_person(wish, body)
        for person in self.people.values():
            if person.client_id in message.client_ids:
                self._learn(person, body)

    def _learn(self, person: Person, body: dict[str, Any]) -> None:
        """What a person remembers of what it is told."""
        event = body.get("event", "")
        if event == "approvalRequested" and body["token"] not in person.tokens:
            person.tokens.append(body["token"])
        elif event == "approvalClosed" and body["token"] in person.tokens:
            person.tokens.remove(body["token"])
            person.used.append(body["token"])
        elif event == "commandDone":
            result = body["result"]
            self.revision = result.get("revision", self.revision)
            wish = self.wishes.get(body["commandId"])
            if "threadId" in result:
                person.threads.append(result["threadId"])
            if "turnId" in result and wish is not None:
                person.turns.append((orjson.loads(wish.body)["threadId"], result["turnId"]))
