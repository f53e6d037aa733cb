"""Whether the app-server is alive and its stream healthy: who is silent is asked, who stays silent is told of soon and
counts as hung later.

Any line is a sign of life. While the window is full nothing is read, so silence then is our own and proves nothing.
`sidecar.py` decides what becomes of a process that hangs.
"""

from __future__ import annotations

from dataclasses import dataclass

from actors.machines.effects import Ask, Effect, Effects, Send
from actors.machines.sidecar import Hung
from messages.settings import Timing
from messages.sidecar import StreamHealthChanged

PROBE = "thread/loaded/list"
"""The cheapest request that every version answers: a list held in memory."""


@dataclass(slots=True)
class Liveness:
    """The state of the machine, for one process. All times are of the monotonic clock."""

    timing: Timing
    heard_ms: int = 0
    """When it said its last line; at first, when it was started."""
    probed_ms: int | None = None
    """When it was asked, if it said nothing since."""
    closed_ms: int | None = None
    """When its stdout ended while it lived."""
    healthy: bool = True
    """What the supervisor was told last; a process is believed to be healthy until it shows otherwise."""

    def heard(self, now_ms: int) -> None:
        """It said something, or was just started."""
        self.heard_ms, self.probed_ms = now_ms, None

    def closed(self, now_ms: int) -> None:
        """Its stdout ended and it lives: it is about to exit, or hides. `look` tells which."""
        if self.closed_ms is None:
            self.closed_ms = now_ms

    def look(
        self, generation: int, now_ms: int, *, speaking: bool, full: bool, oldest_ms: int | None
    ) -> Hung | Effects:
        """What is to be done now: ask it, tell how the stream is, or give it up as hung.

        `speaking`: its handshake is done (before that, the handshake has a deadline of its own). `full`: the window is,
        so that its pipe is not read. `oldest_ms`: when the oldest unsettled batch was read.
        """
        timing = self.timing
        if self.closed_ms is not None and now_ms - self.closed_ms >= timing.stop_grace_ms:
            return Hung("it closed its stdout and lives on")
        if not speaking:
            return ()
        effects: list[Effect] = []
        if full:
            self.heard_ms = now_ms
            self.probed_ms = now_ms if self.probed_ms is not None else None
        elif self.probed_ms is not None and now_ms - self.probed_ms >= timing.liveness_deadline_ms:
            return Hung(f"no answer for {now_ms - self.heard_ms} ms")
        elif self.probed_ms is None and now_ms - self.heard_ms >= timing.liveness_interval_ms:
            self.probed_ms = now_ms
            effects.append(Ask(PROBE, "probe", deadline_ms=timing.liveness_deadline_ms))
        trouble = self._trouble(now_ms, oldest_ms)
        if bool(trouble) == self.healthy:
            self.healthy = not trouble
            reason = trouble or "answers"
            changed = StreamHealthChanged(generation=generation, healthy=self.healthy, reason=reason)
            effects.append(Send("supervisor", changed))
        return tuple(effects)

    def _trouble(self, now_ms: int, oldest_ms: int | None) -> str:
        """Why the stream is not healthy though its process runs; empty when it is."""
        if oldest_ms is not None and now_ms - oldest_ms >= self.timing.settle_deadline_ms:
            return "frames are not settled: the stager or ingest is away"
        if self.probed_ms is not None and now_ms - self.probed_ms >= self.timing.liveness_late_ms:
            return "the app-server is silent"
        return ""
