from __future__ import annotations

import array
import os
import socket
import stat
from pathlib import Path
from typing import Any

import pytest

from actors.transport import datagram, rejects
from actors.transport.datagram import DatagramTransport
from tests.actors.transport.stage_hands import Wire, no_more_descriptors_than, open_descriptors


@pytest.fixture
def transport() -> str:
    return "datagram"


def fill(wire: Wire, source: Any, target: Any) -> int:
    """Send numbers until something waits; how many."""
    count = 0
    while not source._outbox:
        wire.send(source, target, count)
        count += 1
    return count


def collect(wire: Wire, count: int) -> list[Any]:
    received: list[Any] = []
    while len(received) < count:
        received += [envelope.message for _, envelope in wire.pump(lambda: True)]
    return received


def test_the_socket_file_is_for_its_owner_alone(wire: Wire) -> None:
    path = wire.endpoint()._file_of(wire.made[0]._token)
    assert stat.S_ISSOCK(os.stat(path).st_mode)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_a_folder_too_deep_for_a_socket_address_works_as_well(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    wire = Wire(deep, DatagramTransport)
    before = open_descriptors()
    one, two = wire.endpoint(), wire.endpoint()
    assert wire.exchange(one, two, b"x" * 1_000_000) == b"x" * 1_000_000
    assert datagram.answers(one._file_of(one._token))
    wire.close()
    no_more_descriptors_than(before)


def test_a_blocked_receiver_gets_a_socket_of_its_own_until_it_is_not(wire: Wire) -> None:
    one, two = wire.endpoint(), wire.endpoint()
    before = open_descriptors()
    count = fill(wire, one, two)
    (extra,) = one._blocked.values()
    for _ in range(50):
        wire.send(one, two, count)
        count += 1
    assert list(one._blocked.values()) == [extra]
    no_more_descriptors_than(before + 1)
    assert collect(wire, count) == list(range(count))
    wire.pump(lambda: not one._outbox)
    assert extra.fileno() == -1, "it is closed"
    no_more_descriptors_than(before)


@pytest.mark.parametrize("trouble", ["none left", "too many blocked"])
def test_without_a_descriptor_for_it_a_blocked_receiver_is_tried_again(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    def none_left() -> socket.socket:
        raise OSError(24, "Too many open files")

    one, two = wire.endpoint(), wire.endpoint()
    if trouble == "none left":
        monkeypatch.setattr(datagram, "_sending_socket", none_left)
    else:
        monkeypatch.setattr(datagram, "BLOCKED_SOCKETS_MAX", 0)
    count = fill(wire, one, two)
    assert not one._blocked
    assert collect(wire, count) == list(range(count))


def test_stopped_receivers_do_not_block_the_way_to_others(wire: Wire) -> None:
    one, free = wire.endpoint(), wire.endpoint()
    stuck = [wire.endpoint() for _ in range(10)]
    for each in stuck:
        wire.send(one, each, b"b" * 2_000_000)
    assert wire.exchange(one, free, "through") == "through"
    for each in stuck:
        each.close()


def test_an_unlinked_socket_is_put_back_and_order_survives_it(wire: Wire) -> None:
    one, two = wire.endpoint(), wire.endpoint()
    count = fill(wire, one, two)
    for _ in range(20):
        wire.send(one, two, count)
        count += 1
    os.unlink(two._file_of(two._token))
    before, replays = (rejects.transport_rejects().get(reason, 0) for reason in ("socket_replaced", "replay"))
    two._next_tick_s = 0.0
    assert collect(wire, count) == list(range(count))
    assert rejects.transport_rejects()["socket_replaced"] == before + 1
    assert two._owns_file()
    wire.send(one, two, "new")
    assert collect(wire, 1) == ["new"]
    assert rejects.transport_rejects().get("replay", 0) == replays


def test_a_file_that_cannot_be_taken_back_is_tried_again_and_leaks_nothing(wire: Wire) -> None:
    one = wire.endpoint()
    path = one._file_of(one._token)
    os.unlink(path)
    os.mkdir(path)
    before = open_descriptors()
    for _ in range(5):
        one._tick()
    no_more_descriptors_than(before)
    os.rmdir(path)
    one._tick()
    assert one._owns_file()
    assert wire.exchange(wire.endpoint(), one, "back") == "back"


def test_credentials_are_read_and_descriptors_closed() -> None:
    doomed = os.dup(1)
    fds = array.array("i", [doomed]).tobytes()
    ucred = array.array("i", [os.getpid(), 1234, 5678]).tobytes()
    uid, came_along = datagram._credentials(
        [
            (socket.SOL_SOCKET, socket.SCM_CREDENTIALS, ucred),
            (socket.SOL_SOCKET, socket.SCM_RIGHTS, fds),
            (41, 1, b"something else"),
        ]
    )
    assert (uid, came_along) == (1234, True)
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(doomed)
    assert datagram._credentials([]) == (None, False)


def test_a_send_the_system_refuses_for_good_fails_and_is_counted(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "no")

    one, two = wire.endpoint(), wire.endpoint()
    monkeypatch.setattr(one, "_send_frame", refuse)
    before = rejects.transport_rejects().get("send_failed", 0)
    wire.send(one, two, "x")
    assert rejects.transport_rejects()["send_failed"] == before + 1


def test_a_system_short_of_memory_is_tried_again(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = wire.endpoint(), wire.endpoint()
    refusals = [OSError(105, "No buffer space"), OSError(12, "Cannot allocate memory")]
    send = one._send_frame

    def sometimes(*arguments: Any) -> None:
        if refusals:
            raise refusals.pop()
        send(*arguments)

    monkeypatch.setattr(one, "_send_frame", sometimes)
    assert wire.exchange(one, two, "in the end") == "in the end"
    assert not refusals
