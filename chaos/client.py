"""A small JSON-RPC client for an app-server child: blocking, bounded by deadlines, and it remembers every line.

For the stand-ins' own tests and for the recorder. The product's side of this protocol is `actors/wire`; it is not
used here, so that a mistake there cannot hide itself.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import orjson

Json = dict[str, Any]
WAIT_S = 60.0
"""Default deadline of every wait."""
CLIENT_INFO = {"name": "probe", "title": "Probe", "version": "0.0.1"}


class Line(NamedTuple):
    """One line on the pipes."""

    t_s: float
    """Seconds since the process was started."""
    dir: str
    """`in` = from the app-server, `out` = to it."""
    message: Any
    """The decoded JSON; a `bytes` for a line that is none."""


class RpcError(Exception):
    """The app-server answered a request with an error."""

    def __init__(self, body: Json) -> None:
        super().__init__(f"{body['code']}: {body['message']}")
        self.code: int = body["code"]
        self.message: str = body["message"]


class Client:
    """One app-server process and its conversation. Ends the process on leaving the `with` block.

    Every wait has a deadline and raises TimeoutError with the last lines seen. EOFError means stdout ended first.
    """

    def __init__(
        self, argv: Sequence[str | Path], env: Mapping[str, str], *, cwd: Path | None = None, stderr: Path | None = None
    ) -> None:
        self.started_s = time.monotonic()
        self.lines: list[Line] = []
        """Every line so far, both ways, in order."""
        self._changed = threading.Condition()
        self._ended = False
        self._next_id = 0
        self._seen = 0
        with contextlib.ExitStack() as stack:
            sink = stack.enter_context(stderr.open("ab")) if stderr else subprocess.DEVNULL
            self.process = subprocess.Popen(
                [str(part) for part in argv],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=sink,
                env=dict(env),
                cwd=cwd,
                start_new_session=True,
            )
        self._reader = threading.Thread(target=self._read, name="app-server-reader", daemon=True)
        self._reader.start()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.end()

    # Sending.

    def send(self, message: Json) -> None:
        """Errors: BrokenPipeError when the process is gone."""
        self._note("out", message)
        self.send_raw(orjson.dumps(message) + b"\n")

    def send_raw(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def post(self, method: str, params: object = None) -> int:
        """Send a request and return its id without waiting."""
        self._next_id += 1
        message: Json = {"method": method, "id": self._next_id}
        if params is not None:
            message["params"] = params
        self.send(message)
        return self._next_id

    def reply_to(self, request_id: int, wait_s: float = WAIT_S) -> Any:
        """The result of an earlier `post`. Errors: RpcError, TimeoutError, EOFError."""

        def is_reply(message: Json) -> bool:
            return message.get("id") == request_id and "method" not in message

        message = self.wait(is_reply, f"reply to request {request_id}", wait_s=wait_s, since=0)
        if "error" in message:
            raise RpcError(message["error"])
        return message["result"]

    def request(self, method: str, params: object = None, wait_s: float = WAIT_S) -> Any:
        """Send a request and wait for its result. Errors: RpcError, TimeoutError, EOFError."""
        return self.reply_to(self.post(method, params), wait_s)

    def answer(self, request_id: object, result: object) -> None:
        """Answer a server request."""
        self.send({"id": request_id, "result": result})

    def answer_error(self, request_id: object, code: int, message: str) -> None:
        self.send({"id": request_id, "error": {"code": code, "message": message}})

    # Waiting.

    def wait(
        self, wanted: Callable[[Json], bool], what: str, *, wait_s: float = WAIT_S, since: int | None = None
    ) -> Json:
        """The first message from the app-server that is `wanted`, among those after the last one waited for.

        `since` (an index into `lines`) looks from there instead, and leaves the mark where it was.
        """
        until = time.monotonic() + wait_s
        at = self._seen if since is None else since
        with self._changed:
            while True:
                while at < len(self.lines):
                    line = self.lines[at]
                    at += 1
                    if line.dir == "in" and isinstance(line.message, dict) and wanted(line.message):
                        if since is None:
                            self._seen = at
                        return line.message
                if self._ended:
                    raise EOFError(f"stdout ended before {what}; last lines: {self._tail()}")
                left_s = until - time.monotonic()
                if left_s <= 0 or not self._changed.wait(left_s):
                    raise TimeoutError(f"no {what} within {wait_s} s; last lines: {self._tail()}")

    def wait_method(self, method: str, *, wait_s: float = WAIT_S, since: int | None = None) -> Json:
        """The next notification or server request of this method, whole."""
        return self.wait(lambda message: message.get("method") == method, method, wait_s=wait_s, since=since)

    def wait_eof(self, wait_s: float = WAIT_S) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: self._ended, wait_s):
                raise TimeoutError(f"stdout still open after {wait_s} s")

    def wait_exit(self, wait_s: float = WAIT_S) -> int:
        """The exit code; below 0 it is the signal. Errors: subprocess.TimeoutExpired."""
        code = self.process.wait(wait_s)
        self._reader.join(wait_s)
        return code

    def _tail(self) -> str:
        return " | ".join(str(line.message)[:200] for line in self.lines[-4:]) or "none"

    # Conversation.

    def initialize(self, **capabilities: object) -> Json:
        """The whole handshake; the initialize result."""
        result: Json = self.request(
            "initialize",
            {"clientInfo": CLIENT_INFO, "capabilities": {"experimentalApi": True, **capabilities}},
        )
        self.send({"method": "initialized"})
        return result

    def start_thread(self, cwd: Path, **params: object) -> str:
        result = self.request("thread/start", {"cwd": str(cwd), "model": "gpt-5.5", **params})
        return str(result["thread"]["id"])

    def start_turn(self, thread_id: str, prompt: str) -> str:
        result = self.request("turn/start", {"threadId": thread_id, "input": [{"type": "text", "text": prompt}]})
        return str(result["turn"]["id"])

    def turn(self, thread_id: str, prompt: str, *, wait_s: float = WAIT_S) -> Json:
        """A whole turn that asks nothing: the turn of its turn/completed."""
        since = len(self.lines)
        turn_id = self.start_turn(thread_id, prompt)
        return self.turn_completed(turn_id, since=since, wait_s=wait_s)

    def turn_completed(self, turn_id: str, *, since: int = 0, wait_s: float = WAIT_S) -> Json:
        def ends(message: Json) -> bool:
            return message.get("method") == "turn/completed" and message["params"]["turn"]["id"] == turn_id

        turn: Json = self.wait(ends, f"turn/completed of {turn_id}", since=since, wait_s=wait_s)["params"]["turn"]
        return turn

    def notifications(self, method: str | None = None) -> list[Json]:
        """Notifications received so far: all, or those of one method."""
        with self._changed:
            received = [line.message for line in self.lines if line.dir == "in" and isinstance(line.message, dict)]
        return [each for each in received if "method" in each and "id" not in each and method in (None, each["method"])]

    # Ending.

    def close_stdin(self) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()

    def kill(self, signal_number: int | None = None) -> None:
        """Send it a signal; without one it is killed."""
        if signal_number is None:
            self.process.kill()
        else:
            self.process.send_signal(signal_number)

    def end(self) -> int:
        """Close stdin, then SIGKILL if it has not left within 3 s; the exit code. May be called again."""
        self.close_stdin()
        try:
            code = self.process.wait(3)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait(10)
        # What it started in the same session must not outlive the test.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self._reader.join(5)
        assert self.process.stdout is not None
        if not self._reader.is_alive():
            self.process.stdout.close()
        return code

    def _read(self) -> None:
        assert self.process.stdout is not None
        for raw in self.process.stdout:
            try:
                message: object = orjson.loads(raw)
            except orjson.JSONDecodeError:
                message = raw
            self._note("in", message)
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _note(self, direction: str, message: object) -> None:
        with self._changed:
            self.lines.append(Line(time.monotonic() - self.started_s, direction, message))
            self._changed.notify_all()
