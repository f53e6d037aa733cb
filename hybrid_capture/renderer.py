"""A renderer in Python over the same wire as the panel: typed commands in, typed events out, back by itself.

    async with Renderer.of(state_dir) as panel:
        answer = await panel.ask(GetSessions(command_id=new_id(), limit=20))
        async for event in panel.events():
            ...

For one event loop. A connection that breaks is made anew, with a growing wait; the session goes on where it was, and
what was said meanwhile is heard then. When the server has none of it any more, or a new gateway knows nothing, an event
`{"event": "gap", "missed": N}` or `{"event": "anew"}` says so, and the subscription is made again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from hybrid_capture.client import body_of, new_id
from hybrid_capture.panel_tokens import read_token
from messages.facade import Command
from messages.renderer_words import ClientRole

FIRST_WAIT_S, WAIT_S_MAX = 0.05, 2.0
"""Before another try to connect: doubles from the first to the second."""
EVENTS_MAX = 10_000
"""Events that nobody took. Over: newest wins, the gap is counted and told."""
OPEN_S = 10.0
SILENT_S = 45.0
"""The server says something at least every 15 s; after this long without a word the connection is given up."""
FRAME_BYTES_MAX = 2 * 1024 * 1024
FINAL = (4401, 4403, 4409)
"""Close codes after which another try with the same words is no use."""

Event = dict[str, Any]


class Refused(Exception):
    """The panel's socket does not let this renderer in. The text says why."""


class Gone(Exception):
    """The renderer was closed, or gave up."""


