"""What the root says to its gateway; the process itself is in tests/live."""

from __future__ import annotations

import socket

from hybrid_capture.frames import BLOB_BYTES_MAX, READ_BYTES, Frames
from hybrid_capture.gateway_process import GatewayProcess
from messages.settings import Limits, Timing


def test_an_event_that_the_link_cannot_carry_is_a_gap_and_no_end_of_the_root() -> None:
    gateway = GatewayProcess(0, "/state", "token", "panel", Limits(), Timing())
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        gateway._link = ours
        gateway.tell_clients(("one", "two"), b"x" * (BLOB_BYTES_MAX + 1), droppable=True)
        gateway.tell_clients(("one",), b"{}", droppable=True)
        said = Frames().feed(theirs.recv(READ_BYTES))
    assert [(each.op, each.blob) for each in said] == [("told", b"{}"), ("missed", b"")]
    assert said[1].fields == {"missed": {"one": 1, "two": 1}}
