"""The panel's part of the gateway behind a real socket, with a scripted facade behind it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect

from hybrid_capture.door import server_of
from hybrid_capture.frames import Said
from hybrid_capture.metrics_app import metrics_app
from hybrid_capture.panel_app import Shown, panel_app
from hybrid_capture.panel_hub import Hub
from hybrid_capture.panel_tokens import PanelTokens
from hybrid_capture.sockets import Sockets
from messages.settings import Limits

TOKEN = "panel-token-0123456789"
STATUS = {
    "mode": "OTEL_ONLY", "sidecar": {"state": "stopped", "generation": 0}, "auth": {"state": "needs_login"},
    "stream_healthy": False, "kill_switch": False, "baseline": {"healthy": True, "reason": "it works"},
    "sources": [{"name": "otlp", "healthy": True}], "actors": [{"name": "ingest", "state": "running", "restarts": 1}],
}  # fmt: skip
FILES = {
    "index.html": Shown(b"<!doctype html>", "text/html; charset=utf-8"),
    "views/a.js": Shown(b"export {};", "text/javascript; charset=utf-8"),
}


class PanelHouse:
    """In one event loop with its test. `said` is what went up; commands are answered as `answer` says."""

    def __init__(self, **limits: Any) -> None:
        self.limits = Limits(**limits)
        self.tokens = PanelTokens(TOKEN)
        self.hub = Hub(self._tell, self.tokens, self.limits, "c1")
        self.said: list[tuple[str, str, str]] = []
        self.words: list[tuple[str, dict[str, Any]]] = []
        self.answer: Callable[[dict[str, Any]], list[dict[str, Any]]] = accept

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[PanelHouse]:
        """Serve until left."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        self.sockets = Sockets(self.hub, frozenset({f"http://127.0.0.1:{self.port}"}))
        routes = [
            self.sockets.route(),
            *metrics_app(self.hub, self.sockets).routes,
            *panel_app(self.hub, FILES, self.port).routes,
        ]
        server = server_of(Starlette(routes=routes), 64, 5.0)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await server.open.wait()
        try:
            yield self
        finally:
            serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving
            listener.close()

    def _tell(self, op: str, blob: bytes | memoryview = b"", **fields: Any) -> None:
        self.words.append((op, fields))
        if op != "said":
            return
        text = bytes(blob).decode()
        self.said.append((fields["client"], fields["role"], text))
        try:
            command = orjson.loads(text)
        except orjson.JSONDecodeError:
            command = {}
        command = command if isinstance(command, dict) else {}
        for body in self.answer(command):
            self.tell([fields["client"]], body, droppable=False)

    def tell(self, clients: list[str], body: dict[str, Any], droppable: bool = True) -> None:
        """The facade says something to these sessions."""
        said = Said("told", {"clients": clients, "droppable": droppable}, orjson.dumps(body))
        self.hub.heard(said)

    def connect(self, origin: str | None = None) -> Any:
        return connect(f"ws://127.0.0.1:{self.port}/ws", origin=origin, proxy=None)  # type: ignore[arg-type]  # any text

    async def enter(self, link: ClientConnection, **hello: Any) -> dict[str, Any]:
        """Say hello; gives the welcome."""
        await link.send(json.dumps({"op": "hello", "token": TOKEN, **hello}))
        return json.loads(await link.recv())  # type: ignore[no-any-return]  # an object


def accept(command: dict[str, Any]) -> list[dict[str, Any]]:
    """Everything is accepted and done; what is no command is refused."""
    if command.get("command") == "getStatus":
        return [{"answer": "status", "commandId": command["commandId"], "status": STATUS}]
    if not isinstance(command.get("commandId"), str):
        return [{"answer": "refused", "commandId": "", "code": "BAD_COMMAND", "text": "no"}]
    accepted = {"answer": "accepted", "commandId": command["commandId"]}
    if command.get("command") == "subscribe":
        return [accepted]
    return [accepted, {"event": "commandDone", "commandId": command["commandId"], "ok": True, "result": {}}]


def run(story: Callable[[PanelHouse], Any], **limits: Any) -> None:
    """Play a story in a house that is open."""

    async def played() -> None:
        async with asyncio.timeout(60), PanelHouse(**limits).open() as house:
            await story(house)

    asyncio.run(played())