class Renderer:
    """One session. An async context manager."""

    def __init__(self, base: str, token: str, role: ClientRole = "operator") -> None:
        """`base` is `http://127.0.0.1:PORT`, `token` the run's or a session's."""
        self._address = f"ws://{base.removeprefix('http://')}/ws"
        self._token = token
        self._role = role
        self._session: str | None = None
        self._seq: int | None = None
        self._socket: ClientConnection | None = None
        self._connected = asyncio.Event()
        self._answers: dict[str, asyncio.Future[Event]] = {}
        self._effects: dict[str, asyncio.Future[Event]] = {}
        self._unsaid: dict[str, bytes] = {}
        """Commands without an answer: said again when the session goes on, where a repeated id is one command."""
        self._subscription: bool | None = None
        self._events: deque[Event] = deque()
        self._news = asyncio.Event()
        self._missed = 0
        self._failure: Exception | None = None
        self._life: asyncio.Task[None] | None = None
        self.reconnects = 0
        self.contract = ""

    @classmethod
    def of(cls, state_dir: Path, role: ClientRole = "operator") -> Renderer:
        """A renderer of the runtime that lives in this folder. Errors: NoToken."""
        here = read_token(state_dir)
        return cls(here.base, here.token, role)

    async def __aenter__(self) -> Renderer:
        self._life = asyncio.create_task(self._live())
        await self._until(self._connected)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Hang up."""
        self._end(Gone("this renderer was closed"))
        if self._life is not None:
            self._life.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._life

    @property
    def session(self) -> str:
        """The id of the session; empty before the first welcome."""
        return self._session or ""

    # Saying.

    async def ask(self, command: Command | dict[str, Any], timeout_s: float = 10.0) -> Event:
        """The answer to a command: `accepted`, `refused`, or data. Errors: TimeoutError, Gone, Refused."""
        body = body_of(command)
        command_id = body["commandId"]
        if body["command"] == "subscribe":
            self._subscription = bool(body.get("live", False))
        answer: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        self._answers[command_id], self._unsaid[command_id] = answer, orjson.dumps(body)
        self._check()
        try:
            await self._say(self._unsaid[command_id])
            return await asyncio.wait_for(answer, timeout_s)
        finally:
            self._answers.pop(command_id, None)
            self._unsaid.pop(command_id, None)

    async def do(self, command: Command | dict[str, Any], timeout_s: float = 30.0) -> Event:
        """Wait for the effect of a command; gives the refusal or the effect. Errors: those of `ask`."""
        body = body_of(command)
        effect: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        self._effects[body["commandId"]] = effect
        try:
            answer = await self.ask(body, timeout_s)
            return answer if answer["answer"] != "accepted" else await asyncio.wait_for(effect, timeout_s)
        finally:
            self._effects.pop(body["commandId"], None)

    async def subscribe(self, live: bool = False) -> Event:
        """Hear events from now on, over every reconnect."""
        return await self.ask({"command": "subscribe", "live": live})

    # Hearing.

    async def events(self) -> AsyncIterator[Event]:
        """Events as they come, until the renderer is closed. Errors: Refused."""
        while True:
            event = await self.next_event()
            if event is None:
                return
            yield event

    async def next_event(self, timeout_s: float | None = None) -> Event | None:
        """The next event; None at the end, or when none comes in time."""
        if self._missed:
            missed, self._missed = self._missed, 0
            return {"event": "gap", "missed": missed}
        try:
            async with asyncio.timeout(timeout_s):
                while not self._events:
                    if isinstance(self._failure, Gone):
                        return None
                    self._check()
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return None
        return self._events.popleft()

    # The connection.

    async def _live(self) -> None:
        wait_s = FIRST_WAIT_S
        while True:
            try:
                # No proxy: the address is this machine's.
                async with connect(
                    self._address, open_timeout=OPEN_S, max_size=FRAME_BYTES_MAX, compression=None, proxy=None
                ) as socket:
                    await self._greet(socket)
                    wait_s = FIRST_WAIT_S
                    await self._hear(socket)
            except ConnectionClosed as closed:
                if closed.rcvd is not None and closed.rcvd.code in FINAL:
                    self._end(Refused(f"{closed.rcvd.code}: {closed.rcvd.reason}"))
                    return
            except (OSError, WebSocketException, TimeoutError):
                pass  # it is started anew, or not yet there
            self._socket = None
            self._connected.clear()
            await asyncio.sleep(wait_s)
            wait_s = min(WAIT_S_MAX, wait_s * 2)

    async def _greet(self, socket: ClientConnection) -> None:
        hello = {"op": "hello", "token": self._token, "role": self._role, "session": self._session, "after": self._seq}
        await socket.send(orjson.dumps(hello).decode())
        async with asyncio.timeout(OPEN_S):
            welcome = orjson.loads(await socket.recv())
        again = self._session is not None
        anew = again and not welcome["resumed"]
        self._session, self._token, self._seq = welcome["session"], welcome["token"], welcome["seq"]
        self.contract, self._socket = welcome["contract"], socket
        self.reconnects += again
        if anew:
            self._forget()
            if self._subscription is not None:
                body = {"command": "subscribe", "commandId": new_id(), "live": self._subscription}
                await socket.send(orjson.dumps(body).decode())
        for said in list(self._unsaid.values()) if again and not anew else []:
            await socket.send(said.decode())
        self._connected.set()

    def _forget(self) -> None:
        """The server knows nothing of this session: what was on its way may have been done, and is not repeated."""
        away = {"ok": False, "code": "AWAY", "text": "the gateway was started anew: look, and say it again"}
        for command_id, answer in self._answers.items():
            if not answer.done():
                answer.set_result({"answer": "refused", "commandId": command_id, **away})
        for command_id, effect in self._effects.items():
            if not effect.done():
                effect.set_result({"event": "commandDone", "commandId": command_id, "result": {}, **away})
        self._put({"event": "anew"})

    async def _hear(self, socket: ClientConnection) -> None:
        while True:
            async with asyncio.timeout(SILENT_S):
                told = orjson.loads(await socket.recv())
            if told.get("op") == "ping":
                await socket.send('{"op":"pong"}')
            elif "seq" in told:
                self._seq = told["seq"]
                self._told(told["body"])

    def _told(self, body: Event) -> None:
        waiting = self._answers if "answer" in body else self._effects if body.get("event") == "commandDone" else {}
        future = waiting.get(body.get("commandId", ""))
        if future is not None and not future.done():
            future.set_result(body)
        if "event" in body:
            self._put(body)

    def _put(self, event: Event) -> None:
        self._events.append(event)
        if len(self._events) > EVENTS_MAX:
            self._events.popleft()
            self._missed += 1
        self._news.set()

    async def _say(self, text: bytes) -> None:
        await self._until(self._connected)
        if self._socket is not None:
            with contextlib.suppress(ConnectionClosed):  # it is said again when the connection is back
                await self._socket.send(text.decode())

    async def _until(self, event: asyncio.Event) -> None:
        """Wait, unless there is nothing to wait for any more. Errors: Refused, Gone."""
        await event.wait()
        self._check()

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _end(self, why: Exception) -> None:
        self._failure = self._failure or why
        for waiting in (*self._answers.values(), *self._effects.values()):
            if not waiting.done():
                waiting.set_exception(self._failure)
        self._connected.set()
        self._news.set()
