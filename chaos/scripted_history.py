"""What the scripted app-server remembers: loaded threads, stored threads, and the requests that read them.

The errors are upstream's own, method by method: each says something else about a thread it cannot find.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Collection
from pathlib import Path

from chaos.scripted_frames import INVALID_REQUEST, Json
from chaos.scripted_locks import WriterLocks
from chaos.scripted_rollouts import stored_threads
from chaos.scripted_threads import Thread

PAGE_DEFAULT = 25
UNSUPPORTED = -32601
HYDRATION = (
    "Full-history hydration is deprecated for paginated threads; omit `includeTurns` or set it to `false`, "
    "then page with `thread/turns/list` and `thread/items/list`."
)


class Refusal(Exception):
    """The request is answered by this JSON-RPC error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def is_uuid(text: object) -> bool:
    with contextlib.suppress(ValueError):
        return isinstance(text, str) and bool(uuid.UUID(text))
    return False


class History:
    """Threads of one CODEX_HOME. `live` gives the ids of the turns in progress."""

    def __init__(self, home: Path, notify: Callable[[str, Json], None], live: Callable[[], Collection[str]]) -> None:
        self._home, self._notify, self._live = home, notify, live
        self.loaded: dict[str, Thread] = {}
        self.locks = WriterLocks(home)

    def load(self, thread: Thread) -> None:
        """The thread is open in this process from now on. Errors: Refusal when it is open in another one."""
        if thread.path is not None and not self.locks.take(thread.thread_id):
            raise Refusal(INVALID_REQUEST, f"thread {thread.thread_id} already has an active writer")
        self.loaded[thread.thread_id] = thread

    def get_loaded(self, thread_id: str) -> Thread:
        """Errors: Refusal `thread not found`, for turn/start and turn/interrupt."""
        _check_id(thread_id)
        if thread_id not in self.loaded:
            raise Refusal(INVALID_REQUEST, f"thread not found: {thread_id}")
        return self.loaded[thread_id]

    def resume(self, thread_id: str, approval_policy: str, sandbox: str) -> tuple[Thread, bool]:
        """The thread, loaded from now on, and whether it was before. Errors: Refusal `no rollout found`."""
        found = self._find(thread_id)
        if found is None or not found.turns:
            raise Refusal(INVALID_REQUEST, f"no rollout found for thread id {thread_id}")
        was_loaded = thread_id in self.loaded
        self.load(found)
        self._notify("deprecationNotice", {"summary": HYDRATION, "details": None})
        if not was_loaded:
            found.status = {"type": "idle"}
            found.approval_policy, found.sandbox = approval_policy, sandbox
            self._notify("thread/status/changed", {"threadId": thread_id, "status": found.status})
        return found, was_loaded

    def turns_of(self, thread: Thread, items_view: str) -> list[Json]:
        live = self._live()
        return [turn.as_frame(items_view, live=turn.turn_id in live) for turn in thread.turns]

    def read(self, params: Json) -> Json:
        thread = self._readable(params["threadId"])
        turns: list[Json] = []
        if params.get("includeTurns"):
            _check_turns(thread)
            self._notify("deprecationNotice", {"summary": HYDRATION, "details": None})
            turns = self.turns_of(thread, "full")
        return {"thread": thread.as_frame(turns=turns), "readState": thread.read_state()}

    def list(self, params: Json) -> Json:
        threads = {thread.thread_id: thread for thread in stored_threads(self._home)}
        threads |= {key: thread for key, thread in self.loaded.items() if key in threads}
        changed = params.get("sortKey") == "updated_at"
        newest = sorted(
            [] if params.get("archived") else threads.values(),
            key=lambda thread: (thread.updated_at_s if changed else thread.created_at_s, thread.thread_id),
            reverse=True,
        )
        shown = [thread.as_frame(listed=True) for thread in newest]
        page = _page(shown, params, backwards=params.get("sortDirection") == "asc")
        states = {each["id"]: threads[each["id"]].read_state() for each in page["data"]}
        return {"data": page.pop("data"), "readStates": states, **page}

    def loaded_list(self, _: Json) -> Json:
        return {"data": [*self.loaded], "nextCursor": None}

    def turns_list(self, params: Json) -> Json:
        thread = self._readable(params["threadId"])
        if thread.path is None:
            raise Refusal(INVALID_REQUEST, "ephemeral threads do not support thread/turns/list")
        if not thread.turns:
            reason = "is not materialized yet; thread/turns/list is unavailable before first user message"
            raise Refusal(INVALID_REQUEST, f"thread {thread.thread_id} {reason}")
        turns = self.turns_of(thread, params.get("itemsView") or "summary")
        return _page(turns, params, backwards=params.get("sortDirection") != "asc")

    def items_list(self, params: Json) -> Json:
        _check_id(params["threadId"])
        thread, wanted = self._find(params["threadId"]), params.get("turnId")
        if thread is None or not thread.turns:
            raise Refusal(UNSUPPORTED, "thread/items/list is not supported yet")
        turns = [turn for turn in thread.turns if wanted in (None, turn.turn_id)]
        entries = [
            {
                "turnId": turn.turn_id,
                "item": item,
                "startedAtMs": item["startedAtMs"],
                "completedAtMs": item["completedAtMs"],
            }
            for turn in turns
            for item in turn.items
        ]
        return _page(entries, params, backwards=params.get("sortDirection") == "desc")

    def _find(self, thread_id: str) -> Thread | None:
        _check_id(thread_id)
        if thread_id in self.loaded:
            return self.loaded[thread_id]
        return next((thread for thread in stored_threads(self._home) if thread.thread_id == thread_id), None)

    def _readable(self, thread_id: str) -> Thread:
        thread = self._find(thread_id)
        if thread is None:
            raise Refusal(INVALID_REQUEST, f"thread not loaded: {thread_id}")
        return thread


def _check_id(thread_id: object) -> None:
    if not is_uuid(thread_id):
        raise Refusal(INVALID_REQUEST, f"invalid thread id: {thread_id}")


def _check_turns(thread: Thread) -> None:
    if not thread.turns:
        # A thread has no rollout before its first turn.
        raise Refusal(UNSUPPORTED, "list_turns is not supported yet")


def _page(entries: list[Json], params: Json, *, backwards: bool) -> Json:
    """One page from the cursor on; our cursor is the offset as text."""
    if backwards:
        entries = entries[::-1]
    start = 0
    with contextlib.suppress(ValueError, TypeError):
        start = int(params.get("cursor") or 0)
    end = start + int(params.get("limit") or PAGE_DEFAULT)
    return {
        "data": entries[start:end],
        "nextCursor": str(end) if end < len(entries) else None,
        "backwardsCursor": str(start) if entries[start:end] else None,
    }
