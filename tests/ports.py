"""Ports of loopback that stay where a test put them, though others look for free ones at the same time."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

from hybrid_capture import doorway


@contextlib.contextmanager
def reserved(port: int = 0) -> Iterator[int]:
    """A port that the system gives to nobody. Who is told of it may listen there all the same, again and again.

    It is bound, and nobody listens on it; whoever wants to sets SO_REUSEADDR, as servers do. Errors: OSError while
    somebody listens on `port`.
    """
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", port))
        yield held.getsockname()[1]


@contextlib.contextmanager
def standard_port_taken() -> Iterator[None]:
    """In this process the standard port is one on which somebody listens until the end. The machine's own may be taken
    and left at any moment, by other tests or a runtime."""
    with socket.create_server(("127.0.0.1", 0)) as held, pytest.MonkeyPatch.context() as patch:
        patch.setattr(doorway, "PORT", held.getsockname()[1])
        yield
