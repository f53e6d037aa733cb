"""The gateway process: HTTP on the socket that the host opened, below the root, which starts it anew when it dies.

A process of its own, because parsing what strangers send and keeping the root's guard apart want different processes: a
flood, a hang or a fault here costs the root nothing, and when the root dies whoever waits here is answered all the
same: `handover.py`. What it serves is one file per application:
`otlp_app.py` for exporters; `panel_app.py` (files), `sockets.py` (the WebSocket) and `metrics_app.py` for people.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
import threading
from typing import Any, Literal

if __name__ == "__main__":
    gc.disable()  # while this loads, as the root does: see there

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from hybrid_capture.door import DoorServer, SocketDoor, server_of
from hybrid_capture.exchange import Exchange
from hybrid_capture.frames import READ_BYTES, FrameBroken, Frames, Said, frame_of
from hybrid_capture.handover import LOOK_S, Handover
from hybrid_capture.metrics_app import metrics_app
from hybrid_capture.otlp_app import Bounds, Receiver, otlp_app
from hybrid_capture.panel_app import contract_of, panel_app, panel_files
from hybrid_capture.panel_hub import Hub
from hybrid_capture.panel_tokens import PanelTokens
from hybrid_capture.probing import Probing
from hybrid_capture.sockets import Sockets
from messages.settings import Limits, Timing
from storage.redaction_log import redact_tracebacks

NAMES = ["127.0.0.1", "localhost"]
"""Host headers that are answered: another one is a web page that made a name of its own point here."""
TICK_S = 0.5
QUIET_LOOKS = 5
"""Looks in a row at which nobody waited: a request may be on its way over a connection that was kept open."""
END_S = 1.0
"""After the last word this process lives so long at most, whatever is still open."""
FLUSH_S = 0.3
"""For the answers to whoever waits."""


def application(receiver: Receiver, hub: Hub, port: int) -> Starlette:
    """Everything that is served. A further application has its routes here."""
    files = panel_files()
    hub.contract = contract_of(files)
    sockets = Sockets(hub, frozenset(f"http://{name}:{port}" for name in NAMES))
    return Starlette(
        routes=[
            *otlp_app(receiver).routes,
            sockets.route(),
            *metrics_app(hub, sockets).routes,
            *panel_app(hub, files, port).routes,
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=NAMES, www_redirect=False)],
    )


class Gateway:
    """One gateway, from its first frame to its end."""

    def __init__(self, link: socket.socket, listener: socket.socket) -> None:
        self._link = link
        self._listener = listener
        self._frames = Frames()
        self._writer: asyncio.StreamWriter

    async def run(self) -> None:
        """Live until the root says `end`, or is gone."""
        reader, self._writer = await asyncio.open_connection(sock=self._link)
        said, rest = await self._first(reader)
        limits = Limits.model_validate(said.fields["limits"])
        timing = Timing.model_validate(said.fields["timing"])
        self._exchange = Exchange(self._tell, timing.otlp_hold_ms / 1000)
        bounds = Bounds(
            body_bytes_max=limits.otlp_body_bytes_max,
            waiting_bytes_max=limits.otlp_waiting_bytes_max,
            requests_max=limits.otlp_requests_max,
            read_s=timing.otlp_read_ms / 1000,
            keep_s=timing.otlp_keep_ms / 1000,
        )
        self._receiver = Receiver(self._exchange, said.fields["token"], bounds)
        self._hub = Hub(self._tell, PanelTokens(said.fields["panel_token"]), limits)
        app = application(self._receiver, self._hub, self._listener.getsockname()[1])
        self._server = server_of(app, limits.http_connections_max, bounds.read_s)
        probe_s = timing.probe_interval_ms / 1000
        self._probing = Probing(self._listener.getsockname()[:2], said.fields["token"], probe_s, self._probed)
        serving = asyncio.create_task(self._server.serve(sockets=[self._listener]))
        tasks = [asyncio.create_task(self._probe(self._server)), asyncio.create_task(self._tick())]
        handover = Handover(
            self._listener.getsockname()[:2], said.fields["token"], said.fields["host"], said.fields["host_created"]
        )
        if await self._listen(reader, rest) == "left":
            self._hub.close()
            await self._hand_over(handover, timing.otlp_in_hand_ms / 1000, (serving, *tasks))
        self._end_soon(END_S)
        self._exchange.close()
        self._hub.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._answered(), FLUSH_S)
        # Who waited is answered. Uvicorn's own way out sleeps for a tenth of a second first.
        for task in (serving, *tasks):
            task.cancel()

    async def _first(self, reader: asyncio.StreamReader) -> tuple[Said, list[Said]]:
        while True:
            chunk = await reader.read(READ_BYTES)
            if not chunk:
                raise SystemExit(0)
            said = self._frames.feed(chunk)
            if said:
                return said[0], said[1:]

    async def _listen(self, reader: asyncio.StreamReader, said: list[Said]) -> Literal["ended", "left"]:
        """Hear the root until it ends this, or is gone."""
        while True:
            for each in said:
                if each.op == "end":
                    return "ended"
                self._heard(each)
            try:
                chunk = await reader.read(READ_BYTES)
                said = self._frames.feed(chunk)
            except OSError:
                return "left"
            except FrameBroken:
                return "ended"
            if not chunk:
                return "left"

    async def _hand_over(self, handover: Handover, in_hand_s: float, tasks: tuple[asyncio.Task[Any], ...]) -> None:
        """The root is gone, and the host may start another: see that what is in hand is stored by that one."""
        if handover.host_is_gone() or self._receiver.stopping:
            return
        self._end_soon(in_hand_s + END_S)
        for server in self._server.servers:
            server.close()  # the next gateway has connections to itself
        self._server.servers.clear()
        for task in tasks[1:]:
            task.cancel()
        self._receiver.leaving = True
        self._exchange.hand_over(handover.say)
        for connection in list(self._server.server_state.connections):
            if isinstance(connection, SocketDoor):
                connection.transport.close()  # nobody is behind it: its client comes to the next one
        quiet = 0
        while quiet < QUIET_LOOKS and not handover.host_is_gone():
            await asyncio.sleep(LOOK_S)
            quiet = 0 if self._exchange.waiting or self._receiver.requests else quiet + 1

    def _heard(self, said: Said) -> None:
        if said.op == "ping":
            self._tell("pong")
            self._hub.tick(asyncio.get_running_loop().time())
        elif said.op == "stop":
            self._receiver.stopping = True
        elif not self._hub.heard(said):
            self._exchange.heard(said)
            if said.op == "returned":
                self._probing.soon()

    def _tell(self, op: str, blob: bytes | memoryview = b"", **fields: Any) -> None:
        # Bounded by the window of the exchange; everything else is small.
        self._writer.write(frame_of(op, blob, **fields))

    def _probed(self, healthy: bool, reason: str) -> None:
        self._tell("probed", healthy=healthy, reason=reason)

    async def _probe(self, server: DoorServer) -> None:
        await server.open.wait()
        await self._probing.run()

    async def _tick(self) -> None:
        """Look after requests that wait; while there is none nobody wakes for them."""
        while True:
            await self._exchange.busy.wait()
            await asyncio.sleep(TICK_S)
            self._exchange.tick(asyncio.get_running_loop().time())

    async def _answered(self) -> None:
        while self._exchange.waiting or self._server.server_state.tasks:
            await asyncio.sleep(0.005)

    def _end_soon(self, after_s: float) -> None:
        """The end comes, also when something here hangs: nobody is above to see to it."""
        guard = threading.Timer(after_s, os._exit, args=(1,))
        guard.daemon = True
        guard.start()


def ignore_signals() -> None:
    """A terminal's signals change nothing here: the root ends this process, or its end does. Windows has no SIGHUP."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def main(arguments: list[str] | None = None) -> int:
    """Take link and listening socket over from the root, and serve."""
    parser = argparse.ArgumentParser(prog="hybrid_capture.gateway", description="Started by the root; not for people.")
    parser.add_argument("--link", type=int, required=True)
    parser.add_argument("--http", type=int, required=True)
    # For whoever reads the process list, `doctor` among them.
    parser.add_argument("--state-dir", required=True)
    given = parser.parse_args(arguments)
    gc.freeze()
    gc.enable()
    redact_tracebacks()
    ignore_signals()
    link, listener = socket.socket(fileno=given.link), socket.socket(fileno=given.http)
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(Gateway(link, listener).run())
    return 0


if __name__ == "__main__":
    sys.exit(main())
