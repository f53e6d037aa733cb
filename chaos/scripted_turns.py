"""How a scripted turn is told: its steps, what every turn begins and ends with, one agent message.

Pure. A scenario is a generator of steps; the player performs them (writes, waits, asks) and sends an answer back in.
So one thread of execution plays any number of turns at once, and turn/interrupt is closing a generator. The scenarios
themselves are in `scripted_scenarios.py` and `scripted_faults.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field

from chaos import scripts
from chaos.scripted_frames import (
    Json,
    agent_message,
    rate_limits,
    token_usage,
    turn_object,
    user_message,
)
from chaos.scripted_threads import Thread
from chaos.scripts import Scenario


@dataclass(frozen=True, slots=True)
class Note:
    """Send a notification."""

    method: str
    params: Json


@dataclass(frozen=True, slots=True)
class Raw:
    """Send these bytes as they are, and go on when the pipe has taken them."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Pause:
    """Go on after this time."""

    wait_ms: int


@dataclass(frozen=True, slots=True)
class Ask:
    """Send a server request and go on with the client's Answer; waits without limit, as the real program does."""

    method: str
    params: Json


@dataclass(frozen=True, slots=True)
class Act:
    """Do something to the process itself: `die`, `hang`, `orphan`."""

    what: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for an Ask (or an Act): a result, or an error object."""

    result: object = None
    error: Json | None = None


Step = Note | Raw | Pause | Ask | Act


@dataclass(frozen=True, slots=True)
class End:
    """How a turn ended."""

    status: str = "completed"
    error: Json | None = None


Play = Generator[Step, Answer | None, End]
Part = Generator[Step, Answer | None, None]


@dataclass(slots=True)
class Turn:
    """A turn being played."""

    thread: Thread
    turn_id: str
    prompt: str
    now_ms: Callable[[], int]
    new_id: Callable[[], str]
    auth_mode: Callable[[], str | None]
    """The login in force: `refresh` and expired logins depend on it."""
    account_id: str
    retries: int
    """config.toml's stream_max_retries: how often a cut or refused model call is tried again."""
    began_ms: int = 0
    messages: int = 0
    summary: list[Json] = field(default_factory=list)
    """The last agent message: all that turn/completed repeats."""

    @property
    def ids(self) -> Json:
        return {"threadId": self.thread.thread_id, "turnId": self.turn_id}

    def started(self, item: Json, started_ms: int | None = None) -> Note:
        at_ms = started_ms or self.now_ms()
        item |= {"startedAtMs": at_ms, "completedAtMs": None}
        return Note("item/started", {"item": dict(item), **self.ids, "startedAtMs": at_ms})

    def completed(self, item: Json) -> Note:
        """Completes an item that was started: it keeps its startedAtMs."""
        at_ms = self.now_ms()
        item["completedAtMs"] = at_ms
        params = {"item": item, **self.ids, "contentTokenCount": None, "completedAtMs": at_ms}
        return Note("item/completed", params)

    def delta(self, item_id: str, text: str) -> Note:
        return Note("item/agentMessage/delta", {**self.ids, "itemId": item_id, "delta": text})

    def status(self, kind: str, *flags: str) -> Note:
        status: Json = {"type": kind, "activeFlags": list(flags)} if kind == "active" else {"type": kind}
        return Note("thread/status/changed", {"threadId": self.thread.thread_id, "status": status})

    def next_message_id(self) -> str:
        # Counted per turn on purpose: upstream ids of messages are not unique across turns.
        self.messages += 1
        return f"msg_{self.messages}"

    def usage(self) -> list[Note]:
        """One model call has ended well."""
        self.thread.model_calls += 1
        return self.limits()

    def limits(self) -> list[Note]:
        """A model call has ended somehow; the token usage is repeated only when the thread has any."""
        notes = [Note("account/rateLimits/updated", {"rateLimits": rate_limits(None)})]
        if self.thread.model_calls:
            usage = {**self.ids, "tokenUsage": token_usage(self.thread.model_calls)}
            notes.insert(0, Note("thread/tokenUsage/updated", usage))
        return notes


def play(turn: Turn, scenarios: Mapping[str, Callable[[Turn, Scenario], Play]]) -> Play:
    """The whole turn, from `active` to the last usage; an unknown scenario is `plain`. The ending is `ending`."""
    yield turn.status("active")
    running = turn_object(turn.turn_id, started_at_s=turn.began_ms // 1000)
    yield Note("turn/started", {"threadId": turn.thread.thread_id, "turn": running})
    return (yield from said(turn, turn.prompt, scenarios))


def said(turn: Turn, prompt: str, scenarios: Mapping[str, Callable[[Turn, Scenario], Play]]) -> Play:
    """One user message and what the model makes of it: the body of a turn, and of each steer."""
    item = user_message(turn.new_id(), prompt)
    yield turn.started(item)
    yield turn.completed(item)
    scenario = scripts.scenario_of(prompt)
    return (yield from scenarios.get(scenario.name, scenarios["plain"])(turn, scenario))


def steered(turn: Turn, prompt: str, scenarios: Mapping[str, Callable[[Turn, Scenario], Play]]) -> Play:
    """What follows a turn/start during a turn: the open model call ends unheard, its item is never completed."""
    yield from turn.limits()
    turn.messages = 0
    return (yield from said(turn, prompt, scenarios))


def ending(turn: Turn, end: End) -> list[Note]:
    """The notifications that end a turn; the thread has already been told (`Thread.end`)."""
    thread_id = turn.thread.thread_id
    stored = turn.thread.turn(turn.turn_id)
    notes = []
    if end.status == "failed":
        notes += [turn.status("systemError"), Note("error", {"error": end.error, "willRetry": False, **turn.ids})]
    if end.status != "interrupted":
        notes.append(Note("thread/readState/changed", {"threadId": thread_id, "readState": turn.thread.read_state()}))
    if end.status != "failed":
        notes.append(turn.status("idle"))
    summary = turn.summary if end.status == "completed" else []
    final = turn_object(
        turn.turn_id,
        items=summary,
        items_view="summary" if summary else "notLoaded",
        status=end.status,
        turn_error=end.error,
        started_at_s=stored.started_at_s,
        completed_at_s=stored.completed_at_s,
        duration_ms=stored.duration_ms,
    )
    return [*notes, Note("turn/completed", {"threadId": thread_id, "turn": final})]


def message(turn: Turn, deltas: list[str], *, pause_ms: int = 0) -> Part:
    """One agent message, start to end, with its usage."""
    item = agent_message(turn.next_message_id(), "")
    yield turn.started(item)
    for text in deltas:
        if pause_ms:
            yield Pause(pause_ms)
        yield turn.delta(item["id"], text)
    item["text"] = "".join(deltas)
    turn.summary = [item]
    yield turn.completed(item)
    yield from turn.usage()
