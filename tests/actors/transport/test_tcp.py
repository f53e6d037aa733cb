from __future__ import annotations

import errno
import os
import socket
from typing import Any

import pytest

from actors.transport import port_file, rejects, tcp
from tests.actors.transport.stage_hands import Wire


@pytest.fixture
def transport() -> str:
    return "tcp"


def test_it_listens_on_loopback_only(wire: Wire) -> None:
    one = wire.endpoint()
    assert one._listener.getsockname()[0] == "127.0.0.1"
    assert one._listener.family == socket.AF_INET


def test_a_connection_is_kept_for_the_next_message(wire: Wire) -> None:
    one, two = wire.endpoint(), wire.endpoint()
    for number in range(20):
        assert wire.exchange(one, two, number) == number
    assert len(two._callers) == 1


def test_friends_are_few_and_the_longest_unused_goes(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "FRIENDS_MAX", 2)
    hub, spokes = wire.endpoint(), [wire.endpoint() for _ in range(5)]
    for number, spoke in enumerate(spokes * 2):
        assert wire.exchange(spoke, hub, number) == number
        assert len(hub._callers) <= 3


def test_out_of_descriptors_it_lets_somebody_go_instead_of_spinning(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = wire.endpoint(), wire.endpoint()
    assert wire.exchange(one, two, "warm") == "warm"
    listener = two._listener
    refusals = [OSError(errno.EMFILE, "Too many open files")] * 2

    class Poor:
        def accept(self) -> Any:
            if refusals:
                raise refusals.pop()
            return listener.accept()

        def __getattr__(self, name: str) -> Any:
            return getattr(listener, name)

    monkeypatch.setattr(two, "_listener", Poor())
    monkeypatch.setattr(tcp, "NO_DESCRIPTORS_S", 0.05)
    three = wire.endpoint()
    before = rejects.transport_rejects().get("crowded", 0)
    wire.send(three, two, "new")
    received = []
    while not received:
        received = [envelope.message for _, envelope in wire.pump(lambda: True)]
    assert received == ["new"]
    assert rejects.transport_rejects()["crowded"] == before + 1
    assert wire.exchange(one, two, "again") == "again"


def test_a_changed_port_file_is_not_followed_and_is_put_right(wire: Wire) -> None:
    one, two = wire.endpoint(), wire.endpoint()
    with socket.create_server(("127.0.0.1", 0)) as impostor:
        impostor.setblocking(False)
        path = two._file_of(two._token)
        with open(path, "wb") as entry:
            entry.write(impostor.getsockname()[1].to_bytes(2, "big") + b"\0" * 16)
        before = rejects.transport_rejects().get("socket_replaced", 0)
        assert wire.exchange(one, two, "for two alone") == "for two alone"
        assert rejects.transport_rejects()["socket_replaced"] == before + 1
        with pytest.raises(BlockingIOError):
            impostor.accept()
    assert port_file.read(path) == two._own_entry


def test_an_answer_from_someone_else_is_not_an_answer(wire: Wire) -> None:
    one, two, liar = wire.endpoint(), wire.endpoint(), wire.endpoint()
    # The liar has the key, listens where two should, and answers for it.
    lie = port_file.entry_for(wire.settings.key, two._token, liar._listener.getsockname()[1])
    true_entry, path = two._own_entry, two._file_of(two._token)
    two._next_tick_s = float("inf")
    before = rejects.transport_rejects().get("wrong_destination", 0)
    port_file.write(path, lie)
    intent = wire.send(one, two, "x")
    wire.pump(lambda: rejects.transport_rejects().get("wrong_destination", 0) > before)
    assert intent.result is None, "neither sent nor dead"
    port_file.write(path, true_entry)
    wire.pump(lambda: intent.result)
    assert os.path.exists(path)
