"""The root lives for its host: however it finds out that the host is gone, it ends."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from hybrid_capture.desk import Desk
from hybrid_capture.root import EXIT_HOST_GONE, HOST, Root
from messages.settings import Timing


class QuietTree:
    """A tree in which nothing happens."""

    def watch(self, *_: int) -> None: ...

    def unwatch(self, _: int) -> None: ...

    def tell(self, *_: Any) -> None: ...

    def next_event(self, _: float) -> None: ...


@pytest.mark.timeout(10)
def test_a_host_that_is_found_dead_by_a_write_ends_the_root_like_one_whose_link_ended() -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        desk = Desk(listener, "token", 10)
        ours, theirs = socket.socketpair()
        host = desk.admit(ours, HOST, known=True)
        assert host is not None
        theirs.close()
        desk.tell(host, b"{}\n", droppable=False)  # nobody reads it: the link is given up before it is read again
        root = Root(QuietTree(), desk, host, Timing(), None)  # type: ignore[arg-type]  # what it asks of a tree
        assert root.run() == EXIT_HOST_GONE
        assert desk.find(HOST) is None
        desk.close()
