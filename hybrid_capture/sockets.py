"""The panel's WebSocket: `GET /ws`. Hello first, then commands up and numbered answers and events down.

Everything that is said before the hello is refused; everything after it goes to the facade as it is. A client that
reads too slowly loses the oldest events and is told how many; one that reads nothing at all is hung up on. Nothing here
waits for anybody else: each connection has its own writer, and gives way to others after a few messages.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from hybrid_capture.panel_hub import Hub
from hybrid_capture.panel_sessions import Session

FRAME_BYTES_MAX = 64 * 1024
"""Of one frame upwards; the facade's own bound on a command is the same."""
HELLO_S = 5.0
PING_S = 15.0
"""Between two signs of life; after three without one the connection is closed."""
SLOW_S = 10.0
"""A connection that takes nothing for this long is closed; its session lives on for a while."""
BURST, FRAMES_PER_S = 200, 100
"""Frames upwards: so many at once, and then so many a second. Over: they are read later."""
BATCH = 16
"""Messages down in a row before others have their turn."""

NO_FORM, NO_TOKEN, NO_HELLO, TOO_MANY, TOO_SLOW, TAKEN_OVER, TOO_LARGE = 4400, 4401, 4408, 4409, 4410, 4411, 4413
WORDS = {
    NO_FORM: "frames are text, and each is one JSON object",
    NO_TOKEN: "the token or code is wrong, or was used: get a new address with `hybrid-capture panel`",
    NO_HELLO: "the hello, or a sign of life, did not come in time",
    TOO_MANY: "too many clients are connected",
    TOO_SLOW: "this client reads too slowly",
    TAKEN_OVER: "another connection goes on with this session",
    TOO_LARGE: f"a frame has at most {FRAME_BYTES_MAX} bytes",
}
"""Close codes. A wrong `Origin` gets HTTP 403 before there is a socket."""


class Closed(Exception):
    """This connection is to be closed."""

    def __init__(self, code: int) -> None:
        self.code = code


@dataclass(slots=True, eq=False)
class Connection:
    """One socket."""

    socket: WebSocket
    hub: Hub
    end: asyncio.Event = field(default_factory=asyncio.Event)
    """Another connection took its session over."""
    heard_s: float = 0.0


