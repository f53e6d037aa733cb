from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import suppress
from typing import Any

import pytest
from thespian.system.transport import SendStatus

from actors.transport import port_file, tcp_sender
from actors.transport.seal import Kind
from tests.actors.transport.cast import Unlisted
from tests.actors.transport.stage_hands import Wire


@pytest.fixture
def transport() -> str:
    return "tcp"


def test_one_message_is_on_its_way_to_a_receiver_at_a_time(wire: Wire) -> None:
    one, two = wire.endpoint(), wire.endpoint()
    intents = [wire.send(one, two, number) for number in range(10)]
    received: list[Any] = []
    while len(received) < 10:
        received += [envelope.message for _, envelope in wire.pump(lambda: True)]
        answered = [bool(intent.result) for intent in intents]
        assert answered == sorted(answered, reverse=True), "answered in order"
        assert answered.count(True) >= len(received) - 1
    assert received == list(range(10))


def test_an_unused_connection_is_closed_after_a_while(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp_sender, "IDLE_S_MAX", 0.05)
    one, two = wire.endpoint(), wire.endpoint()
    assert wire.exchange(one, two, 1) == 1
    wire.pump(lambda: not one._links and not two._callers)
    assert wire.exchange(one, two, 2) == 2


def test_unused_connections_are_few(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp_sender, "IDLE_LINKS_MAX", 2)
    one, others = wire.endpoint(), [wire.endpoint() for _ in range(5)]
    for other in others:
        assert wire.exchange(one, other, "x") == "x"
    wire.pump(lambda: all(link.item is None for link in one._links.values()))
    assert len(one._links) <= 2


def test_a_receiver_that_goes_away_takes_its_connection_along(wire: Wire) -> None:
    one, two = wire.endpoint(), wire.endpoint()
    assert wire.exchange(one, two, "x") == "x"
    wire.pump(lambda: all(link.item is None for link in one._links.values()))
    two.close()
    wire.pump(lambda: not one._links)
    late = wire.send(one, two, "late")
    wire.pump(lambda: late.result is not None)
    assert late.result == SendStatus.DeadTarget


def test_a_message_refused_for_its_class_is_not_sent_again(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = wire.endpoint(), wire.endpoint()
    monkeypatch.setattr(one._allowed, "_names", one._allowed._names | {(Unlisted.__module__, "Unlisted")})
    intent = wire.send(one, two, Unlisted())
    wire.pump(lambda: intent.result is not None)
    assert intent.result == SendStatus.BadPacket
    assert wire.exchange(one, two, "next") == "next"


def test_a_silent_receiver_is_tried_again_on_a_new_connection(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp_sender, "ANSWER_S", 0.05)
    one, two = wire.endpoint(), wire.endpoint()
    two._next_tick_s = float("inf")
    with socket.create_server((port_file.LOOPBACK, 0)) as silent:
        entry = port_file.entry_for(wire.settings.key, two._token, silent.getsockname()[1])
        port_file.write(two._file_of(two._token), entry)
        intent = wire.send(one, two, "x")
        silent.settimeout(0.01)
        callers = []

        def two_calls() -> bool:
            with suppress(TimeoutError):
                callers.append(silent.accept()[0])
            return len(callers) >= 2

        wire.pump(two_calls)
        assert intent.result is None
        port_file.write(two._file_of(two._token), two._own_entry)
        wire.pump(lambda: intent.result is not None)
        assert intent.result == SendStatus.Sent
        for caller in callers:
            caller.close()


@pytest.mark.parametrize(
    "answer",
    [b"rubbish", struct.pack(">I", 0xFFFFFFFF), struct.pack(">I", 100) + b"\0" * 100, b""],
)
def test_an_answer_that_is_no_answer_means_sending_again(wire: Wire, answer: bytes) -> None:
    one, two = wire.endpoint(), wire.endpoint()
    two._next_tick_s = float("inf")
    with socket.create_server((port_file.LOOPBACK, 0)) as crooked:
        crooked.settimeout(10)
        entry = port_file.entry_for(wire.settings.key, two._token, crooked.getsockname()[1])
        port_file.write(two._file_of(two._token), entry)

        def serve() -> None:
            caller, _ = crooked.accept()
            port_file.write(two._file_of(two._token), two._own_entry)
            caller.recv(65536)
            caller.sendall(answer)
            caller.close()

        server = threading.Thread(target=serve)
        server.start()
        intent = wire.send(one, two, "x")
        received = wire.pump(lambda: intent.result is not None)
        server.join(10)
    assert intent.result == SendStatus.Sent
    assert [envelope.message for _, envelope in received] == ["x"]


def test_answers_are_sealed_apart_from_messages(wire: Wire) -> None:
    one = wire.endpoint()
    message = one._sealer.seal(Kind.DATA, b"d" * 8, 1, 0, 1, b"x")
    answer = one._answer_sealer.seal(Kind.ACK, b"d" * 8, 1)
    epoch = slice(33, 41)
    assert message[epoch] != answer[epoch]


def test_talking_to_itself_is_noticed(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = wire.endpoint(), wire.endpoint()
    intent = wire.send(one, two, "x")
    link = next(iter(one._links.values()))

    class Mirror:
        def __init__(self, sock: socket.socket) -> None:
            self.sock = sock

        def getpeername(self) -> Any:
            return self.sock.getsockname()

        def __getattr__(self, name: str) -> Any:
            return getattr(self.sock, name)

    link.sock = Mirror(link.sock)  # type: ignore[assignment]
    began_s = time.monotonic()
    wire.pump(lambda: intent.result is not None)
    assert intent.result == SendStatus.DeadTarget
    assert time.monotonic() - began_s < 20
