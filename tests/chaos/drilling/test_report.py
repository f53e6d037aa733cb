"""Reports are computed from raw samples; what nobody saw is "not observed" and never 0."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.drilling.report import BadSamples, figures, gather, page, parse, share, summary
from tests.chaos.drilling.made import head, put, row


def test_shares_are_nearest_ranks() -> None:
    values = [float(n) for n in range(1, 21)]
    assert (share(values, 0.5), share(values, 0.95), share(values, 1.0)) == (10.0, 19.0, 20.0)
    assert share([7.0], 0.95) == 7.0


def test_nothing_observed_has_no_figures() -> None:
    assert figures([]) == {"n": 0, "median_ms": None, "p95_ms": None, "max_ms": None}
    assert figures([1.0, 3.0, 2.0]) == {"n": 3, "median_ms": 2.0, "p95_ms": 3.0, "max_ms": 3.0}


def test_a_summary_counts_what_was_seen_and_what_failed(tmp_path: Path) -> None:
    rows = [row(1, 10.0), row(2, 30.0, failures=["late"]), row(3, None)]
    put(tmp_path, "kill-ingest-scripted", head(), rows)
    [samples] = gather(tmp_path)
    told = summary(samples)
    assert (told["n"], told["failed"], told["silent_drops"]) == (3, 1, 0)
    assert told["phases"]["active"] == {"n": 2, "median_ms": 20.0, "p95_ms": 30.0, "max_ms": 30.0}
    assert told["phases"]["caught_up"]["median_ms"] is None
    assert [each["active"] for each in told["repetitions"]] == [10.0, 30.0, None], "what plots are drawn from"
    assert told["began"] == samples.head["began"]


def test_the_page_stands_by_itself_and_escapes_what_it_shows(tmp_path: Path) -> None:
    put(tmp_path, "a", head("kill-<b>"), [row(1)])
    put(tmp_path, "b", head("delta-flood"), [row(1, phases={})])
    shown = page(gather(tmp_path))
    assert "kill-<b>" not in shown
    assert "kill-&lt;b&gt;" in shown
    assert "http" not in shown
    assert "<script" not in shown
    assert "not observed" in shown
    assert "No phase was observed" in shown


@pytest.mark.parametrize("content", [b"", b"{\n", b"[]\n", b'{"n": 1}\n', b'{"samples": "1"}\nx\n'])
def test_a_file_without_samples_is_named(content: bytes) -> None:
    with pytest.raises(BadSamples, match=r"x\.jsonl"):
        parse(content, Path("x.jsonl"))


def test_a_folder_without_drills_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(BadSamples, match="drill run"):
        gather(tmp_path)
