"""The Codex home of the simulation: what the app-server keeps beyond its process, and so the truth to check by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True)
class Turn:
    """One turn as its process wrote it down."""

    turn_id: str
    started_at_s: int
    status: str = "inProgress"
    completed_at_s: int | None = None
    items: list[Json] = field(default_factory=list)

    def as_json(self, view: str, live: bool) -> Json:
        """As `thread/turns/list` gives it: without an end it reads as interrupted, unless it runs right here."""
        ended = self.completed_at_s is not None
        return {
            "id": self.turn_id,
            "items": [*self.items] if view == "full" else [],
            "itemsView": view,
            "status": self.status if ended or live else "interrupted",
            "error": {"message": "it failed"} if self.status == "failed" else None,
            "startedAt": self.started_at_s,
            "completedAt": self.completed_at_s,
            "durationMs": None,
        }


@dataclass(slots=True)
class Thread:
    """One thread."""

    thread_id: str
    created_at_s: int
    updated_at_s: int
    turns: list[Turn] = field(default_factory=list)
    archived: bool = False

    def as_json(self, loaded: bool) -> Json:
        return {
            "id": self.thread_id,
            "preview": "hi",
            "cwd": "/tmp",
            "createdAt": self.created_at_s,
            "updatedAt": self.updated_at_s,
            "status": {"type": "idle" if loaded else "notLoaded"},
        }


@dataclass(slots=True)
class Home:
    """Account, threads and writer locks."""

    account: str | None = "chatgpt"
    calls_back: bool = True
    """This version says `account/updated` at its start."""
    calls_early: bool = False
    """It says so even before it has answered the greeting."""
    mute: set[str] = field(default_factory=set)
    """Methods that no process answers now."""
    deaf: bool = False
    """No process reads its stdin now."""
    stubborn: bool = False
    """No process ends when it is asked to."""
    threads: dict[str, Thread] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    """Threads that some other process has open."""
    numbers: int = 0
    broken: bool = False
    """The binary is missing."""
    dies_early: int = 0
    """So many of the next processes end right after their start."""
    login_ends: str = "account"
    """How the next login ends: `account`, `announced` (no account behind it), `failed`, `never`."""

    def next_id(self, word: str) -> str:
        self.numbers += 1
        return f"{word}{self.numbers}"

    def is_held(self, thread_id: str) -> bool:
        return thread_id in self.held

    def new_thread(self, at_s: int) -> Thread:
        thread = Thread(self.next_id("th"), at_s, at_s)
        self.threads[thread.thread_id] = thread
        return thread

    def account_json(self) -> Json:
        account = None
        if self.account is not None:
            account = {"type": self.account, "email": "a@b.c", "planType": "pro"}
        return {"account": account, "requiresOpenaiAuth": True}

    def list(self, params: Json, loaded: set[str]) -> Json:
        shown = [thread for thread in self.threads.values() if thread.turns and thread.archived == params["archived"]]
        shown.sort(key=lambda thread: (thread.updated_at_s, thread.thread_id), reverse=True)
        return _page([thread.as_json(thread.thread_id in loaded) for thread in shown], params, 25)

    def turns(self, params: Json, live: str | None) -> Json | None:
        """None: there is no such thread, or none with turns."""
        thread = self.threads.get(params["threadId"])
        if thread is None or not thread.turns:
            return None
        view = params["itemsView"]
        return _page([turn.as_json(view, turn.turn_id == live) for turn in thread.turns], params, 25)


def _page(entries: list[Json], params: Json, default: int) -> Json:
    start = int(params.get("cursor") or 0)
    end = start + (params.get("limit") or default)
    return {"data": entries[start:end], "nextCursor": str(end) if end < len(entries) else None}
