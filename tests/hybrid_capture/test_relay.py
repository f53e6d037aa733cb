"""What passes between tree and gateway: checked, under the gateway's number, and never of one that has ended."""

from __future__ import annotations

from typing import Any

from hybrid_capture.frames import Said
from hybrid_capture.relay import NO_GATEWAY_S, Relay
from messages.base import Message
from messages.facade import ClientGone, ClientSaid, ToClient
from messages.otlp import OtlpAnswered, OtlpPart, OtlpTaken, SourceProbed
from messages.records import KeepAudit

LINK = 40
"""Descriptor of the first gateway's link; each that follows has the next."""
PART: dict[str, Any] = {"request": 7, "n": 0, "last": True, "signal": "logs", "encoding": "json"}


class ToldTree:
    """A tree that remembers what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Message]] = []
        self.watched: set[int] = set()

    def watch(self, *descriptors: int) -> None:
        self.watched.update(descriptors)

    def unwatch(self, descriptor: int) -> None:
        self.watched.discard(descriptor)

    def tell(self, party: str, message: Message) -> None:
        self.told.append((party, message))


class Gateway:
    """A gateway that says what a test puts in, and starts again when it is allowed to."""

    def __init__(self) -> None:
        self.number, self.descriptor, self.identity = 1, LINK, (100, 1.5)
        self.clients: set[str] = set()
        self.trouble, self.busy, self.killed, self.may_start = "", False, False, True
        self.says: list[Said] | None = []
        self.heard: list[tuple[str, dict[str, Any]]] = []

    def read(self) -> list[Said] | None:
        return self.says

    def tell(self, op: str, **fields: Any) -> None:
        self.heard.append((op, fields))

    def tell_clients(self, clients: tuple[str, ...], body: bytes, droppable: bool) -> None:
        self.heard.append(("told", {"clients": clients, "body": body, "droppable": droppable}))

    def kill(self) -> None:
        self.killed = True

    def gone(self, _: int) -> None:
        self.trouble = "the gateway ended"

    def due(self, _: float) -> bool:
        return bool(self.trouble) and self.may_start

    def look_after(self, _: float) -> None: ...

    def start(self) -> None:
        self.number, self.descriptor, self.trouble = self.number + 1, self.descriptor + 1, ""
        self.clients.clear()
        self.says = []


class Stage:
    """A relay between the two, with a tree that is ready."""

    def __init__(self) -> None:
        self.tree: Any = ToldTree()
        self.gateway: Any = Gateway()
        self.started: list[tuple[int, float]] = []
        self.relay = Relay(self.tree, self.gateway, lambda *which: self.started.append(which))
        self.relay.tree_is_ready()

    def say(self, op: str, blob: bytes = b"", **fields: Any) -> list[tuple[str, Message]]:
        """The gateway says one word; gives what the tree is told for it."""
        self.gateway.says = [Said(op, fields, blob)]
        self.tree.told.clear()
        assert self.relay.readable(self.gateway.descriptor)
        return list(self.tree.told)


def test_a_bodys_part_goes_to_the_baseline_under_the_gateways_number_and_its_answer_comes_back() -> None:
    stage = Stage()
    assert stage.say("part", b"{}", **PART) == [("baseline", OtlpPart(gateway=1, body=b"{}", **PART))]
    stage.relay.answered(OtlpTaken(gateway=1, request=7, n=0))
    stage.relay.answered(OtlpAnswered(gateway=1, request=7, code="kept"))
    assert stage.gateway.heard[-2:] == [
        ("taken", {"request": 7, "n": 0}),
        ("answered", {"request": 7, "code": "kept", "rejected": 0, "text": ""}),
    ]


def test_a_word_that_does_not_fit_ends_the_gateway_and_tells_the_tree_nothing() -> None:
    for op, fields in (("part", {}), ("part", {**PART, "n": -1}), ("probed", {"healthy": "perhaps"}), ("givenUp", {})):
        stage = Stage()
        assert stage.say(op, b"", **fields) == []
        assert stage.gateway.killed, op


def test_a_renderers_name_carries_the_gateways_number_and_answers_go_to_those_of_this_gateway_alone() -> None:
    stage = Stage()
    said = stage.say("said", b"{}", client="s1", role="observer")
    assert said == [("facade", ClientSaid(client_id="g1.s1", role="observer", body="{}"))]
    stage.relay.to_clients(ToClient(client_ids=("g1.s1", "g2.s1", "r3"), body="x", droppable=True))
    assert stage.gateway.heard[-1] == ("told", {"clients": ("s1",), "body": b"x", "droppable": True})
    stage.relay.to_clients(ToClient(client_ids=("r3",), body="y", droppable=True))
    assert stage.gateway.heard[-1][1]["body"] == b"x", "whoever is at the desk is not its business"
    assert stage.say("left", client="s1") == [("facade", ClientGone(client_id="g1.s1"))]


def test_a_refused_renderer_is_in_the_audit_and_nowhere_else() -> None:
    (party, message), *others = Stage().say("refused", text="a wrong origin")
    assert (party, others) == ("ingest", [])
    assert isinstance(message, KeepAudit)
    assert [(note.kind, note.text) for note in message.notes] == [("renderer_refused", "a wrong origin")]


def test_when_a_gateway_ends_its_renderers_are_gone_and_the_next_one_is_met() -> None:
    stage = Stage()
    stage.say("said", b"{}", client="s1", role="operator")
    stage.tree.told.clear()
    stage.gateway.says = None
    assert stage.relay.readable(LINK)
    assert stage.tree.told == [("facade", ClientGone(client_id="g1.s1"))]
    assert stage.tree.watched == {LINK + 1}
    assert stage.started == [stage.gateway.identity] * 2
    assert stage.gateway.heard[-1] == ("facade", {})
    stage.relay.answered(OtlpAnswered(gateway=1, request=7, code="kept"))
    assert stage.gateway.heard[-1] == ("facade", {}), "nobody waits there for an answer to the last one"
    assert not stage.relay.readable(LINK)


def test_the_supervisor_is_told_that_there_is_no_gateway_now_and_then() -> None:
    stage = Stage()
    stage.gateway.trouble, stage.gateway.may_start = "given up", False
    now_s = 1_000.0
    for after_s in (0.0, NO_GATEWAY_S / 2, NO_GATEWAY_S, NO_GATEWAY_S * 1.5):
        stage.relay.look_after(now_s + after_s)
    told = [message for party, message in stage.tree.told if party == "supervisor"]
    assert told == [SourceProbed(source="otlp", healthy=False, reason="given up")] * 2


def test_without_a_gateway_nothing_is_passed_on_and_a_wanted_one_is_missed_once_the_tree_is_ready() -> None:
    tree: Any = ToldTree()
    relay = Relay(tree, None, lambda *_: None, no_gateway="the port is taken")
    relay.look_after(1_000.0)
    assert tree.told == []
    relay.tree_is_ready()
    relay.returned("facade")
    relay.answered(OtlpTaken(gateway=1, request=7, n=0))
    relay.to_clients(ToClient(client_ids=("g1.s1",), body="x", droppable=False))
    relay.stop()
    assert not relay.busy
    assert not relay.readable(LINK)
    relay.look_after(1_000.0)
    assert tree.told == [("supervisor", SourceProbed(source="otlp", healthy=False, reason="the port is taken"))]
