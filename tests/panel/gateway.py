"""A gateway whose words a test chooses: the panel's real files and headers, and a socket that says what it is told.

It speaks the renderer's wire (hello, welcome, numbered frames, pings), answers reads from a script, and takes notes of
every command. What a whole runtime would take minutes to come to, such as 10,000 sessions or a full disk, is here in
the first frame.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from hybrid_capture.panel_app import headers_for, panel_files
from tests.panel import told

PATIENCE_S = 30.0
CONTRACT = re.compile(r'CONTRACT = "(\w+)"')
Command = dict[str, Any]
Reply = dict[str, Any] | list[dict[str, Any]] | None


class ScriptedGateway:
    """Serves until `close`. `on[command]` is what a command is answered; None stays silent."""

    def __init__(self, sessions: int = 60) -> None:
        self.status = told.status(at_ms=_now_ms())
        self.commands: list[Command] = []
        self.sessions = [told.session_line(at) for at in range(sessions)]
        shift = _now_ms() - told.NOW_MS
        for line in self.sessions:
            line["startedAtMs"] += shift
            line["lastAtMs"] += shift
        self.on: dict[str, Callable[[Command], Reply]] = {
            "getStatus": lambda _: {"answer": "status", "status": {**self.status, "ledger": told.LEDGER}},
            "subscribe": lambda _: [{"answer": "accepted"}, {"event": "status", "status": self.status}],
            "getTransitions": lambda _: data(transitions=told.transitions(_now_ms())),
            "getSessions": self._page,
            "getSession": self._session,
            "searchSessions": self._search,
            "getCodexStreamDedupeLog": lambda c: data(
                entries=[each for each in told.decisions() if c.get("decision") in (None, each["decision"])]
            ),
            "getTrace": lambda _: data(messages=told.trace()),
            "getMetrics": lambda _: data(**told.metrics(_now_ms())),
        }
        self._heard = threading.Condition()
        self._sockets: list[_Session] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self._files = panel_files()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """As `hybrid-capture panel` prints it."""
        return f"{self.base}/#once=code-for-this-test"

    # What a test says.

    def stands(self, status: dict[str, Any]) -> None:
        """From now on everything stands like this, and every page hears of it."""
        self.status = {**status, "at_ms": _now_ms(), "revision": self.status["revision"] + 1}
        self.tell({"event": "status", "status": self.status})

    def tell(self, *events: dict[str, Any]) -> None:
        """Events for every page that is connected."""
        self._loop.call_soon_threadsafe(self._tell, events)

    def _tell(self, events: tuple[dict[str, Any], ...]) -> None:
        for session in self._sockets:
            for event in events:
                session.say(event)

    def hang_up(self, code: int = 1012) -> None:
        """End every connection, as a gateway does that dies."""
        self._loop.call_soon_threadsafe(lambda: [each.end(code) for each in self._sockets])

    def wait_command(self, name: str, count: int = 1) -> Command:
        """The `count`th command of this name, as soon as it was said."""
        with self._heard:
            found = lambda: [each for each in self.commands if each["command"] == name]  # noqa: E731
            assert self._heard.wait_for(lambda: len(found()) >= count, PATIENCE_S), f"nobody said {name}"
            return found()[count - 1]

    def said(self, name: str) -> int:
        """How often this command was said."""
        return sum(each["command"] == name for each in self.commands)

    # Serving.

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        routes = [Route("/", self._file), Route("/panel/{name:path}", self._file), WebSocketRoute("/ws", self._socket)]
        config = uvicorn.Config(
            Starlette(routes=routes), log_level="error", lifespan="off", ws_per_message_deflate=False
        )
        self._server = uvicorn.Server(config)
        self._server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        self._loop.run_until_complete(self._server.serve(sockets=[self._listener]))

    async def _file(self, request: Request) -> Response:
        found = self._files.get(request.path_params.get("name", "index.html"))
        if found is None:
            return Response("none", 404)
        return Response(found.content, 200, headers_for(self.port), found.media_type)

    async def _socket(self, websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            hello = orjson.loads(await websocket.receive_text())
        except WebSocketDisconnect:
            return  # it has nothing to say
        if hello.get("once") is None and hello.get("token") != "token-of-this-test":
            await websocket.close(4401)
            return
        session = _Session(websocket)
        self._sockets.append(session)
        contract = CONTRACT.search(self._files["contracts.js"].content.decode())[1]  # type: ignore[index]  # it is there
        await websocket.send_text(
            orjson.dumps(
                {
                    "op": "welcome",
                    "session": "s1",
                    "token": "token-of-this-test",
                    "resumed": False,
                    "seq": 0,
                    "contract": contract,
                }
            ).decode()
        )
        writer = asyncio.create_task(session.write())
        try:
            while True:
                self._hear(session, orjson.loads(await websocket.receive_text()))
        except WebSocketDisconnect:
            pass
        finally:
            self._sockets.remove(session)
            writer.cancel()

    def _hear(self, session: _Session, heard: dict[str, Any]) -> None:
        if heard.get("op") == "ping":
            session.raw({"op": "pong"})
        if "command" not in heard:
            return
        with self._heard:
            self.commands.append(heard)
            self._heard.notify_all()
        reply = self.on.get(heard["command"], lambda _: ACCEPTED)(heard)
        replies = reply if isinstance(reply, list) else [reply] if reply else []
        for each in replies:
            own = each if each.get("event") == "status" else {"commandId": heard["commandId"], **each}
            session.say(own)

    # The scripted store.

    def _page(self, command: Command) -> Reply:
        rows = [each for each in self.sessions if command.get("tool") in (None, each["tool"])]
        begin = int(command.get("before") or 0)
        end = begin + command.get("limit", 100)
        return data(sessions=rows[begin:end], next=str(end) if end < len(rows) else None)

    def _session(self, command: Command) -> Reply:
        line = next((each for each in self.sessions if each["sessionId"] == command["sessionId"]), None)
        if line is None:
            return refused("UNKNOWN_ID", "no such session is stored")
        return data(**told.session_data(line))

    def _search(self, command: Command) -> Reply:
        text = command["text"].lower()
        hits = []
        for line in self.sessions:
            at = line["title"].lower().find(text)
            if at >= 0:
                hits.append(
                    {"sessionId": line["sessionId"], "tool": line["tool"], "title": line["title"], "turnId": "turn-a",
                     "itemId": "item-5", "kind": "agentMessage", "snippet": line["title"],
                     "marks": [[at, at + len(text)]],
                     "atMs": line["lastAtMs"]}
                )  # fmt: skip
        return data(hits=hits[:200], more=len(hits) > 200)

    def close(self) -> None:
        self._server.should_exit = True
        self.hang_up(1001)
        self._thread.join(PATIENCE_S)
        self._listener.close()


class _Session:
    """One page's connection."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._queue: asyncio.Queue[dict[str, Any] | int] = asyncio.Queue()
        self._seq = 0

    def say(self, body: dict[str, Any]) -> None:
        self._seq += 1
        self.raw({"seq": self._seq, "body": body})

    def raw(self, frame: dict[str, Any]) -> None:
        self._queue.put_nowait(frame)

    def end(self, code: int) -> None:
        self._queue.put_nowait(code)

    async def write(self) -> None:
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            while True:
                frame = await self._queue.get()
                if isinstance(frame, int):
                    await self._websocket.close(frame)
                    return
                await self._websocket.send_text(orjson.dumps(frame).decode())


ACCEPTED = {"answer": "accepted"}


def data(**fields: Any) -> dict[str, Any]:
    return {"answer": "data", "data": fields}


def refused(code: str, text: str) -> dict[str, Any]:
    return {"answer": "refused", "code": code, "text": text}


def done(text: str = "", **result: Any) -> list[dict[str, Any]]:
    """Accepted, and done at once."""
    return [ACCEPTED, {"event": "commandDone", "ok": True, "code": None, "text": text, "result": result}]


def failed(text: str, code: str = "FAILED") -> list[dict[str, Any]]:
    """Accepted, and failed."""
    return [ACCEPTED, {"event": "commandDone", "ok": False, "code": code, "text": text, "result": {}}]


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
