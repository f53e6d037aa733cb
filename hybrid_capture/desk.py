"""The root's desk: renderers come here over a socket, say their token, and are passed on to the facade untouched.

Non-blocking throughout: it lives in the loop of the root. A renderer that reads too slowly loses the oldest of its
events and is told how many; it never holds anybody else up.
"""

from __future__ import annotations

import secrets
import socket
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from hybrid_capture.link import Lines, LinkBroken, line_of
from messages.renderer_words import ClientRole

CLIENTS_MAX = 64
"""Connections at once; one more is closed."""
READ_BYTES = 64 * 1024
OUT_BYTES_MAX = 8 * 1024 * 1024
"""Bytes waiting for one renderer, beside the bound on events."""


class Waiting(NamedTuple):
    """A line on its way."""

    line: bytes
    droppable: bool
    """An event may give way to newer ones; an answer is owed."""


@dataclass(slots=True)
class Client:
    """One connection."""

    name: str
    link: socket.socket
    known: bool = False
    """It said its token."""
    role: ClientRole = "operator"
    """What it may do; who only wants to look says so in its hello."""
    lines: Lines = field(default_factory=Lines)
    waiting: deque[Waiting] = field(default_factory=deque)
    bytes_count: int = 0
    sent: int = 0
    """Bytes of the first waiting line that are out."""
    missed: int = 0


class Desk:
    """Connections of renderers. `events_max` bounds what waits for each of them."""

    def __init__(self, listener: socket.socket, token: str, events_max: int) -> None:
        self._listener = listener
        self._token = token
        self._events_max = events_max
        self._clients: dict[int, Client] = {}
        self._numbers = 0
        listener.setblocking(False)

    @property
    def busy(self) -> bool:
        """Somebody has lines waiting: come back soon."""
        return any(client.waiting for client in self._clients.values())

    def descriptors(self) -> list[int]:
        return [self._listener.fileno(), *self._clients]

    def admit(self, link: socket.socket, name: str | None = None, known: bool = False) -> Client | None:
        """Take a connection in; None when there are too many."""
        if len(self._clients) >= CLIENTS_MAX:
            link.close()
            return None
        link.setblocking(False)
        self._numbers += 1
        client = Client(name or f"r{self._numbers}", link, known)
        self._clients[link.fileno()] = client
        return client

    def accept(self) -> list[int]:
        """New connections; gives their descriptors."""
        admitted: list[int] = []
        while True:
            try:
                link, _ = self._listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return admitted
            client = self.admit(link)
            if client is not None:
                admitted.append(client.link.fileno())

    def read(self, descriptor: int) -> tuple[Client | None, list[dict[str, object]], bool]:
        """Whose descriptor it is, what it says, and whether it is gone now."""
        client = self._clients.get(descriptor)
        if client is None:
            return None, [], True
        try:
            chunk = client.link.recv(READ_BYTES)
            said = client.lines.feed(chunk)
            if not client.known and said:
                self._check_token(client, said.pop(0))
        except BlockingIOError:
            return client, [], False
        except (OSError, LinkBroken):
            return client, [], True
        return client, said if client.known else [], not chunk

    def _check_token(self, client: Client, hello: dict[str, object]) -> None:
        token = hello.get("token")
        fits = isinstance(token, str) and secrets.compare_digest(token.encode(), self._token.encode())
        if hello.get("op") != "hello" or not fits:
            raise LinkBroken("the first word is the token")
        client.known = True
        client.role = "observer" if hello.get("role") == "observer" else "operator"

    def drop(self, descriptor: int) -> None:
        """Close a connection."""
        client = self._clients.pop(descriptor, None)
        if client is not None:
            client.link.close()

    def at(self, descriptor: int) -> Client | None:
        """Whose descriptor it is."""
        return self._clients.get(descriptor)

    def find(self, name: str) -> Client | None:
        return next((client for client in self._clients.values() if client.name == name), None)

    def known(self) -> list[Client]:
        return [client for client in self._clients.values() if client.known]

    def tell(self, client: Client, line: bytes, droppable: bool) -> None:
        """Queue a line and send what fits. Over the bound the oldest waiting events go, newest win, the gap is told."""
        client.waiting.append(Waiting(line, droppable))
        client.bytes_count += len(line)
        while self._full(client) and (oldest := _oldest_event(client)) is not None:
            client.bytes_count -= len(client.waiting[oldest].line)
            del client.waiting[oldest]
            client.missed += 1
        if client.bytes_count > 2 * OUT_BYTES_MAX:
            client.link.close()  # it reads nothing at all; its next read or write finds that out
            return
        self.flush(client)

    def _full(self, client: Client) -> bool:
        return len(client.waiting) > self._events_max or client.bytes_count > OUT_BYTES_MAX

    def flush(self, client: Client) -> bool:
        """Send what fits; false when the connection is gone."""
        try:
            while client.waiting:
                line = client.waiting[0].line
                client.sent += client.link.send(line[client.sent :])
                if client.sent < len(line):
                    return True
                client.waiting.popleft()
                client.bytes_count -= len(line)
                client.sent = 0
                if client.missed and not client.waiting:
                    missed, client.missed = client.missed, 0
                    self.tell(client, line_of("gap", missed=missed), droppable=False)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return True

    def flush_all(self) -> list[int]:
        """Send what fits to everybody; gives the descriptors of those who are gone."""
        return [fd for fd, client in self._clients.items() if client.waiting and not self.flush(client)]

    def close(self) -> None:
        """Hang up on everybody."""
        for descriptor in list(self._clients):
            self.drop(descriptor)


def _oldest_event(client: Client) -> int | None:
    """The place of the oldest event that may go: never the newest line, nor one that is half out."""
    for place in range(1 if client.sent else 0, len(client.waiting) - 1):
        if client.waiting[place].droppable:
            return place
    return None
