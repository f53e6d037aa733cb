from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.wire.iso_time import iso_ms


@given(st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2200, 1, 1)), st.integers(-12, 14))
def test_it_agrees_with_the_calendar(when: datetime, hours: int) -> None:
    zoned = when.replace(tzinfo=timezone(timedelta(hours=hours)))
    ms = (zoned - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert iso_ms(zoned.isoformat()) == ms


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13-01T00:00:00Z", "2026-01-01T25:00:00Z", "1969-12-31T23:59:59Z", "x" * 50, None, 7]
)
def test_what_is_no_time_is_none(text: object) -> None:
    assert iso_ms(text) is None


def test_a_time_without_a_zone_is_utc_and_fractions_are_cut() -> None:
    assert iso_ms("2026-11-22T06:44:54.519999Z") == iso_ms("2026-11-22T06:44:54.519") == 1_795_329_894_519


@given(st.text(alphabet="0123456789-T:.Z ", min_size=22, max_size=24) | st.sampled_from(["2026-11-22T06:44:60.999Z",
    "2026-11-22T06:44:61.000Z", "2026-11-22T06:4454.519Z0", "2026-11-22T06:44:54.5 9Z", "2026-02-30T23:59:59.000Z",
    "1969-11-22T06:44:54.519Z", "2026-11-22T06:44:\u0665\u0665.519Z"]))  # fmt: skip
def test_the_common_form_is_read_as_any_other(text: str) -> None:
    assert iso_ms(text) == iso_ms(text.replace("Z", "+00:00") if text.endswith("Z") else text)
