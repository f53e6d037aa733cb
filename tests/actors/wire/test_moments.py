"""Times as the tools write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.wire.moments import iso_ms

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BELOW_MS = timedelta(milliseconds=1)


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_time_is_the_one_that_was_written(at: datetime) -> None:
    assert iso_ms(at.isoformat().replace("+00:00", "Z")) == (at - EPOCH) // BELOW_MS


def test_an_offset_counts_and_without_one_it_is_utc() -> None:
    assert iso_ms("1970-01-01T02:00:00.5+02:00") == 500
    assert iso_ms("1970-01-01T00:00:00-00:30") == 1_800_000
    assert iso_ms("1970-01-01T00:00:01") == 1_000


@pytest.mark.parametrize(
    "text", ["", "now", "2026-13-01T00:00:00Z", "2026-11-22", "2026-11-22T24:00:00Z", None, 7, "१९७०-01-01T00:00:00Z"]
)
def test_anything_else_is_no_time(text: object) -> None:
    assert iso_ms(text) is None
