"""Performing scripted turns: the shell around the generators of `scripted_turns.py`.

Holds the turns in progress and the questions that wait for the client. Every step of a turn is performed here: written,
waited for, asked, or done to the process.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from chaos import scripted_frames as frames
from chaos.scripted_account import Account
from chaos.scripted_clock import Clock, Ids
from chaos.scripted_faults import FAULTS
from chaos.scripted_frames import Json
from chaos.scripted_loop import BACKLOG_BYTES_MAX, Loop
from chaos.scripted_scenarios import SCENARIOS
from chaos.scripted_threads import Thread
from chaos.scripted_turns import Act, Answer, Ask, End, Note, Pause, Play, Raw, Turn, ending, play, steered

NOTES_PER_ROUND = 256
"""A turn that sends more than this gives stdin and other turns a chance in between."""


@dataclass(slots=True)
class Running:
    """A turn in progress: its generator, and the request it waits for."""

    turn: Turn
    steps: Play
    request_id: int | None = None
    method: str = ""
    """Of that request."""


class Player:
    """Turns in progress of one process. `notify` sends a notification unless the client opted out of it."""

    def __init__(
        self, loop: Loop, account: Account, clock: Clock, ids: Ids, notify: Callable[[str, Json], None]
    ) -> None:
        self._loop, self._account, self._clock, self._ids, self._notify = loop, account, clock, ids, notify
        self._running: dict[str, Running] = {}
        self._asked: dict[int, Running] = {}
        self._next_request_id = 0
        self._scenarios = SCENARIOS | FAULTS

    @property
    def live(self) -> frozenset[str]:
        """Ids of the turns in progress."""
        return frozenset(self._running)

    def start(self, thread: Thread, prompt: str, retries: int) -> tuple[str, Callable[[], None]]:
        """A new turn: its id, and what starts it once the reply was sent."""
        now_ms, turn_id = self._clock(), self._ids()
        turn = Turn(
            thread=thread,
            turn_id=turn_id,
            prompt=prompt,
            now_ms=self._clock,
            new_id=self._ids,
            auth_mode=lambda: self._account.mode,
            account_id=self._account.identity.account_id,
            retries=retries,
            began_ms=now_ms,
        )
        running = self._running[turn_id] = Running(turn, play(turn, self._scenarios))
        thread.begin(turn_id, now_ms)
        return turn_id, lambda: self._loop.later(0, lambda: self._advance(running, None, running.steps))

    def steer(self, turn_id: str, prompt: str) -> None:
        """One more user message for a turn in progress: it takes over from what was being said."""
        running = self._running.get(turn_id)
        if running is not None:
            running.steps.close()
            running.steps = steered(running.turn, prompt, self._scenarios)
            self._advance(running, None, running.steps)

    def interrupt(self, turn_id: str) -> Callable[[], None] | None:
        """Stop a turn; what is left to send after the reply. None when no such turn runs."""
        running = self._running.get(turn_id)
        if running is None:
            return None
        running.steps.close()
        # A turn that waits for a decision has had its model call; any other is cut in the middle of one.
        waiting = running.request_id is not None and running.method.startswith("item/")
        for note in running.turn.usage() if waiting else running.turn.limits():
            self._send(running, note)

        def after() -> None:
            self._end(running, End("interrupted"))
            if running.request_id is not None:
                self._resolved(running)

        return after

    def answered(self, request_id: object, answer: Answer) -> bool:
        """The client answered a server request; False when nobody asked."""
        running = self._asked.get(request_id) if isinstance(request_id, int) else None
        if running is None:
            return False
        if running.method.startswith("item/"):
            self._resolved(running)
        else:
            # No serverRequest/resolved after a token refresh: it belongs to no thread.
            self._forget(running)
            if answer.error is None:
                self._account.refreshed(answer.result)
        self._advance(running, answer, running.steps)
        return True

    def abort_all(self) -> None:
        """The process leaves: the rollout of each turn in progress ends `turn_aborted`, nothing is sent."""
        for running in self._running.values():
            turn = running.turn
            turn.thread.end(turn.turn_id, "interrupted", None, turn.began_ms, self._clock())
        self._running.clear()

    def die(self, code: int) -> NoReturn:
        """Leave at once, by exit code or (below 0) by SIGKILL, after writing what was queued."""
        self._loop.flush()
        if code < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        os._exit(code)

    def _advance(self, running: Running, answer: Answer | None, steps: Play) -> None:
        """Perform steps until the turn waits or ends; nothing when it was interrupted or steered meanwhile."""
        if running.turn.turn_id not in self._running or running.steps is not steps:
            return
        sent = 0
        while True:
            try:
                step = steps.send(answer)
            except StopIteration as stop:
                self._end(running, stop.value)
                return
            answer = None
            match step:
                case Note():
                    self._send(running, step)
                    sent += 1
                    if sent >= NOTES_PER_ROUND:
                        self._loop.later(0, lambda: self._advance(running, None, steps))
                        return
                case Raw():
                    self._loop.send(step.data)
                    if self._loop.backlog >= BACKLOG_BYTES_MAX:
                        self._loop.when_drained(lambda: self._advance(running, None, steps))
                        return
                case Pause():
                    self._loop.later(step.wait_ms, lambda: self._advance(running, None, steps))
                    return
                case Ask():
                    self._ask(running, step)
                    return
                case Act():
                    answer = self._act(step)

    def _send(self, running: Running, note: Note) -> None:
        thread = running.turn.thread
        if note.method == "item/completed":
            # On disk before it is told, as upstream: 10 of 10 times at turn/completed.
            thread.keep(running.turn.turn_id, dict(note.params["item"]), self._clock())
        elif note.method == "thread/status/changed":
            thread.status = note.params["status"]
        self._notify(note.method, note.params)

    def _ask(self, running: Running, step: Ask) -> None:
        running.request_id, running.method = self._next_request_id, step.method
        self._next_request_id += 1
        self._asked[running.request_id] = running
        self._loop.send(frames.request(running.request_id, step.method, step.params))

    def _forget(self, running: Running) -> int:
        request_id, running.request_id = running.request_id, None
        assert request_id is not None
        del self._asked[request_id]
        return request_id

    def _resolved(self, running: Running) -> None:
        request_id = self._forget(running)
        params = {"threadId": running.turn.thread.thread_id, "requestId": request_id}
        self._notify("serverRequest/resolved", params)

    def _act(self, step: Act) -> Answer | None:
        if step.what == "die":
            self.die(step.number)
        if step.what == "hang":
            self._loop.freeze()
        return Answer(result=leave_orphan(step.number))

    def _end(self, running: Running, end: End) -> None:
        turn = running.turn
        del self._running[turn.turn_id]
        if end.status != "interrupted":
            # Stays at the first turn nobody has read.
            turn.thread.first_unread = turn.thread.first_unread or {"type": "turn", "turnId": turn.turn_id}
            turn.thread.revision = self._ids()
        turn.thread.end(turn.turn_id, end.status, end.error, turn.began_ms, self._clock())
        for note in ending(turn, end):
            self._send(running, note)


def leave_orphan(seconds: int) -> int:
    """Pid of a grandchild in its own session, which no signal to our process group reaches; it ends after `seconds`.

    It keeps none of our pipes: upstream's background commands do not hold stdout open either.
    """
    null = os.devnull
    quiet = [(os.POSIX_SPAWN_OPEN, fd, null, os.O_RDWR, 0) for fd in (0, 1, 2)]
    return os.posix_spawnp("sleep", ["sleep", str(seconds)], os.environ, file_actions=quiet, setsid=True)
