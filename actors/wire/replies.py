"""The pages of the app-server's history, as values: the `result` of a `Settled` goes in.

A reply that does not fit is `Unshaped` and names the field, never the content. `account/read` is in `account.py`;
of other answers only an id is wanted (`actors/upstream.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson
from pydantic import TypeAdapter, ValidationError

from actors.wire import requests, shapes
from actors.wire.frames import ItemCompleted, ThreadStarted, TurnCompleted, Unshaped
from actors.wire.methods import thread_from, turn_from

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list."""

    values: tuple[T, ...]
    next_cursor: str | None
    """Ask again with it; None on the last page."""


@dataclass(frozen=True, slots=True)
class ListedThread:
    """A stored thread of this Codex home."""

    thread: ThreadStarted
    updated_at_s: int
    """Moves when a turn begins or ends, in whichever process; whole seconds (codex 0.169)."""
    loaded: bool
    """Loaded in the process that answered."""


@dataclass(frozen=True, slots=True)
class PulledTurn:
    """A stored turn and its items."""

    end: TurnCompleted
    items: tuple[ItemCompleted, ...]
    whole: bool
    """False: the items were not asked for."""


def threads_of(result: Any) -> Page[ListedThread] | Unshaped:
    """A page of `thread/list`."""
    reply = _valid(_THREADS, requests.THREAD_LIST, result)
    if isinstance(reply, Unshaped):
        return reply
    listed = [
        ListedThread(
            thread=thread_from(each),
            updated_at_s=each["updatedAt"],
            loaded=each["status"]["type"] != "notLoaded",
        )
        for each in reply["data"]
    ]
    return Page(tuple(listed), reply.get("nextCursor"))


def turns_of(thread_id: str, result: Any) -> Page[PulledTurn] | Unshaped:
    """A page of `thread/turns/list`; a turn that runs in this very process has the status `inProgress`."""
    reply = _valid(_TURNS, requests.TURNS_LIST, result)
    if isinstance(reply, Unshaped):
        return reply
    turns = []
    for valid, raw in zip(reply["data"], result["data"], strict=True):
        items = tuple(_item(thread_id, valid["id"], item, item) for item in raw["items"])
        if None in items:
            return Unshaped(requests.TURNS_LIST, "data.items: too_deep")
        whole = valid.get("itemsView") == "full"
        turns.append(PulledTurn(turn_from(thread_id, valid), tuple(item for item in items if item), whole))
    return Page(tuple(turns), reply.get("nextCursor"))


def _item(thread_id: str, turn_id: str, item: Any, times: Any) -> ItemCompleted | None:
    """A valid item of a reply; None when it is nested deeper than can be written."""
    try:
        body = orjson.dumps(item).decode()
    except TypeError:
        return None
    status = item.get("status")
    return ItemCompleted(
        thread_id=thread_id,
        turn_id=turn_id,
        item_id=item["id"],
        kind=item["type"],
        status=status if isinstance(status, str) else None,
        started_at_ms=_number(times.get("startedAtMs")),
        completed_at_ms=_number(times.get("completedAtMs")),
        body=body,
    )


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _valid(adapter: TypeAdapter[Any], method: str, result: Any) -> Any:
    try:
        return adapter.validate_python(result, strict=True)
    except ValidationError as problem:
        return Unshaped(method, shapes.reason_of(problem))


_THREADS = shapes.adapter(shapes.ThreadPage)
_TURNS = shapes.adapter(shapes.TurnPage)
