"""Which transports of this process hold descriptors: closed when the process ends, let go in a forked child."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from multiprocessing import util as multiprocessing_util
from typing import Final, Protocol

from actors import forks


class Closable(Protocol):
    """What is kept here."""

    def close(self) -> None:
        """Close for good, in the process that made it."""

    def abandon(self) -> None:
        """Close inherited copies, in a forked child."""


_LIVE: Final[dict[int, weakref.ref[Closable]]] = {}
_exit_hook_pid = 0


def remember(transport: Closable) -> None:
    """Close `transport` when this process ends, unless `forget` comes first."""
    global _exit_hook_pid
    _LIVE[id(transport)] = weakref.ref(transport)
    if _exit_hook_pid != os.getpid():
        # Thespian's actors never close their transport, and a multiprocessing child skips atexit; this hook runs in
        # both kinds of process. A fork loses it, hence the process id.
        _exit_hook_pid = os.getpid()
        multiprocessing_util.Finalize(None, _each_live, args=(_close,), exitpriority=10)


def forget(transport: Closable) -> None:
    """It has been closed."""
    _LIVE.pop(id(transport), None)


def _close(transport: Closable) -> None:
    transport.close()


def _abandon(transport: Closable) -> None:
    transport.abandon()


def _each_live(action: Callable[[Closable], None]) -> None:
    for reference in list(_LIVE.values()):
        transport = reference()
        if transport is not None:
            action(transport)


def _forget_parent() -> None:
    _each_live(_abandon)
    _LIVE.clear()


forks.in_each_child(_forget_parent)
