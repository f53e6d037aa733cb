"""A small world around catching up: an app-server with a history, and an ingest that keeps what it is handed.

`World.run()` carries messages until nothing moves. Threads and turns are plain data that a test may change at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from actors.machines.catchup import Catchup, Failed, Road
from actors.machines.effects import Ask, Effects, Send
from actors.machines.standing import Now
from messages.calls import CallDone, ThreadSnapshotWanted
from messages.pulls import KeepPulled, PositionsTold, PositionsWanted, PulledKept, PullPosition
from messages.records import KeepAudit
from messages.settings import Limits, Timing

TIMING = Timing(catchup_interval_ms=1_000, resend_ms=200)
START_S = 1_000


def item(item_id: str, text: str = "x") -> dict[str, Any]:
    return {"type": "agentMessage", "id": item_id, "text": text, "startedAtMs": 1, "completedAtMs": 2}


def turn(turn_id: str, status: str = "completed", *, items: int = 1, text: str = "x", end: bool = True) -> Any:
    made = [item(f"i{number}", text) for number in range(items)]
    times = {"startedAt": START_S, "completedAt": START_S + 1 if end else None, "durationMs": 5 if end else None}
    return {"id": turn_id, "items": made, "itemsView": "full", "status": status, "error": None, **times}


@dataclass
class Thread:
    thread_id: str
    turns: list[dict[str, Any]] = field(default_factory=list)
    updated_at_s: int = START_S
    loaded: bool = False
    archived: bool = False
    refuses: bool = False

    def as_listed(self) -> dict[str, Any]:
        status = {"type": "idle" if self.loaded else "notLoaded"}
        return {"id": self.thread_id, "updatedAt": self.updated_at_s, "status": status, "preview": "hi"}


class World:
    """One machine and everybody it talks to."""

    def __init__(self, *threads: Thread, **limits: int) -> None:
        self.threads = {thread.thread_id: thread for thread in threads}
        self.held: Callable[[str], bool | None] = lambda _: False
        self.machine = Catchup(Limits(**limits), TIMING, lambda thread_id: self.held(thread_id))
        self.now = Now(mono=0, wall=(START_S + 100) * 1000)
        self.road = Road(free=True, settled_seq=10)
        self.line_bytes_max = 1 << 20
        self.seq = 10
        self.asked: list[Ask] = []
        self.handed: list[KeepPulled] = []
        self.notes: list[str] = []
        self.done: list[tuple[str, bool, str]] = []
        """Commands that were answered: which, whether it did, and what it said."""
        self.positions: dict[str, PullPosition] = {}
        self.queue: list[Any] = []
        self.away = False
        """Ingest does not answer."""
        self.stuck = False
        """The app-server does not answer."""

    def start(self, generation: int = 1) -> World:
        self.do(self.machine.spoke(generation, self.now, self.road))
        return self.run()

    def do(self, effects: Effects) -> None:
        self.queue += effects

    def run(self) -> World:
        """Until nothing moves."""
        while self.queue:
            self.step()
        return self

    def step(self) -> None:
        """One message to where it goes, and the answer back."""
        effect = self.queue.pop(0)
        if isinstance(effect, Ask):
            self.asked.append(effect)
            if not self.stuck:
                self._upstream(effect)
        elif isinstance(effect, Send) and isinstance(effect.message, CallDone):
            self.done.append((effect.message.command_id, effect.message.ok, effect.message.text))
        elif isinstance(effect, Send) and isinstance(effect.message, KeepAudit):
            self.notes += [note.kind for note in effect.message.notes]
        elif isinstance(effect, Send) and not self.away:
            self._ingest(effect.message)

    def later(self, ms: int = 1_000) -> World:
        self.now = Now(self.now.mono + ms, self.now.wall + ms)
        self.do(self.machine.tick(self.now, self.road))
        return self.run()

    def want(self, thread_id: str, command_id: str = "c1") -> World:
        """Somebody wants this thread read again."""
        wanted = ThreadSnapshotWanted(command_id=command_id, thread_id=thread_id)
        self.do(self.machine.snapshot(wanted, self.now, self.road))
        return self.run()

    def settle(self) -> World:
        self.road = Road(free=True, settled_seq=self.seq)
        return self.later(0)

    def _upstream(self, ask: Ask) -> None:
        lines = {"thread/list": self._list, "thread/turns/list": self._turns}
        result = lines[ask.call](dict(ask.params))
        self.seq += 1
        size = len(str(result))
        if result is None:
            self.do(self.machine.failed(Failed(ask.tag, "refused", "no"), self.now, self.road))
        elif size > self.line_bytes_max:
            self.do(self.machine.line_lost(self.now, self.road))
        else:
            self.do(self.machine.answered(ask.tag, result, size, self.seq, self.now, self.road))

    def _list(self, params: dict[str, Any]) -> dict[str, Any]:
        shown = [thread for thread in self.threads.values() if thread.archived == params["archived"]]
        shown.sort(key=lambda thread: (thread.updated_at_s, thread.thread_id), reverse=True)
        return _page([thread.as_listed() for thread in shown], params)

    def _turns(self, params: dict[str, Any]) -> dict[str, Any] | None:
        thread = self.threads[params["thread_id"]]
        cursor = params["cursor"]
        if thread.refuses or (cursor is not None and int(cursor) > len(thread.turns)):
            return None
        view = {} if params["items"] else {"items": [], "itemsView": "notLoaded"}
        return _page([{**each, **view} for each in thread.turns], params)

    def _ingest(self, message: Any) -> None:
        if isinstance(message, PositionsWanted):
            found = tuple(self.positions[name] for name in message.session_ids if name in self.positions)
            told = PositionsTold(generation=message.generation, n=message.n, positions=found)
            self.do(self.machine.told(told, self.now, self.road))
            return
        assert isinstance(message, KeepPulled)
        if not self.handed or (message.generation, message.n) != (self.handed[-1].generation, self.handed[-1].n):
            self.handed.append(message)
            self.positions.update({each.session_id: each for each in message.positions})
            self.notes += [note.kind for note in message.audit]
        kept = PulledKept(generation=message.generation, n=message.n)
        self.do(self.machine.kept(kept, self.now, self.road))

    # What came of it.

    @property
    def turns(self) -> list[tuple[str, str, str | None]]:
        """Session, turn and status of what was handed over, in order."""
        return [(each.session_id, each.turn_id, each.status) for message in self.handed for each in message.turns]

    @property
    def calls(self) -> list[str]:
        """What was asked since this was last looked at."""
        asked, self.asked = self.asked, []
        return [ask.call.rpartition("/")[0].rpartition("/")[2] + ":" + ask.call.rpartition("/")[2] for ask in asked]


def _page(entries: list[Any], params: dict[str, Any]) -> dict[str, Any]:
    start = int(params["cursor"] or 0)
    end = start + params["limit"]
    return {"data": entries[start:end], "nextCursor": str(end) if end < len(entries) else None}
