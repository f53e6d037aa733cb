"""How a message crosses between processes: unchanged, checked, and without showing what it holds."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.envelope import BadMessage, Envelope, pack, unpack
from messages.base import Message
from messages.lifecycle import Ping
from messages.records import KeepCheckpoint
from messages.stream import FrameBatch
from tests.messages.made import CLASSES, SECRET, messages_of, with_secrets

EVERY = pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)


def crossed(message: Message) -> Message:
    return unpack(pickle.loads(pickle.dumps(pack(message, "trace-1", 7))))


@EVERY
def test_a_message_arrives_as_it_left(kind: type[Message]) -> None:
    @settings(max_examples=20, derandomize=True, deadline=None, database=None)
    @given(messages_of(kind))
    def check(message: Message) -> None:
        arrived = crossed(message)
        assert arrived == message
        assert type(arrived) is type(message)

    check()


@EVERY
def test_an_envelope_prints_its_type_and_size_only(kind: type[Message]) -> None:
    envelope = pack(with_secrets(kind), "trace-1", 1)
    assert str(envelope) == repr(envelope) == f"{kind.__name__}[{len(envelope.head) + len(envelope.blob)}]"
    assert SECRET not in str(envelope)


def test_the_blob_travels_beside_the_head() -> None:
    lines = b'{"method":"x"}\n\xff\xfe\x00\n'
    envelope = pack(FrameBatch(generation=1, first_seq=1, count=2, at_ms=5, lines=lines), "t", 1)
    assert envelope.blob == lines
    assert b"method" not in envelope.head
    assert unpack(envelope).lines == lines  # type: ignore[attr-defined]  # a FrameBatch


def test_addresses_trace_and_hop_travel_with_it() -> None:
    envelope = pickle.loads(pickle.dumps(pack(Ping(n=1), "sidecar1-9", 3, ("a", "b"))))
    assert (envelope.refs, envelope.trace, envelope.hop) == (("a", "b"), "sidecar1-9", 3)


@pytest.mark.parametrize(
    ("kind", "head", "told"),
    [
        ("Nobody", b"{}", "no message has this name"),
        ("Ping", b"", "Ping does not fit: its form"),
        ("Ping", b"[1]", "Ping does not fit: its form"),
        ("Ping", b"{}", "Ping does not fit: n"),
        ("Ping", b'{"n":"1"}', "Ping does not fit: n"),
        ("Ping", b'{"n":1,"sk-planted-secret-0123456789":1}', "Ping does not fit: an unknown field"),
        (
            "Pong",
            b'{"n":1,"incarnation":1,"rejects":{"sk-planted-secret-0123456789":"x"}}',
            "Pong does not fit: rejects",
        ),
        ("CallDone", b'{"command_id":"sk-planted-secret-0123456789"}', "CallDone does not fit: ok"),
    ],
)
def test_what_does_not_fit_is_refused_without_being_shown(kind: str, head: bytes, told: str) -> None:
    with pytest.raises(BadMessage) as refused:
        unpack(Envelope(kind, head, b"", (), "t", 0))
    assert str(refused.value) == told
    assert refused.value.__cause__ is None


@settings(max_examples=200, derandomize=True, deadline=None, database=None)
@given(st.sampled_from(sorted(Message.REGISTRY)), st.binary(max_size=60) | st.text(max_size=40).map(str.encode))
def test_garbage_is_refused_and_nothing_else_happens(kind: str, head: bytes) -> None:
    told = ""
    try:
        unpack(Envelope(kind, head, b"", (), "t", 0))
    except BadMessage as refused:
        told = str(refused)
    assert len(told) < 1_000


def test_a_deeply_broken_checkpoint_names_fields_once() -> None:
    head = b'{"generation":1,"stager":1,"first_seq":1,"last_seq":1,"items":[{},{},{}],"counts":{"a":"b","c":"d"}}'
    with pytest.raises(BadMessage) as refused:
        unpack(Envelope(KeepCheckpoint.__name__, head, b"", (), "t", 0))
    assert str(refused.value) == "KeepCheckpoint does not fit: counts, items"