class Sockets:
    """All connections. `origins` are those of pages that may connect; who sends none is no page."""

    def __init__(self, hub: Hub, origins: frozenset[str]) -> None:
        self._hub = hub
        self._origins = origins
        self._speaking: dict[str, Connection] = {}
        """Whose session has a connection now."""

    @property
    def count(self) -> int:
        """Connections with a session."""
        return len(self._speaking)

    def route(self) -> WebSocketRoute:
        return WebSocketRoute("/ws", self.serve)

    async def serve(self, socket: WebSocket) -> None:
        """One connection, from its request to its end."""
        origin = socket.headers.get("origin")
        if origin is not None and origin not in self._origins:
            self._hub.refuse("origin")
            await socket.close()  # before it was accepted: HTTP 403
            return
        await socket.accept()
        connection = Connection(socket, self._hub)
        try:
            await self._speak(connection)
        except Closed as closed:
            self._hub.refuse(str(closed.code))
            with contextlib.suppress(Exception):  # it may be gone by itself
                async with asyncio.timeout(1.0):
                    await socket.close(closed.code, WORDS[closed.code])
        except WebSocketDisconnect:
            return

    async def _speak(self, connection: Connection) -> None:
        session, resumed = await self._enter(connection)
        loop = asyncio.get_running_loop()
        connection.heard_s = loop.time()
        try:
            await self._send(connection, self._welcome(session, resumed))
            async with asyncio.TaskGroup() as group:
                tasks = [self._read(connection, session), self._write(connection, session), self._watch(connection)]
                for each in tasks:
                    group.create_task(each)
        except* Closed as found:
            raise Closed(_first(found)) from None
        except* (WebSocketDisconnect, RuntimeError):  # starlette's word for: it is closed already
            raise WebSocketDisconnect(1006) from None
        finally:
            if self._speaking.get(session.id) is connection:
                del self._speaking[session.id]
                self._hub.left(session, loop.time())

    async def _enter(self, connection: Connection) -> tuple[Session, bool]:
        """Hear the hello; from then on the session is this connection's alone. Errors: Closed."""
        try:
            async with asyncio.timeout(HELLO_S):
                _, hello = _parsed(await connection.socket.receive())
        except TimeoutError:
            raise Closed(NO_HELLO) from None
        if not isinstance(hello, dict) or hello.get("op") != "hello":
            raise Closed(NO_TOKEN)
        tokens, now_s = self._hub.tokens, asyncio.get_running_loop().time()
        once = hello.get("once")
        entry = tokens.once(once, now_s) if once is not None else tokens.known(hello.get("token"), hello.get("role"))
        if entry is None:
            raise Closed(NO_TOKEN)
        entered = self._hub.enter(entry, hello.get("session"), hello.get("after"))
        if entered is None:
            raise Closed(TOO_MANY)
        before = self._speaking.get(entered[0].id)
        if before is not None:
            before.end.set()
        self._speaking[entered[0].id] = connection
        return entered

    def _welcome(self, session: Session, resumed: bool) -> str:
        welcome = {
            "op": "welcome",
            "session": session.id,
            "token": self._hub.tokens.of_session(session.id, session.role),
            "role": session.role,
            "resumed": resumed,
            "seq": session.out_seq,
            "contract": self._hub.contract,
        }
        return orjson.dumps(welcome).decode()

    async def _read(self, connection: Connection, session: Session) -> None:
        loop = asyncio.get_running_loop()
        room, at_s = float(BURST), loop.time()
        while True:
            text, said = _parsed(await connection.socket.receive())
            connection.heard_s = now_s = loop.time()
            room, at_s = min(float(BURST), room + (now_s - at_s) * FRAMES_PER_S) - 1, now_s
            if room < 0:
                await asyncio.sleep(-room / FRAMES_PER_S)
            if isinstance(said, dict) and "op" in said:
                if said["op"] == "ping":
                    await self._send(connection, '{"op":"pong"}')
                elif said["op"] != "pong":
                    raise Closed(NO_FORM)
            else:
                self._hub.say(session, text, said)

    async def _write(self, connection: Connection, session: Session) -> None:
        news = self._hub.news[session.id]
        while not connection.end.is_set():
            for _ in range(BATCH):
                found = session.next()
                if found is None:
                    break
                missed, told = found
                if missed:
                    await self._send(connection, f'{{"seq":{told.seq - 1},"body":{{"event":"gap","missed":{missed}}}}}')
                await self._send(connection, f'{{"seq":{told.seq},"body":{told.body.decode()}}}')
            if session.pending:
                await asyncio.sleep(0)
            else:
                news.clear()
                await news.wait()

    async def _send(self, connection: Connection, text: str) -> None:
        try:
            async with asyncio.timeout(SLOW_S):
                await connection.socket.send_text(text)
        except TimeoutError:
            raise Closed(TOO_SLOW) from None

    async def _watch(self, connection: Connection) -> None:
        """Ask for signs of life; end when another connection goes on with the session."""
        loop = asyncio.get_running_loop()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PING_S):
                    await connection.end.wait()
                raise Closed(TAKEN_OVER)
            if loop.time() - connection.heard_s > 3 * PING_S:
                raise Closed(NO_HELLO)
            await self._send(connection, '{"op":"ping"}')


def _parsed(message: Any) -> tuple[str, Any]:
    """A frame's text, and what it says; None when it is no JSON, which the facade judges. Errors: Closed."""
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code") or 1006)
    text = message.get("text")
    if text is None:
        raise Closed(NO_FORM)
    if len(text) > FRAME_BYTES_MAX or len(text.encode()) > FRAME_BYTES_MAX:
        raise Closed(TOO_LARGE)
    try:
        return text, orjson.loads(text)
    except orjson.JSONDecodeError:
        return text, None


def _first(group: BaseExceptionGroup[Closed]) -> int:
    found = group.exceptions[0]
    return found.code if isinstance(found, Closed) else NO_FORM
