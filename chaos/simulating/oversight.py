"""How the statuses of one tree may follow each other: mode, moves, restarts.

Words of the design, not of the code: the tables of legal moves stand here again, so that a row that goes wrong is seen.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from actors.tree import BY_ROLE
from messages.status import TreeStatus

if TYPE_CHECKING:
    from chaos.simulating.checks import Checks

WINDOW_MS, RESTARTS_MAX = 60_000, 2
"""DESIGN decision 7."""

SIDECAR_MOVES = {
    "stopped": {"starting"},
    "starting": {"running", "backing_off", "crash_loop", "stopping", "stopped"},
    "running": {"backing_off", "crash_loop", "stopping", "stopped"},
    "backing_off": {"starting", "stopped"},
    "stopping": {"stopped", "starting"},
    "crash_loop": {"starting", "stopped"},
}
"""DESIGN section 3. `stopped` is passed through in one step when the next start is wanted at once."""
AUTH_MOVES = {
    "needs_login": {"authenticating", "authenticated", "logged_out"},
    "authenticating": {"needs_login", "authenticated", "logged_out"},
    "authenticated": {"needs_login", "authenticating", "logged_out"},
    "logged_out": {"authenticating"},
}


class Oversight:
    """Watches the supervisor of one tree."""

    def __init__(self, checks: Checks) -> None:
        self.checks = checks
        self.status: TreeStatus | None = None
        self.restarts: dict[str, list[int]] = defaultdict(list)
        """When something was allowed to start again, since a person last ordered it."""
        self.ordered_ms = -WINDOW_MS

    def ordered(self) -> None:
        """A person ordered a start: what was counted before is forgiven."""
        self.restarts.clear()
        self.ordered_ms = self.checks.world.clock.now().mono

    def stands(self, after: TreeStatus) -> None:
        """The supervisor has a new status."""
        before, self.status = self.status, after
        self._mode(after)
        if before is None:
            return
        self.checks.must(after.revision > before.revision, "statuses are numbered", after.revision)
        moved = before.sidecar.state, after.sidecar.state
        legal = moved[0] == moved[1] or moved[1] in SIDECAR_MOVES[moved[0]]
        self.checks.must(legal, "the sidecar moves by its table", moved)
        login = before.auth.state, after.auth.state
        self.checks.must(login[0] == login[1] or login[1] in AUTH_MOVES[login[0]], "auth moves by its table", login)
        self.checks.must(after.sidecar.generation >= before.sidecar.generation, "generations count up", moved)
        now_ms = self.checks.world.clock.now().mono
        if after.sidecar.state == "backing_off" and moved[0] in ("starting", "running"):
            self._restarted("process", now_ms)
        if after.sidecar.state == "crash_loop" and moved[0] in ("starting", "running"):
            inside = [at for at in self.restarts["process"] if now_ms - at < WINDOW_MS]
            fresh = now_ms - self.ordered_ms < WINDOW_MS
            self.checks.must(fresh or len(inside) == RESTARTS_MAX, "two restarts are allowed in the window", inside)
        for old, new in zip(before.actors, after.actors, strict=True):
            if new.restarts > old.restarts:
                self._restarted(new.name, now_ms)

    def _restarted(self, who: str, now_ms: int) -> None:
        """Something is allowed to start again: never for the third time in the window."""
        self.restarts[who].append(now_ms)
        inside = [at for at in self.restarts[who] if now_ms - at < WINDOW_MS]
        self.checks.must(len(inside) <= RESTARTS_MAX, "the third restart in 60 s is refused", f"{who} at {inside}")

    def first_restart_in_window(self) -> int | None:
        now_ms = self.checks.world.clock.now().mono
        inside = [at for at in self.restarts["process"] if now_ms - at < WINDOW_MS]
        return inside[0] if len(inside) == RESTARTS_MAX else None

    def _mode(self, status: TreeStatus) -> None:
        """DESIGN section 3: the mode follows from what the status itself says."""
        parts = all(each.state == "running" for each in status.actors if BY_ROLE[each.name].stream_part)
        shake = status.handshake
        ready = shake.initialize_sent and shake.initialized and status.auth.state == "authenticated"
        ready = ready and status.stream_healthy and parts
        if not status.baseline.working:
            mode = "FAILURE"
        elif status.kill_switch or status.fallback or not status.stream_expected:
            mode = "OTEL_ONLY"
        else:
            mode = "HYBRID_ACTIVE" if ready and status.baseline.healthy else "DEGRADED_STREAMING"
        self.checks.must(status.mode == mode, "the mode follows from the facts", f"{status.mode}, not {mode}")
        if status.mode == "HYBRID_ACTIVE":
            running = status.sidecar.state == "running" and shake.initialized and status.baseline.healthy
            self.checks.must(running, "HYBRID_ACTIVE needs all of decision 2", status.sidecar.state)
            process = self.checks.generations.get((self.checks.world.trees, status.sidecar.generation))
            greeted = process is not None and process.speech.greeted and "chatgpt" in self.checks.told[process.number]
            self.checks.must(greeted, "HYBRID_ACTIVE needs all of decision 2", "this process has not proved its login")
