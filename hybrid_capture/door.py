"""Uvicorn's HTTP/1.1 protocol with what it leaves out: slow clients are hung up on, and connections have a bound.

Stock uvicorn waits for ever for the head of a request that has begun and for a client that reads no answer, and answers
503 without `Retry-After` when there are too many connections.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import h11
from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

KEEP_ALIVE_S = 75
"""An idle connection is kept this long: exporters speak every 5 s, and one that finds its connection closed may lose a
batch."""
HEAD_BYTES_MAX = 32 * 1024
"""Request line and headers."""
SOCKET_FRAME_BYTES_MAX = 256 * 1024
"""One WebSocket message; a larger one ends the connection with 1009, unread. `sockets.py` has a smaller bound."""
UNREAD_S = 30.0
"""A client that takes nothing of an answer for this long is hung up on: so many of those are no full house."""
UNREAD_BYTES_MAX = 256 * 1024
"""Answers to pings that nobody reads. Over: the connection is cut."""


def door_of(connections_max: int, head_s: float) -> type[H11Protocol]:
    """The protocol class for these bounds; uvicorn makes one object per connection."""

    class Door(H11Protocol):
        waiting: ClassVar[dict[Any, float]] = {}
        """Connections that are between two requests, longest first."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
            super().connection_made(transport)
            self.head_deadline: asyncio.TimerHandle | None = None
            self.unread_deadline: asyncio.TimerHandle | None = None
            self._watch()
            if len(self.connections) > connections_max:
                idle = next(iter(self.waiting), self)
                idle.transport.close()

        def connection_lost(self, exc: Exception | None) -> None:
            self._unwatch()
            self._took()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.transport.is_closing():
                return
            if self.conn.their_state is h11.IDLE:
                self._watch()
            else:
                self._unwatch()

        def pause_writing(self) -> None:
            super().pause_writing()
            if self.unread_deadline is None:
                self.unread_deadline = self.loop.call_later(UNREAD_S, self.transport.abort)

        def resume_writing(self) -> None:
            super().resume_writing()
            self._took()

        def _took(self) -> None:
            """The client reads on, or is gone."""
            if self.unread_deadline is not None:
                self.unread_deadline.cancel()
                self.unread_deadline = None

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if not self.transport.is_closing() and self.conn.their_state is h11.IDLE:
                self._unwatch()
                self.waiting[self] = self.loop.time()

        def _watch(self) -> None:
            """From the first byte, or the connection, the head of a request has so much time."""
            if self.head_deadline is None:
                self.head_deadline = self.loop.call_later(head_s, self.transport.close)
                self.waiting.setdefault(self, self.loop.time())

        def _unwatch(self) -> None:
            self.waiting.pop(self, None)
            if self.head_deadline is not None:
                self.head_deadline.cancel()
                self.head_deadline = None

    return Door


class DoorServer(Server):
    """Uvicorn without its ten wake-ups a second: it sleeps until it is cancelled."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.open = asyncio.Event()
        """Set when connections are taken."""

    async def main_loop(self) -> None:
        self.open.set()
        await asyncio.Event().wait()


class SocketDoor(WebSocketsSansIOProtocol):
    """Uvicorn's WebSocket protocol, hung up on by us when a client makes us answer and reads none of it."""

    def handle_ping(self) -> None:
        if self.transport.get_write_buffer_size() > UNREAD_BYTES_MAX:
            self.transport.abort()
        else:
            super().handle_ping()


def server_of(app: Any, connections_max: int, head_s: float) -> DoorServer:
    """A server for this application that logs nothing, tells no version and no date, and trusts no proxy."""
    return DoorServer(
        Config(
            app,
            http=door_of(connections_max, head_s),
            ws=SocketDoor,
            ws_max_size=SOCKET_FRAME_BYTES_MAX,
            ws_per_message_deflate=False,  # what is inflated is not bounded by what was sent
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level="critical",  # a warning of uvicorn's may name a path, and a path may hold a token
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            backlog=1_024,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=1,
            h11_max_incomplete_event_size=HEAD_BYTES_MAX,
        )
    )
