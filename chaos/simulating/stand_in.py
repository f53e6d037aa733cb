"""Stands for `actors/appserver.py`: one process of the app-server and its pipes, as the sidecar meets them.

What it says is in `speech.py`; what it keeps is in `home.py`. It notes every answer that it gets to its questions.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, Any

import orjson

from actors.appserver import NotReading, NotStarted
from chaos.simulating.speech import Speech
from messages.settings import Limits, SidecarSettings

if TYPE_CHECKING:
    from chaos.simulating.world import World

PIPE_BYTES = 64 * 1024
POLITE_US, DEAD_US = 20_000, 1_000


class StandIn:
    """One process. It lives until something ends it."""

    def __init__(self, world: World, _settings: SidecarSettings, limits: Limits) -> None:
        if world.home.broken:
            raise NotStarted("there is no codex binary: give its path with --codex")
        self.world = world
        self.limits = limits
        self.number = world.processes_started = world.processes_started + 1
        self.pid = 10_000 + self.number
        self.created_at = 1.0
        self.stdout_open = True
        self.chunks: deque[bytes] = deque()
        self.waiting_bytes = 0
        self.lines_read = 0
        self.code: int | None = None
        self.signalled: int | None = None
        self.exited = False
        self.reaped = False
        self.closing = False
        self.stalled = False
        self.stalled_ticks = 0
        self.unheard: deque[bytes] = deque()
        self.asked: dict[Any, str] = {}
        """Its questions, by id, and their method."""
        self.asks: Counter[Any] = Counter()
        """How often it asked each of them: upstream repeats none, but who knows."""
        self.answers: Counter[Any] = Counter()
        self.withdrawn: set[Any] = set()
        self.speech = Speech(self)
        if world.home.dies_early:
            world.home.dies_early -= 1
            world.after((400, 1_500, 5_000, 30_000)[world.chance.below(4)], self.crash, 101)

    # Its pipes, as the sidecar uses them.

    @property
    def exit_fd(self) -> int:
        return self.number * 4 + 2

    def watched(self, reading: bool) -> list[int]:
        watched = [self.number * 4] if self.stdout_open and reading else []
        return watched if self.reaped else [*watched, self.exit_fd]

    def ready(self, descriptors: list[int]) -> list[int]:
        """Which of these have something to say."""
        readable = bool(self.chunks) or self.exited
        return [
            each
            for each in descriptors
            if (each == self.number * 4 and readable) or (each == self.exit_fd and self.exited)
        ]

    def read(self) -> bytes | None:
        if not self.stdout_open:
            return b""
        if not self.chunks:
            if not self.exited:
                return None
            self.stdout_open = False
            return b""
        taken, size = [], 0
        while self.chunks and size < self.limits.read_bytes_max:
            chunk = self.chunks.popleft()
            room = self.limits.read_bytes_max - size
            if len(chunk) > room:
                self.chunks.appendleft(chunk[room:])
                chunk = chunk[:room]
            taken.append(chunk)
            size += len(chunk)
        self.waiting_bytes -= size
        data = b"".join(taken)
        self.lines_read += data.count(b"\n")
        return data

    def read_stderr(self) -> None:
        """It writes nothing there."""

    def stderr_tail(self) -> str:
        return "" if self.code in (0, None) else "panicked"

    def write(self, line: bytes) -> None:
        if self.world.home.deaf:
            raise NotReading
        if self.exited or self.closing:
            return
        if self.stalled:
            self.unheard.append(line)
        else:
            self.world.after(self.world.chance.between(200, 1_500), self._hear, line)

    def flush(self) -> None:
        """Nothing waits."""

    def close_stdin(self) -> None:
        if not self.closing:
            self.closing = True
            if not self.stalled and not self.world.home.stubborn:
                self.world.after(POLITE_US, self.exit, 0, None)

    def signal(self, name: str) -> None:
        if name == "KILL":
            self.world.after(DEAD_US, self.exit, None, 9)
        elif not self.stalled and not self.world.home.stubborn:
            self.world.after(POLITE_US, self.exit, None, 15)

    def ended(self) -> bool:
        self.reaped = self.reaped or self.exited
        return self.exited

    def outcome(self) -> tuple[int | None, int | None]:
        return self.code, self.signalled

    def release(self) -> None:
        """The descriptors are given back."""
        self.stdout_open = False

    # What happens to it.

    def say(self, message: dict[str, Any]) -> None:
        """One line on stdout."""
        self.put(orjson.dumps(message) + b"\n")

    def put(self, line: bytes) -> None:
        if self.exited:
            return
        self.chunks.append(line)
        self.waiting_bytes += len(line)
        self.world.child_spoke(self)

    @property
    def full(self) -> bool:
        """Its stdout takes no more: it waits."""
        return self.waiting_bytes >= PIPE_BYTES

    def _hear(self, line: bytes) -> None:
        if self.stalled:
            self.unheard.append(line)
            return
        if self.exited:
            return
        message = orjson.loads(line)
        if "method" not in message:
            self._answered(message)
        elif "id" not in message:
            self.speech.notified(message["method"])
        elif message["method"] not in self.world.home.mute:
            self.speech.requested(message["id"], message["method"], message.get("params") or {})

    def _answered(self, message: dict[str, Any]) -> None:
        number = message["id"]
        self.answers[number] += 1
        self.world.checks.answered(self, number, message)
        if self.answers[number] == 1:
            self.speech.decided(number, message)

    def stall(self) -> None:
        """SIGSTOP: it neither reads nor writes."""
        self.stalled = True

    def resume(self) -> None:
        """SIGCONT."""
        if not self.stalled:
            return
        self.stalled = False
        while self.unheard:
            self.world.after(self.world.chance.between(200, 1_500), self._hear, self.unheard.popleft())
        if self.closing:
            self.world.after(POLITE_US, self.exit, 0, None)

    def crash(self, code: int = 1) -> None:
        """It ends by itself, unasked, perhaps in the middle of a line."""
        if not self.exited and self.world.chance.one_in(3):
            torn = b'{"method":"item/agentMessage/delta","params":{"thre'
            self.chunks.append(torn)
            self.waiting_bytes += len(torn)
            self.lines_read += 1  # the splitter gives it as a line of its own
        self.exit(code, None)

    def exit(self, code: int | None, signalled: int | None) -> None:
        if self.exited:
            return
        self.exited = True
        self.code, self.signalled = code, signalled
        self.speech.over()
        self.world.child_spoke(self)

    def lost(self) -> None:
        """Its owner died, and it with it; nobody reads what is left."""
        self.exit(None, 9)
        self.chunks.clear()
