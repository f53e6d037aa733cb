"""Times as an export tells them: moments of a calendar, whatever somebody claimed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MS, _LAST_MS = (
    (datetime(year, month, day, tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)
    for year, month, day in ((1, 1, 1), (9999, 12, 31))
)


def moment(at_ms: int) -> datetime:
    """The moment of so many ms since the epoch, in UTC. A commit may claim any time: one before the year 1 or after
    9999 is told as the first or last day that a calendar has."""
    return _EPOCH + timedelta(milliseconds=min(max(at_ms, _FIRST_MS), _LAST_MS))
