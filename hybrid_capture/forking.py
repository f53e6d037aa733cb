"""What holds for every process that is forked from a root: what it does not keep open, and when it ends."""

from __future__ import annotations

import contextlib
import os
import time

from actors import forks, lifeline

ADMIN_DEPTH = 2
"""Forks between the root and the actor system's admin."""
ADOPTED_S = 20.0
"""How long an admin waits to be adopted by the root."""


def close_in_children(*descriptors: int) -> None:
    """The root's own sockets are not for its actors: a copy in one of them would hide the root's death."""
    open_ones = list(descriptors)

    def close() -> None:
        while open_ones:
            with contextlib.suppress(OSError):
                os.close(open_ones.pop())

    forks.in_each_child(close)


def end_with_parent() -> None:
    """Every process forked from here on, and from those, dies with the one that forked it.

    The supervisor looks after the root's death, but a root that is killed while it starts has no supervisor yet: its
    admin stayed for ever (seen). Thespian 4.0.1 forks the admin through a go-between that exits at once, so the admin
    waits until it has been adopted by the root. Where the OS has no parent-death signal nothing is forked either.
    """
    root, parent, depth = os.getpid(), os.getpid(), 0

    def bind() -> None:
        nonlocal parent, depth
        depth += 1
        if depth == ADMIN_DEPTH:
            end = time.monotonic() + ADOPTED_S
            while os.getppid() == parent and time.monotonic() < end:
                time.sleep(0.0005)
            parent = root
        lifeline.die_with_parent(parent)
        parent = os.getpid()

    forks.in_each_child(bind)
