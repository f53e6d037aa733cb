"""The two processes that no tree lives without, the supervisor and the actor system's admin: whether they still work.

One that hangs is as bad as a dead one. Nothing is mended here: the root takes the tree down and exits (`root.py`).
"""

from __future__ import annotations

import psutil

from actors import lifeline
from actors.system import Tree
from hybrid_capture.pulse import Pulse
from messages.lifecycle import Knock
from messages.settings import Timing


class Guard:
    """Of one tree, from `begin` on. What it gives is why the tree is lost, as a sentence."""

    def __init__(self, tree: Tree, timing: Timing) -> None:
        self._tree = tree
        self._notices: dict[int, str] = {}
        """Descriptors that become readable when one exits."""
        self._known: list[tuple[str, int, float]] = []
        """The same where the OS has no such notices: name, pid, creation time."""
        interval_s, deadline_s = timing.ping_interval_ms / 1000, timing.ping_deadline_ms / 1000
        self._pulse = Pulse(interval_s, deadline_s)
        """Of the supervisor."""
        self._still = Pulse(interval_s, deadline_s)
        """Of the admin, which cannot be asked: it counts as answering unless it is stopped."""
        self._admin: psutil.Process | None = None

    def begin(self, supervisor: int) -> str:
        """From now on the end of the supervisor or of the admin above it is the end of the tree; empty while both are
        there."""
        admin = psutil.Process(supervisor).ppid()
        self._admin = psutil.Process(admin)
        for name, pid in (("the supervisor", supervisor), ("the actor system's admin", admin)):
            try:
                notice = lifeline.exit_notice(pid)
            except ProcessLookupError:
                return f"{name} exited"
            if notice is None:
                self._known.append((name, pid, lifeline.created_at(pid)))
            else:
                self._notices[notice] = name
                self._tree.watch(notice)
        return ""

    def exited(self, descriptor: int) -> str:
        """Who exited, if this descriptor tells of it; empty for any other."""
        name = self._notices.get(descriptor)
        return "" if name is None else f"{name} exited"

    def heard(self) -> None:
        """The supervisor answered."""
        self._pulse.heard()

    def look(self, now_s: float) -> list[str]:
        """Ask for signs of life; gives every reason why the tree is lost by now."""
        found = [f"{name} exited" for name, pid, created in self._known if lifeline.process_is_gone(pid, created)]
        if self._admin is None:
            return found
        if self._pulse.due(now_s):
            self._tree.tell("supervisor", Knock(n=self._pulse.count))
        if self._still.due(now_s) and _runs(self._admin):
            self._still.heard()
        for name, pulse in (("the supervisor", self._pulse), ("the actor system's admin", self._still)):
            late_s = pulse.late_s(now_s)
            if late_s is not None:
                found.append(f"{name} hangs: no sign of life for {late_s * 1000:.0f} ms")
        return found


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.status() not in (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE))
    except psutil.Error:
        return False
