from __future__ import annotations

import orjson
import pytest

from actors.wire.file_kind import ROLLOUT, TRANSCRIPT, kind_of
from tests.actors.wire.file_house import ROLLOUTS, TRANSCRIPTS, lines


def test_real_files_are_told_by_their_first_lines() -> None:
    assert {kind_of(path.read_bytes()) for path in ROLLOUTS} == {ROLLOUT}
    assert {kind_of(path.read_bytes()) for path in TRANSCRIPTS} == {TRANSCRIPT}


def test_the_oldest_rollouts_are_told_too() -> None:
    assert kind_of(lines({"id": "x", "timestamp": "2025-05-01T10:00:00Z", "instructions": None})) == ROLLOUT


def test_lines_that_say_nothing_are_passed_over() -> None:
    assert kind_of(lines(b"{torn", {"type": "summary"}, {"type": "mode", "sessionId": "s"})) == TRANSCRIPT


@pytest.mark.parametrize(
    "start",
    [b"", b"root:x:0:0\n", b"\x7fELF\x02\x01\n\x00", lines({"type": "user"}),
     orjson.dumps({"sessionId": "s", "type": "x"}), lines({"t": 1, "dir": "in", "line": {}})],
)  # fmt: skip
def test_other_files_are_neither(start: bytes) -> None:
    assert kind_of(start) is None
