"""Work grows by powers of ten, within a time."""

from __future__ import annotations

import pytest

from benchmarks.growth import points


@pytest.mark.parametrize("kind", ["sessions", "items"])
def test_a_store_is_looked_at_whenever_its_number_of_pieces_is_a_power_of_ten(kind: str) -> None:
    found = points(kind, 3, 3_600)
    assert [each["count"] for each in found] == [100, 1_000]
    assert all(each["cpu_s"] > 0 for each in found)
    assert found[1]["disk_mb"] > found[0]["disk_mb"]


def test_files_are_walked() -> None:
    assert [each["count"] for each in points("files", 3, 3_600)] == [100, 1_000]


@pytest.mark.parametrize("kind", ["items", "files"])
def test_what_time_does_not_allow_is_not_told_as_reached(kind: str) -> None:
    assert points(kind, 4, 0)[-1]["count"] < 10_000
