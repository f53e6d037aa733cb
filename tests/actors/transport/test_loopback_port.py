"""A port has one listener, by this system's way and by Windows'."""

from __future__ import annotations

import errno
import socket

import pytest

from actors.transport.loopback_port import claim


class Asked(list[tuple[int, int, int]]):
    """A socket that notes what is asked of it."""

    def setsockopt(self, level: int, option: int, value: int) -> None:
        self.append((level, option, value))


def listening(port: int) -> socket.socket:
    listener = socket.socket()
    claim(listener)
    listener.bind(("127.0.0.1", port))
    listener.listen()
    return listener


def test_a_second_listener_is_refused_and_a_port_that_was_let_go_can_be_had_at_once() -> None:
    first = listening(0)
    port = first.getsockname()[1]
    with pytest.raises(OSError, match=r".") as refused:
        listening(port)
    assert refused.value.errno == errno.EADDRINUSE
    with socket.create_connection(("127.0.0.1", port)), first.accept()[0] as answered:
        answered.shutdown(socket.SHUT_RDWR)  # the end that hangs up first is the one whose port stays busy for a minute
    first.close()
    listening(port).close()


def test_windows_is_asked_for_a_port_of_our_own_and_never_to_share_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "SO_EXCLUSIVEADDRUSE", ~socket.SO_REUSEADDR, raising=False)
    asked = Asked()
    claim(asked)  # type: ignore[arg-type]  # stands for a socket
    assert asked == [(socket.SOL_SOCKET, ~socket.SO_REUSEADDR, 1)]
