"""The root lives for its host: however it finds out that the host is gone, it ends."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hybrid_capture.desk import Desk
from hybrid_capture.root import EXIT_HOST_GONE, HOST, Root
from messages.settings import Timing

LOADED = """
import gc, sys
from hybrid_capture.root import main
assert gc.isenabled(), "whoever imports it keeps his collector"
gc.disable()
code = main(sys.argv[1:])
print(code, gc.isenabled(), gc.get_freeze_count() > 10_000)
"""
"""A root as its own process begins: without a collector until everything is loaded."""


class QuietTree:
    """A tree in which nothing happens."""

    def watch(self, *_: int) -> None: ...

    def unwatch(self, _: int) -> None: ...

    def tell(self, *_: Any) -> None: ...

    def next_event(self, _: float) -> None: ...


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


@pytest.mark.skipif(sys.platform == "win32", reason="sockets are handed down by number")
def test_what_the_root_has_loaded_is_never_searched_for_cycles_and_everything_after_it_is(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    ours.close()  # the host is gone: the root ends before it starts a tree
    with theirs, socket.socket(socket.AF_UNIX) as control:
        descriptors = theirs.fileno(), control.fileno()
        words = ["--link", str(descriptors[0]), "--control", str(descriptors[1]), "--state-dir", str(tmp_path)]
        done = subprocess.run(
            [sys.executable, "-c", LOADED, *words], pass_fds=descriptors, capture_output=True, text=True, timeout=60
        )
    assert done.stdout.split() == [str(EXIT_HOST_GONE), "True", "True"], done.stderr
