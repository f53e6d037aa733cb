"""The root's side of the gateway: it is started, asked for signs of life, started anew when it ends, and told to end.

The root loop owns it: nothing here blocks, except `end`, which waits a bounded time at the very end.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections import Counter, deque
from typing import Any, NamedTuple

from actors import lifeline
from actors.machines.restarts import CrashLoop, RestartWindow, after_exit
from hybrid_capture.frames import BLOB_BYTES_MAX, READ_BYTES, FrameBroken, Frames, Said, frame_of
from hybrid_capture.pulse import Pulse
from messages.settings import Limits, Timing

FRAMES_MAX = 4_096
"""Frames that wait for a gateway that reads nothing. Over: it hangs, and is ended."""
EVENTS_MAX = 1_000
"""Events for renderers among them. Over: newest win, the gap is counted and told."""
END_S = 0.6
"""What it is given to tell everybody who waits to come again."""


class Waiting(NamedTuple):
    """A frame on its way."""

    frame: bytes
    dropped_for: tuple[str, ...] = ()
    """Who misses it when it gives way; nobody: it does not."""


class GatewayProcess:
    """One gateway at a time. `number` counts its starts."""

    def __init__(
        self, listener: int, state_dir: str, token: str, panel_token: str, limits: Limits, timing: Timing
    ) -> None:
        self._listener = listener
        self._state_dir = state_dir
        tokens = {"token": token, "panel_token": panel_token}
        host = os.getppid()
        self._start: dict[str, Any] = {
            **tokens, "limits": limits.model_dump(), "timing": timing.model_dump(), "host": host,
            "host_created": lifeline.created_at(host),
        }  # fmt: skip
        self._timing = timing
        self._window = RestartWindow()
        self._again_s: float | None = None
        self._link: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._waiting: deque[Waiting] = deque()
        self._sent = 0
        self._events = 0
        """Of what waits: events, which may give way."""
        self._missed: Counter[str] = Counter()
        """Events that gave way, by client."""
        self.clients: set[str] = set()
        """Renderers that came through this gateway, by its own names for them."""
        self.number = 0
        self.trouble = ""
        """Why there is no gateway now."""

    def start(self) -> None:
        """Start one. It gets a session of its own: whoever takes the tree's session along spares it."""
        self.number += 1
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            self._process = subprocess.Popen(
                [
                    sys.executable, "-m", "hybrid_capture.gateway", "--link", str(theirs.fileno()),
                    "--http", str(self._listener), "--state-dir", self._state_dir,
                ],
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), self._listener),
                start_new_session=True,
            )  # fmt: skip
        self._link, self._frames, self._again_s, self.trouble = ours, Frames(), None, ""
        self._waiting.clear()
        self._missed.clear()
        self.clients.clear()
        self._sent = self._events = 0
        # Until its first word it imports, which takes as long as the machine is busy.
        self._pulse = Pulse(self._timing.ping_interval_ms / 1000, self._timing.start_deadline_ms / 1000)
        self._greeted = False
        self.tell("start", **self._start)

    @property
    def descriptor(self) -> int | None:
        """Of the link, to watch; None while there is no gateway."""
        return None if self._link is None else self._link.fileno()

    @property
    def busy(self) -> bool:
        """Something waits to be sent: come back soon."""
        return bool(self._waiting)

    @property
    def identity(self) -> tuple[int, float]:
        """Pid and creation time."""
        assert self._process is not None
        return self._process.pid, lifeline.created_at(self._process.pid)

    def read(self) -> list[Said] | None:
        """What it says; None when it is gone."""
        assert self._link is not None
        try:
            chunk = self._link.recv(READ_BYTES)
            said = self._frames.feed(chunk)
        except BlockingIOError:
            return []
        except (OSError, FrameBroken):
            return None
        for each in said:
            if each.op == "pong":
                self._heard()
        return said if chunk else None

    def _heard(self) -> None:
        if not self._greeted:
            self._greeted = True
            self._pulse = Pulse(self._timing.ping_interval_ms / 1000, self._timing.ping_deadline_ms / 1000)
        self._pulse.heard()

    def tell(self, op: str, blob: bytes = b"", **fields: Any) -> None:
        """Say something, in order, as soon as it takes it."""
        if self._link is None:
            return
        if len(self._waiting) >= FRAMES_MAX:
            self.kill()
            return
        self._waiting.append(Waiting(frame_of(op, blob, **fields)))
        self.flush()

    def tell_clients(self, clients: tuple[str, ...], body: bytes, droppable: bool) -> None:
        """An answer or an event for these renderers. Of events too many for the link the newest win, and each renderer
        is told how many it missed. So it is with an event that the link cannot carry: live text is as long as what the
        app-server writes at once."""
        if droppable and len(body) > BLOB_BYTES_MAX:
            self._missed.update(clients)
            return
        if droppable and self._events >= EVENTS_MAX:
            self._drop_oldest()
        if self._link is None:
            return
        if len(self._waiting) >= FRAMES_MAX:
            self.kill()
            return
        frame = frame_of("told", body, clients=list(clients), droppable=droppable)
        self._waiting.append(Waiting(frame, clients if droppable else ()))
        self._events += droppable
        self.flush()

    def _drop_oldest(self) -> None:
        for place in range(1 if self._sent else 0, len(self._waiting)):
            if self._waiting[place].dropped_for:
                self._missed.update(self._waiting[place].dropped_for)
                del self._waiting[place]
                self._events -= 1
                return

    def flush(self) -> None:
        """Send what fits. A link that is broken is found out by reading."""
        try:
            while self._waiting and self._link is not None:
                self._sent += self._link.send(memoryview(self._waiting[0].frame)[self._sent :])
                if self._sent == len(self._waiting[0].frame):
                    self._events -= bool(self._waiting.popleft().dropped_for)
                    self._sent = 0
                    if self._missed and not self._events:
                        self._waiting.append(Waiting(frame_of("missed", missed=dict(self._missed))))
                        self._missed.clear()
        except BlockingIOError:
            return
        except OSError:
            self._waiting.clear()

    def gone(self, now_ms: int) -> None:
        """It ended: the next one is due at once, later, or, after too many, never."""
        self.kill()
        if self._link is not None:
            self._link.close()
            self._link = None
        self._window, decision = after_exit(self._window, now_ms, self._timing, 0)
        if isinstance(decision, CrashLoop):
            self.trouble = f"the gateway ended {decision.restarts + 1} times within a minute and was given up"
        else:
            self.trouble = "the gateway ended and is started again"
            self._again_s = now_ms / 1000 + decision.after_ms / 1000

    def due(self, now_s: float) -> bool:
        """Whether to start one now."""
        return self._again_s is not None and now_s >= self._again_s

    def look_after(self, now_s: float) -> None:
        """Ask for a sign of life; a gateway that gives none is killed, and its end is handled like any other."""
        if self._link is None:
            return
        self.flush()
        if self._pulse.due(now_s):
            self.tell("ping")
        if self._pulse.late_s(now_s) is not None:
            self._pulse.heard()
            self.kill()

    def kill(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    def leave(self) -> int | None:
        """Let go of it: it hands what it holds to the gateway of the next root. Gives its pid."""
        if self._process is None or self._link is None:
            return None
        self._link.close()
        self._link = None
        return self._process.pid

    def end(self) -> None:
        """Let it answer whoever waits, bounded; then it is gone."""
        if self._process is None:
            return
        self._again_s = None
        self.tell("end")
        if self._link is not None:
            with contextlib.suppress(OSError):
                self._link.shutdown(socket.SHUT_WR)
        end_s = time.monotonic() + END_S
        while self._link is not None and time.monotonic() < end_s:
            try:
                self._link.settimeout(max(0.01, end_s - time.monotonic()))
                if not self._link.recv(READ_BYTES):
                    break
            except OSError:
                break
        self.kill()
        if self._link is not None:
            self._link.close()
            self._link = None


def end_gateway(pid: int, created: float) -> None:
    """End a gateway whose root is gone, if it is still there: its time to hand over is up, or nobody follows."""
    if not lifeline.process_is_gone(pid, created):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, 9)
