"""Times as both tools write them into their files, as ms since the epoch. Pure: no clock, no time zone data."""

from __future__ import annotations

import re
from functools import lru_cache

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?\s*(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE | re.ASCII
)


def iso_ms(text: object) -> int | None:
    """`2026-11-22T06:44:54.519Z` as ms since the epoch; None for anything that is no such time.

    Fractions are cut to ms; without a zone it is UTC. Years before 1970 give None: no session is that old.
    """
    if isinstance(text, str) and len(text) == 24 and text[19] == "." and text[23] == "Z" and text.isascii():
        # As both tools write it, and lines of one minute follow on one another.
        rest = text[17:19] + text[20:23]
        minute = _minute_ms(text[:17]) if rest.isdigit() and rest < "61" else None
        if minute is not None:
            return minute + int(rest)
    return _any_ms(text)


@lru_cache(maxsize=64)
def _minute_ms(start: str) -> int | None:
    """The time at `2026-11-22T06:44:`, or None."""
    return _any_ms(f"{start}00Z")


def _any_ms(text: object) -> int | None:
    found = _ISO.fullmatch(text) if isinstance(text, str) and len(text) <= 40 else None
    if found is None:
        return None
    year, month, day, hour, minute, second = map(int, found.group(1, 2, 3, 4, 5, 6))
    if year < 1970 or not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second <= 60):
        return None
    seconds = ((_days(year, month, day) * 24 + hour) * 60 + minute - _zone_minutes(found[8])) * 60 + second
    return seconds * 1000 + int((found[7] or "0")[:3].ljust(3, "0"))


def _days(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 in the Gregorian calendar, March being the first month of the year counted."""
    year, month = (year - 1, month + 9) if month <= 2 else (year, month - 3)
    return year * 365 + year // 4 - year // 100 + year // 400 + (month * 153 + 2) // 5 + day - 719_469


def _zone_minutes(zone: str | None) -> int:
    if zone is None or zone in "Zz":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return -minutes if zone[0] == "-" else minutes
