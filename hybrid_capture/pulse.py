"""Whether somebody who should answer still does: asked at an interval, hung when an answer is overdue.

Pure of clocks: times are given, in s of one monotonic clock. Who asks late itself (it was stopped, the machine was
busy) forgives, since the answer may wait unread.
"""

from __future__ import annotations


class Pulse:
    """The pulse of one process. Ask when `due`, tell `heard`, act on `late_s`."""

    def __init__(self, interval_s: float, deadline_s: float) -> None:
        self._interval_s = interval_s
        self._deadline_s = deadline_s
        self._asked_s: float | None = None
        self._next_s = 0.0
        self._looked_s: float | None = None
        self.count = 0
        """Questions so far."""

    def due(self, now_s: float) -> bool:
        """Whether to ask now; true at most once per interval."""
        if now_s < self._next_s:
            return False
        self._next_s = now_s + self._interval_s
        self.count += 1
        if self._asked_s is None:
            self._asked_s = now_s
        return True

    def heard(self) -> None:
        """An answer came: whichever question it answers, somebody is there."""
        self._asked_s = None

    def late_s(self, now_s: float) -> float | None:
        """How long an answer has been awaited, once that is too long; None while all is well."""
        looked, self._looked_s = self._looked_s, now_s
        if looked is not None and now_s - looked > self._deadline_s / 2 and self._asked_s is not None:
            self._asked_s = now_s
        waited = 0.0 if self._asked_s is None else now_s - self._asked_s
        return waited if waited >= self._deadline_s else None
