"""Times of a calendar."""

from __future__ import annotations

import pytest

from storage.exporting.moments import moment


@pytest.mark.parametrize(
    ("at_ms", "told"),
    [
        (0, "1970-01-01T00:00:00+00:00"),
        (1_790_000_000_123, "2026-09-21T14:13:20.123000+00:00"),
        (-1, "1969-12-31T23:59:59.999000+00:00"),
        (2**63 - 1, "9999-12-31T00:00:00+00:00"),
        (-(2**63), "0001-01-01T00:00:00+00:00"),
    ],
)
def test_any_number_is_a_moment(at_ms: int, told: str) -> None:
    assert moment(at_ms).isoformat() == told
