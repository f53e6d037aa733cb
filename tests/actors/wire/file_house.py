"""Files of the tools in memory, read in one piece or cut anywhere: what decoders of files are held to."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson

from actors.wire.gathered import Gathered, LineGone
from actors.wire.rollout import end_rollout, read_rollout
from actors.wire.rollout_state import RolloutState
from actors.wire.transcript import end_transcript, read_transcript
from actors.wire.transcript_state import TranscriptState

FIXTURES = Path(__file__).parents[2] / "fixtures"
ROLLOUTS = sorted(path for path in (FIXTURES / "rollouts").glob("*.jsonl") if not path.name.endswith(".items.jsonl"))
TRANSCRIPTS = sorted((FIXTURES / "transcripts").glob("*.jsonl"))
NOW_MS = 1_800_000_000_000


class Bytes:
    """A file's text in memory; `sides` are the texts beside it."""

    def __init__(self, data: bytes, sides: dict[str, str] | None = None) -> None:
        self.data, self.sides = data, sides or {}

    def recall(self, offset: int, length: int) -> bytes:
        found = self.data[offset : offset + length]
        if len(found) < length:
            raise LineGone
        return found

    def beside(self, path: str) -> str | None:
        return self.sides.get(path)


Read = Callable[[Any, bytes, int, Bytes, bool], Gathered]


def rollout(state: RolloutState, data: bytes, offset: int, file: Bytes, last: bool) -> Gathered:
    return read_rollout(state, data, offset, file, path="/r.jsonl", now_ms=NOW_MS, last=last)


def transcript(state: TranscriptState, data: bytes, offset: int, file: Bytes, last: bool) -> Gathered:
    return read_transcript(state, data, offset, file, path="/t.jsonl", now_ms=NOW_MS)


def read_cut(read: Read, state: Any, data: bytes, places: list[int], sides: dict[str, str] | None = None) -> Gathered:
    """The file read as it grew to each of these places; the state goes through its JSON every time."""
    file, at, got = Bytes(data, sides), 0, Gathered()
    ends = sorted({place % (len(data) + 1) for place in places} | {len(data)})
    for _, end in pairwise([0, *ends]):
        part = read(state, data[at:end], at, file, end == len(data))
        at += part.consumed
        state = type(state).loaded(state.dumped())
        merge(got, part)
    assert at == data.rfind(b"\n") + 1
    return got


def read_on(read: Read, state: Any, data: bytes) -> Gathered:
    """The file read by one reading after another, each from where the one before it ended."""
    file, at, got, readings = Bytes(data), 0, Gathered(), 0
    while at < len(data):
        part = read(state, data[at:], at, file, True)
        assert part.consumed
        at, readings = at + part.consumed, readings + 1
        state = type(state).loaded(state.dumped())
        merge(got, part)
    assert readings > 1
    return got


def merge(into: Gathered, part: Gathered) -> None:
    assert part.received == part.settled, part.counts
    into.received += part.received
    into.counts += part.counts
    into.unknown += part.unknown
    for name in ("sessions", "turns", "items", "usage", "audit"):
        getattr(into, name).extend(getattr(part, name))


def lines(*values: dict[str, Any] | bytes) -> bytes:
    return b"".join((value if isinstance(value, bytes) else orjson.dumps(value)) + b"\n" for value in values)


def whole_rollout(data: bytes) -> tuple[RolloutState, Gathered]:
    state = RolloutState()
    got = Gathered()
    merge(got, rollout(state, data, 0, Bytes(data), True))
    return state, got


def whole_transcript(data: bytes, sides: dict[str, str] | None = None) -> tuple[TranscriptState, Gathered]:
    state = TranscriptState()
    got = Gathered()
    merge(got, transcript(state, data, 0, Bytes(data, sides), True))
    return state, got


def ended(state: RolloutState | TranscriptState, data: bytes) -> Gathered:
    if isinstance(state, RolloutState):
        return end_rollout(state, NOW_MS)
    return end_transcript(state, Bytes(data), NOW_MS)


def shown(got: Gathered) -> list[tuple[str, str | None, str]]:
    """Kind, status and id of each item."""
    return [(item.kind, item.status, item.item_id) for item in got.items]


def bodies(got: Gathered) -> list[dict[str, Any]]:
    return [orjson.loads(item.body) for item in got.items]
