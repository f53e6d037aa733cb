"""The receiver behind a real socket, with a scripted tree behind it, and a client that says exactly what it is told."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from typing import Any

from hybrid_capture.door import server_of
from hybrid_capture.exchange import Answer, Exchange
from hybrid_capture.frames import Said
from hybrid_capture.gateway import application
from hybrid_capture.otlp_app import Bounds, Receiver
from hybrid_capture.panel_hub import Hub
from hybrid_capture.panel_tokens import PanelTokens
from messages.settings import Limits

TOKEN = "test-token-0123456789"
BOUNDS = Bounds(body_bytes_max=1_000_000, waiting_bytes_max=4_000_000, requests_max=4, read_s=30.0, keep_s=30.0)
PATIENCE_S = 30.0
"""Whoever waits for the house waits so long: a busy machine is no fault of it."""
Reply = Callable[[bytes], Answer | None]


def kept(body: bytes) -> Answer | None:
    return Answer("kept")


@dataclass
class ReceiverHouse:
    """Runs in a thread of its own. `reply` is what the tree says to a body; None: it says nothing."""

    reply: Reply = kept
    bounds: Bounds = BOUNDS
    hold_s: float = PATIENCE_S
    connections_max: int = 64
    bodies: list[bytes] = field(default_factory=list)
    given_up: list[int] = field(default_factory=list)

    def __enter__(self) -> ReceiverHouse:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self._open, self._parts = threading.Event(), dict[int, bytes]()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()
        assert self._open.wait(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._serving.cancel)
        self._thread.join(PATIENCE_S)
        self.listener.close()

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.exchange = Exchange(self._tell, self.hold_s)
        self.receiver = Receiver(self.exchange, TOKEN, self.bounds)
        server = server_of(application(self.receiver, self.hub(), self.port), self.connections_max, self.bounds.read_s)
        self._serving = asyncio.create_task(server.serve(sockets=[self.listener]))
        await server.open.wait()
        self._open.set()
        try:
            await self._serving
        except asyncio.CancelledError:
            return

    @staticmethod
    def hub() -> Hub:
        """Nobody is behind the panel's part."""
        return Hub(lambda op, blob=b"", **fields: None, PanelTokens("panel-token-0123456789"), Limits())

    def _tell(self, op: str, blob: bytes | memoryview = b"", **fields: Any) -> None:
        request = fields["request"]
        if op == "givenUp":
            self.given_up.append(request)
            return
        self._parts[request] = self._parts.get(request, b"") + bytes(blob)
        self._loop.call_soon(self.exchange.heard, Said("taken", {"request": request, "n": fields["n"]}, b""))
        if fields["last"]:
            body = self._parts.pop(request)
            self.bodies.append(body)
            answer = self.reply(body)
            if answer is not None:
                told = {"request": request, "code": answer.code, "rejected": answer.rejected, "text": answer.text}
                self._loop.call_soon(self.exchange.heard, Said("answered", told, b""))

    def on_loop(self, call: Callable[..., object], *given: object) -> None:
        """Have something called on the receiver's own thread."""
        self._loop.call_soon_threadsafe(call, *given)

    def until(self, wanted: Callable[[], bool]) -> None:
        """Wait until this holds. Errors: AssertionError when it does not within PATIENCE_S."""
        end = time.monotonic() + PATIENCE_S
        while not wanted():
            assert time.monotonic() < end, "it never came to that"
            time.sleep(0.005)

    def connection(self, timeout_s: float = PATIENCE_S) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)

    def post(
        self, body: Any = b"{}", path: str = "/v1/logs", method: str = "POST", token: str | None = TOKEN, **headers: str
    ) -> tuple[HTTPResponse, bytes]:
        """One request on a connection of its own; `_` in a header's name stands for a hyphen."""
        connection = self.connection()
        given = {"Content-Type": "application/json"}
        if token is not None:
            given["Authorization"] = f"Bearer {token}"
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, given)
        response = connection.getresponse()
        said = response.read()
        connection.close()
        return response, said

    def raw(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE_S)
