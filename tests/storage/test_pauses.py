from __future__ import annotations

from pathlib import Path

import pytest

import storage.pauses
from messages.settings import CaptureOff
from storage.pauses import Pauses


def test_a_time_begins_with_a_start_that_watches_not_and_ends_with_one_that_does(tmp_path: Path) -> None:
    pauses = Pauses(tmp_path)
    assert pauses.settle({"codex": True, "claude": True}, 1) == ()
    assert not list(tmp_path.iterdir())
    off = CaptureOff(tool="claude", from_ms=10)
    assert pauses.settle({"codex": True, "claude": False}, 10) == (off,)
    assert pauses.settle({"codex": True, "claude": False}, 20) == (off,)
    ended = off.model_copy(update={"to_ms": 30})
    assert pauses.settle({"codex": True, "claude": True}, 30) == (ended,)
    again = CaptureOff(tool="claude", from_ms=40)
    assert Pauses(tmp_path).settle({"codex": True, "claude": False}, 40) == (ended, again)


def test_a_note_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    for content in (b"{", b"[{}]", b'[{"tool":"codex","from_ms":"x"}]'):
        (tmp_path / "capture_off.json").write_bytes(content)
        assert Pauses(tmp_path).read() == ()


def test_of_very_many_times_the_oldest_are_joined_and_hide_no_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.pauses, "TIMES_MAX", 8)
    pauses = Pauses(tmp_path)
    for number in range(13):
        pauses.settle({"codex": False}, number * 10)
        pauses.settle({"codex": True}, number * 10 + 5)
    times = pauses.read()
    assert len(times) == 8
    assert (times[0].from_ms, times[0].to_ms) == (0, 55)
    assert times[-1].to_ms == 12 * 10 + 5
