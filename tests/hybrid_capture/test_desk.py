"""The desk bounds what waits for a renderer: events give way to newer ones, answers never do."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from hybrid_capture.desk import CLIENTS_MAX, OUT_BYTES_MAX, Client, Desk
from hybrid_capture.link import Lines, line_of

EVENTS_MAX = 10


class Pair:
    """A desk with one connection whose other end is ours, and reads only when asked."""

    def __init__(self) -> None:
        self.listener = socket.socket(socket.AF_UNIX)
        self.desk = Desk(self.listener, "token", EVENTS_MAX)
        ours, theirs = socket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        theirs.settimeout(30)
        self.theirs = theirs
        client = self.desk.admit(ours, known=True)
        assert client is not None
        self.client: Client = client

    def fill(self) -> int:
        """Say events until one has to wait; gives how many were said."""
        said = 0
        while not self.client.waiting:
            self.event(said)
            said += 1
        return said

    def event(self, n: int) -> None:
        self.desk.tell(self.client, line_of("event", n=n, padding="x" * 200), droppable=True)

    def answer(self, n: int) -> None:
        self.desk.tell(self.client, line_of("answer", n=n), droppable=False)

    def read_all(self) -> list[dict[str, Any]]:
        """Everything that comes while the desk flushes, until nothing waits."""
        lines, heard = Lines(), []
        while True:
            self.desk.flush_all()
            done = not self.client.waiting
            self.theirs.setblocking(False)
            try:
                while chunk := self.theirs.recv(65_536):
                    heard += lines.feed(chunk)
            except BlockingIOError:
                if done:
                    return heard


@pytest.fixture
def pair() -> Iterator[Pair]:
    made = Pair()
    yield made
    made.desk.close()
    made.theirs.close()
    made.listener.close()


def test_at_the_bound_nothing_is_lost_and_beyond_it_the_newest_win_and_the_gap_is_told(pair: Pair) -> None:
    said = pair.fill()
    for n in range(said, said + EVENTS_MAX - 1):
        pair.event(n)
    assert (len(pair.client.waiting), pair.client.missed) == (EVENTS_MAX, 0)
    for n in range(said + EVENTS_MAX - 1, said + EVENTS_MAX + 4):
        pair.event(n)
    assert (len(pair.client.waiting), pair.client.missed) == (EVENTS_MAX, 5)
    heard = pair.read_all()
    assert heard[-1] == {"op": "gap", "missed": 5}
    numbers = [each["n"] for each in heard[:-1]]
    assert len(numbers) == said + EVENTS_MAX + 4 - 5
    assert numbers[-1] == said + EVENTS_MAX + 3
    assert numbers == sorted(numbers)


def test_an_answer_is_never_dropped_for_an_event(pair: Pair) -> None:
    pair.fill()
    pair.answer(1)
    for n in range(100):
        pair.event(n)
    pair.answer(2)
    heard = pair.read_all()
    assert [each["n"] for each in heard if each["op"] == "answer"] == [1, 2]
    assert any(each["op"] == "gap" for each in heard)


def test_a_renderer_that_reads_nothing_at_all_is_hung_up_on(pair: Pair) -> None:
    pair.fill()
    for _ in range(3):
        pair.desk.tell(pair.client, b"x" * OUT_BYTES_MAX, droppable=False)
    assert pair.client.link.fileno() == -1
    assert len(pair.desk.flush_all()) == 1, "the loop is told, and drops it"


def test_one_connection_too_many_is_closed() -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        desk = Desk(listener, "token", EVENTS_MAX)
        pairs = [socket.socketpair() for _ in range(CLIENTS_MAX + 1)]
        admitted = [desk.admit(ours) for ours, _ in pairs]
        assert [client is None for client in admitted] == [False] * CLIENTS_MAX + [True]
        assert pairs[-1][1].recv(1) == b""
        desk.close()
        for _, theirs in pairs:
            theirs.close()
