"""The app-server's questions that wait for a person: each gets exactly one answer line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from actors.wire.approvals import Decision, answer, decline, for_person
from actors.wire.frames import Id, ServerRequest

Outcome = Literal["accept", "acceptForSession", "decline", "cancel", "timed_out", "overflow", "not_offered", "closed"]


@dataclass(frozen=True, slots=True)
class Held:
    """The question waits."""

    request: ServerRequest
    due_ms: int


@dataclass(frozen=True, slots=True)
class Repeated:
    """The same question came again while the first waits; one answer will do for both."""

    id: Id


@dataclass(frozen=True, slots=True)
class Answered:
    """Write `line` now: it is the one answer to `request`."""

    request: ServerRequest
    outcome: Outcome
    line: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NotAsked:
    """Nothing waits under this id: answered already, withdrawn by upstream, or never asked. Write nothing."""

    id: Id


class Asked:
    """Open questions of one process generation, at most `approvals_max`; over that the newest is declined at once.

    Upstream's ids start at 0, may be strings, and start again with a new process: make a new table for it.
    """

    def __init__(self, approvals_max: int) -> None:
        assert approvals_max >= 1, approvals_max
        self._max = approvals_max
        self._held: dict[Id, Held] = {}

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, request_id: Id) -> bool:
        return request_id in self._held

    def add(self, request: ServerRequest, now_ms: int, deadline_ms: int) -> Held | Repeated | Answered:
        """Keep a question for `deadline_ms`; answer it at once when it is none for a person or there are too many."""
        if request.id in self._held:
            return Repeated(request.id)
        if not for_person(request.method):
            return _declined(request, "not_offered")
        if len(self._held) >= self._max:
            return _declined(request, "overflow")
        held = Held(request, now_ms + deadline_ms)
        self._held[request.id] = held
        return held

    def answer(self, request_id: Id, decision: Decision) -> Answered | NotAsked:
        """The answer line, once; `NotAsked` from then on."""
        held = self._held.pop(request_id, None)
        if held is None:
            return NotAsked(request_id)
        request = held.request
        return Answered(request, decision, answer(request.method, request.id, decision, request.params))

    def withdraw(self, request_id: Id) -> ServerRequest | None:
        """Upstream needs no answer any more (`serverRequest/resolved`); None when nothing waited under this id.

        It also says so after our own answer, and after `turn/interrupt` without one (codex 0.169).
        """
        held = self._held.pop(request_id, None)
        return None if held is None else held.request

    def expire(self, now_ms: int) -> tuple[Answered, ...]:
        """Declines of those whose deadline is here, oldest first."""
        due = [held.request for held in self._held.values() if held.due_ms <= now_ms]
        for request in due:
            del self._held[request.id]
        return tuple(_declined(request, "timed_out") for request in due)

    def close_all(self) -> tuple[Answered, ...]:
        """Declines of all that wait: write them if the process still reads, tell people in any case."""
        closed = tuple(_declined(held.request, "closed") for held in self._held.values())
        self._held.clear()
        return closed


def _declined(request: ServerRequest, outcome: Outcome) -> Answered:
    return Answered(request, outcome, decline(request.method, request.id, request.params))
