"""A renderer in Python: commands in, answers and events out, over a socket to the root.

One thread reads. Commands may come from any thread. After a new facade has come up, the client subscribes again by
itself and ends what waited with `AWAY`.
"""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from hybrid_capture.link import Lines, LinkBroken, line_of
from hybrid_capture.statefolder import connect, find_runtime
from messages.facade import Command

OnEvent = Callable[[dict[str, Any]], None]
ANSWER_DEADLINE_S = 10.0
KEPT_MAX = 256
"""Answers and effects that nobody fetched; the oldest is let go first."""


class Unanswered(Exception):
    """The runtime did not answer: it is gone, or too busy. The text says which."""


class RendererClient:
    """One connection. Close it, or use it as a context manager."""

    def __init__(self, link: socket.socket, token: str | None, on_event: OnEvent | None = None) -> None:
        """Speak on `link`. `on_event` is called on the reading thread: be quick, and raise nothing."""
        self._link = link
        self._link.settimeout(None)
        self._on_event = on_event
        self._on_other: Callable[[dict[str, Any]], None] | None = None
        self._lock = threading.Condition()
        self._answers: dict[str, dict[str, Any]] = {}
        self._done: dict[str, dict[str, Any]] = {}
        self._waited: set[str] = set()
        self._subscribed: bool | None = None
        self._gone = ""
        if token is not None:
            self._write(line_of("hello", token=token))
        self._reader = threading.Thread(target=self._read, name="hybrid-capture-client", daemon=True)

    def start(self) -> RendererClient:
        """Begin to read."""
        self._reader.start()
        return self

    def on_link(self, heard: Callable[[dict[str, Any]], None]) -> None:
        """The host's part of the link: what is neither answer nor event goes here, and `{"op": "gone"}` at its end."""
        self._on_other = heard

    # Saying.

    def ask(self, command: Command | dict[str, Any], timeout_s: float = ANSWER_DEADLINE_S) -> dict[str, Any]:
        """Say a command and give its answer: `accepted`, `refused`, or data. Errors: Unanswered."""
        body = body_of(command)
        key = body["commandId"]
        with self._lock:
            self._waited.add(key)
        if body["command"] == "subscribe":
            self._subscribed = bool(body.get("live", False))
        self._write(line_of("say", body=orjson.dumps(body).decode()))
        return self._wait(self._answers, key, timeout_s, f"no answer to {body['command']}")

    def effect(self, command_id: str, timeout_s: float) -> dict[str, Any]:
        """Wait for the effect of an accepted command. Errors: Unanswered."""
        return self._wait(self._done, command_id, timeout_s, "no effect")

    def do(self, command: Command | dict[str, Any], timeout_s: float = 30.0) -> dict[str, Any]:
        """Say a command and wait until it is done; gives the refusal or the effect. Errors: Unanswered."""
        answer = self.ask(command, timeout_s)
        if answer["answer"] != "accepted":
            return answer
        return self.effect(answer["commandId"], timeout_s)

    def _wait(self, place: dict[str, dict[str, Any]], key: str, timeout_s: float, what: str) -> dict[str, Any]:
        with self._lock:
            self._lock.wait_for(lambda: key in place or self._gone, timeout_s)
            if key in place:
                return place.pop(key)
        raise Unanswered(self._gone or f"{what} within {timeout_s:g} s")

    def say_link(self, op: str, **fields: Any) -> None:
        """The host's own words on its link."""
        self._write(line_of(op, **fields))

    def _write(self, line: bytes) -> None:
        with self._lock:
            if self._gone:
                raise Unanswered(self._gone)
            try:
                self._link.sendall(line)
            except OSError:
                raise Unanswered("the runtime hung up") from None

    # Hearing.

    def _read(self) -> None:
        lines = Lines()
        while True:
            try:
                chunk = self._link.recv(64 * 1024)
                messages = lines.feed(chunk)
            except (OSError, LinkBroken):
                chunk, messages = b"", []
            for message in messages:
                self._heard(message)
            if not chunk:
                break
        with self._lock:
            self._gone = "the runtime hung up"
            self._lock.notify_all()
        if self._on_other is not None:
            self._on_other({"op": "gone"})

    def _heard(self, message: dict[str, Any]) -> None:
        if message["op"] == "told":
            self._told(orjson.loads(message["body"]))
        elif message["op"] == "gap":
            self._event({"event": "gap", "missed": message["missed"]})
        elif message["op"] == "facadeReturned":
            self._facade_returned()
        elif self._on_other is not None:
            self._on_other(message)

    def _told(self, body: dict[str, Any]) -> None:
        if "answer" in body:
            self._keep(self._answers, body)
        elif body.get("event") == "commandDone":
            self._keep(self._done, body)
            self._event(body)
        else:
            self._event(body)

    def _keep(self, place: dict[str, dict[str, Any]], body: dict[str, Any]) -> None:
        with self._lock:
            key = body.get("commandId", "")
            if key in self._waited or key == "":
                place[key] = body
                if place is self._done or body["answer"] != "accepted":
                    self._waited.discard(key)
                while len(place) > KEPT_MAX:
                    del place[next(iter(place))]
            self._lock.notify_all()

    def _event(self, body: dict[str, Any]) -> None:
        if self._on_event is not None:
            self._on_event(body)

    def _facade_returned(self) -> None:
        with self._lock:
            for key in self._waited:
                away = {"commandId": key, "code": "AWAY", "text": "the facade was started anew: say it again"}
                self._answers.setdefault(key, {"answer": "refused", **away})
                self._done.setdefault(key, {"event": "commandDone", "ok": False, "result": {}, **away})
            self._waited.clear()
            self._lock.notify_all()
        if self._subscribed is not None:
            body = {"command": "subscribe", "commandId": new_id(), "live": self._subscribed}
            with suppress(Unanswered):
                self._write(line_of("say", body=orjson.dumps(body).decode()))

    def close(self) -> None:
        """Hang up and wait for the reading thread."""
        with suppress(OSError):
            self._link.shutdown(socket.SHUT_RDWR)
        if self._reader.is_alive() and threading.current_thread() is not self._reader:
            self._reader.join(5.0)
        self._link.close()

    def __enter__(self) -> RendererClient:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()


def attach(state_dir: Path, on_event: OnEvent | None = None, timeout_s: float = 5.0) -> RendererClient:
    """A client of the runtime that lives in this state folder. Errors: NotRunning."""
    here = find_runtime(state_dir)
    return RendererClient(connect(here, timeout_s), here.token, on_event)


def new_id() -> str:
    """A fresh command id."""
    return secrets.token_hex(8)


def body_of(command: Command | dict[str, Any]) -> dict[str, Any]:
    """A command as it is said: what was not chosen is left out, because null would be a choice."""
    if isinstance(command, Command):
        body: dict[str, Any] = command.model_dump(by_alias=True, exclude_unset=True)
        return {**body, "command": type(command).model_fields["command"].default}
    return {"commandId": new_id(), **command}
