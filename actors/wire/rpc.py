"""JSON-RPC as the app-server speaks it, and the requests of ours that wait for an answer.

Upstream (codex 0.169) neither sends nor needs a `jsonrpc` field. It answers nothing at all to malformed JSON, a blank
line, an array or `{"id":77}`, and replies queue behind unread deltas, so every request has its own deadline here.
What upstream asks of us is in `asked.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import orjson

from actors.wire.frames import Id, Response, RpcError

METHOD_NOT_FOUND = -32601
REFUSED = -32000
"""Ours, for what we do not offer."""

T = TypeVar("T")


def request(request_id: Id, method: str, params: dict[str, Any] | None = None, traceparent: str | None = None) -> bytes:
    """One request line.

    `traceparent` (W3C, `00-<32 hex>-<16 hex>-01`) travels as a sibling of params: codex 0.169 uses it for the turn's
    log events and as the rollout's `trace_id`.
    """
    message: dict[str, Any] = {"method": method, "id": request_id}
    if params is not None:
        message["params"] = params
    if traceparent is not None:
        message["trace"] = {"traceparent": traceparent}
    return _line(message)


def notification(method: str, params: dict[str, Any] | None = None) -> bytes:
    """One notification line."""
    return _line({"method": method} if params is None else {"method": method, "params": params})


def result(request_id: Id, value: Any) -> bytes:
    """The line that answers a server request."""
    return _line({"id": request_id, "result": value})


def error(request_id: Id, code: int, message: str, data: Any = None) -> bytes:
    """The line that refuses a server request."""
    body: dict[str, Any] = {"code": code, "message": message}
    if data is not None:
        body["data"] = data
    return _line({"id": request_id, "error": body})


def _line(message: dict[str, Any]) -> bytes:
    # orjson refuses lone surrogates, and so it should: invalid UTF-8 on stdin ends codex 0.169 (exit code 0 in 16 ms).
    # A text a person typed may hold one, so it becomes a question mark instead of an exception.
    try:
        return orjson.dumps(message, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        return orjson.dumps(_without_surrogates(message), option=orjson.OPT_APPEND_NEWLINE)


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(member) for member in value]
    return value


@dataclass(frozen=True, slots=True)
class Full:
    """No request may be issued: as many as allowed wait already."""

    requests_max: int


@dataclass(frozen=True, slots=True)
class Settled(Generic[T]):
    """A request got its answer."""

    tag: T
    method: str
    id: int
    result: Any = field(repr=False)
    error: RpcError | None


@dataclass(frozen=True, slots=True)
class UnknownReply:
    """An answer to nothing that waits: repeated, too late, or never asked. It changes nothing."""

    id: Id


@dataclass(frozen=True, slots=True)
class TimedOut(Generic[T]):
    """A request without an answer by its deadline."""

    tag: T
    method: str
    id: int


@dataclass(frozen=True, slots=True)
class Abandoned(Generic[T]):
    """A request that can get no answer any more: its process is gone."""

    tag: T
    method: str
    id: int


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[T]):
    tag: T
    method: str
    due_ms: int


class Pending(Generic[T]):
    """Our requests that wait for an answer, at most `requests_max`. One table per process generation.

    Ids count up from 1 and are never used twice; answers may come in any order. `tag` is the caller's own word for
    what the request was for. Times are given, in ms of any one clock.
    """

    def __init__(self, requests_max: int) -> None:
        assert requests_max >= 1, requests_max
        self._max = requests_max
        self._next_id = 1
        self._waiting: dict[Id, _Waiting[T]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def issue(self, method: str, now_ms: int, deadline_ms: int, tag: T) -> int | Full:
        """The id for a new request that times out `deadline_ms` after `now_ms`, or `Full`."""
        if len(self._waiting) >= self._max:
            return Full(self._max)
        request_id = self._next_id
        self._next_id += 1
        self._waiting[request_id] = _Waiting(tag, method, now_ms + deadline_ms)
        return request_id

    def settle(self, response: Response) -> Settled[T] | UnknownReply:
        """What this answer belongs to."""
        waiting = self._waiting.pop(response.id, None)
        if waiting is None:
            return UnknownReply(response.id)
        assert isinstance(response.id, int), response.id
        return Settled(waiting.tag, waiting.method, response.id, response.result, response.error)

    def expire(self, now_ms: int) -> tuple[TimedOut[T], ...]:
        """Those whose deadline is here, oldest first; their answers are unknown from now on."""
        due = [(i, waiting) for i, waiting in self._waiting.items() if waiting.due_ms <= now_ms]
        for request_id, _ in due:
            del self._waiting[request_id]
        return tuple(TimedOut(waiting.tag, waiting.method, int(i)) for i, waiting in due)

    def close_all(self) -> tuple[Abandoned[T], ...]:
        """All that wait, oldest first, given up."""
        gone = tuple(Abandoned(waiting.tag, waiting.method, int(i)) for i, waiting in self._waiting.items())
        self._waiting.clear()
        return gone
