"""Samples are told with what they stand beside."""

from __future__ import annotations

import orjson
import pytest

from benchmarks.samples import line, print_result, row


def test_the_p99_of_a_time_is_its_slow_end_and_that_of_a_rate_too() -> None:
    samples = [float(each) for each in range(1, 101)]
    assert row("a time", samples, "ms")["p99"] == 99
    assert row("a rate", samples, "MB/s", rate=True)["p99"] == 2


def test_a_ratio_is_there_only_where_something_stands_beside() -> None:
    assert row("ours", [30.0, 10.0, 20.0], "ms", [10.0])["ratio"] == 2
    assert "ratio" not in row("ours", [30.0], "ms")
    assert line(row("ours", [30.0], "ms")) == "ours: n 1, median 30, p99 30 ms"


def test_a_result_names_machine_and_versions_and_what_was_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    print_result("startup", [row("ours", [1.0], "ms")], {"more": 1}, peers={"ray": "2.60.0"}, absent=["pykka"])
    told = orjson.loads(capsys.readouterr().out)
    assert told["benchmark"] == "startup"
    assert "cores" in told["machine"]
    assert {"hybrid-capture", "python", "sqlite", "ray"} <= set(told["versions"])
    assert told["rows"][0]["n"] == 1
    assert told["absent"] == ["pykka"]
