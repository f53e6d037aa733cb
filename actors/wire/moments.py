"""Times as the tools write them, into ms since the epoch. Pure: no clock, no time zone of this machine."""

from __future__ import annotations

import re

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9})\d*)?(?:[Zz]|([+-])(\d\d):?(\d\d))?", re.ASCII
)
_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
"""Days before each month of a common year."""
_EPOCH_DAYS = 719_162
"""Days from 0001-01-01 to 1970-01-01."""


def iso_ms(text: object) -> int | None:
    """`2026-11-22T06:32:49.563Z` in ms since the epoch; without an offset it is UTC. None for anything else."""
    found = _ISO.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in found.group(1, 2, 3, 4, 5, 6))
    if not (year and 1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second <= 60):
        return None
    past = year - 1
    leap = month > 2 and (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))
    days = past * 365 + past // 4 - past // 100 + past // 400 + _BEFORE[month - 1] + leap + day - 1 - _EPOCH_DAYS
    fraction = (found.group(7) or "").ljust(3, "0")[:3]
    offset_s = 0
    if found.group(8):
        offset_s = (int(found.group(9)) * 60 + int(found.group(10))) * (60 if found.group(8) == "+" else -60)
    return ((days * 86_400) + hour * 3_600 + minute * 60 + second - offset_s) * 1_000 + int(fraction)
