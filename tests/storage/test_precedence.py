"""Who is believed."""

from __future__ import annotations

from typing import get_args

from messages.records import Source
from storage.precedence import NAMES, RANKS, comes_before, rank


def test_every_source_has_a_rank_and_a_name() -> None:
    assert set(RANKS) == set(NAMES) == set(get_args(Source))


def test_the_stream_is_believed_before_history_files_and_telemetry() -> None:
    order = sorted(("otlp", "rollout", "stream", "pull"), key=rank, reverse=True)
    assert order == ["stream", "pull", "rollout", "otlp"]
    assert rank(None) == rank("") == 0


def test_the_reason_names_both() -> None:
    assert comes_before("stream", "otlp") == "the live stream comes before telemetry"
