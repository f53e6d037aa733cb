"""What this process refused, counted per reason; the application may listen. No content, no sender, only reasons.

The transport also writes each report to Thespian's own log, so those of the admin, which runs no actor, are seen.

`transport_rejects()` gives the totals of this process. `on_reject(hook)` installs a function that is told
`(reason, count)`, at most once a second per reason, on the thread that runs the transport. A forked child starts at
zero and without a hook.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from actors import forks
from actors.transport.seal import Reason

REPORT_EVERY_NS: Final = 1_000_000_000
"""Least time between two reports of one reason."""

RejectHook = Callable[[str, int], None]
"""Told (reason, how many since the last report). Must be quick; what it raises is counted as `hook_failed`."""


class RejectCounters:
    """Totals per reason that only ever rise, and what of them has not been reported yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # the host's private contexts run in threads of their own
        self._totals: Counter[Reason] = Counter()
        self._unreported: Counter[Reason] = Counter()
        self._reported_ns: dict[Reason, int] = {}
        self.hooks: list[RejectHook] = []

    def add(self, reason: Reason, count: int = 1) -> None:
        """Count a refusal."""
        with self._lock:
            self._totals[reason] += count
            self._unreported[reason] += count

    def totals(self) -> dict[str, int]:
        """Refusals so far, by reason."""
        with self._lock:
            return {str(reason): count for reason, count in self._totals.items()}

    def pending(self) -> bool:
        """Whether something waits to be reported."""
        return bool(self._unreported)

    def report(self, now_ns: int) -> list[tuple[Reason, int]]:
        """Tell the hooks what is new, and return it; a reason reported less than REPORT_EVERY_NS ago waits."""
        reported = []
        with self._lock:
            for reason in list(self._unreported):
                if now_ns - self._reported_ns.get(reason, now_ns - REPORT_EVERY_NS) >= REPORT_EVERY_NS:
                    self._reported_ns[reason] = now_ns
                    reported.append((reason, self._unreported.pop(reason)))
        for reason, count in reported:
            for hook in list(self.hooks):
                try:
                    hook(str(reason), count)
                except Exception:  # noqa: BLE001 - a broken listener must not stop the transport; it is counted instead
                    with self._lock:
                        self._totals[Reason.HOOK_FAILED] += 1
        return reported


PROCESS: Final = RejectCounters()
"""The counters of this process; every transport in it counts here."""


def transport_rejects() -> dict[str, int]:
    """Refusals of this process since it began, by reason (names: `seal.Reason`); they never fall."""
    return PROCESS.totals()


def on_reject(hook: RejectHook) -> Callable[[], None]:
    """Install `hook` in this process and get the function that removes it again."""
    PROCESS.hooks.append(hook)

    def remove() -> None:
        with suppress(ValueError):
            PROCESS.hooks.remove(hook)

    return remove


def _start_afresh() -> None:
    # In place: other modules hold the object, and the thread that held it before is not in the child.
    PROCESS.__init__()  # type: ignore[misc]


forks.in_each_child(_start_afresh)
