"""Reading frames: the real decoder's lines end in one disposition each."""

from __future__ import annotations

import json
from typing import Any

from actors.machines import reading as module
from actors.machines.draft import Draft
from actors.machines.reading import LOST_WITH_TURN, NAMED_UNKNOWN_MAX, TURNS_MAX, Reading
from actors.machines.stage import Stage
from actors.machines.standing import Now
from actors.wire.batch import decode_runs
from messages.status import DISPOSITIONS, DROP_REASONS
from messages.stream import FrameBatch
from tests.actors.machines.stage_scene import PlainLive, batch, decode

NOW = Now(1, 1)


def new(decoder: Any = decode) -> Reading:
    return Reading(decoder, Stage(10, 1_000, PlainLive), Draft.after(1, 0))


def line(method: str, **params: Any) -> bytes:
    return json.dumps({"method": method, "params": params}).encode() + b"\n"


def test_real_lines_of_a_turn_are_accounted_for() -> None:
    ids = {"threadId": "t1", "turnId": "u1"}
    lines = [
        line("turn/started", threadId="t1", turn={"id": "u1", "status": "inProgress", "items": []}),
        line("item/started", **ids, item={"type": "agentMessage", "id": "i1", "text": ""}),
        line("item/agentMessage/delta", **ids, itemId="i1", delta="hel"),
        line("item/agentMessage/delta", **ids, itemId="i1", delta="lo"),
        line("item/completed", **ids, item={"type": "agentMessage", "id": "i1", "text": "hello"}),
        line("turn/completed", threadId="t1", turn={"id": "u1", "status": "completed", "items": []}),
        line("nobody/knows/this"),
        b"no json\n",
        b"\xff\xfe\n",
    ]
    reading = new(decode_runs)
    reading.read(FrameBatch(generation=1, first_seq=1, count=len(lines), at_ms=1, lines=b"".join(lines)), NOW)
    draft = reading.draft
    records = [*draft.turns, *draft.items]
    assert sum(draft.counts.values()) + sum(each.frames for each in records) + draft.items[0].merged_frames == len(
        lines
    )
    assert draft.counts == {"ignored_unknown": 1, "dropped:malformed": 1, "dropped:invalid_utf8": 1}
    assert json.loads(draft.items[0].body)["text"] == "hello"


def test_every_word_for_a_loss_is_one_of_the_catalogue() -> None:
    assert set(LOST_WITH_TURN.values()) <= set(DROP_REASONS)
    reading = new()
    reading.read(batch("start i1", "start i1", "turn u1 failed", "delta i1 x", "garbage", "", "odd m", "control"), NOW)
    for name in reading.draft.counts:
        assert name in DISPOSITIONS or name.removeprefix("dropped:") in DROP_REASONS
    assert {each.reason for each in reading.draft.losses} <= set(DROP_REASONS)


def test_what_is_remembered_of_a_generation_is_bounded() -> None:
    reading = new()
    lines = [text for n in range(TURNS_MAX + 50) for text in (f"usage u{n} 1", f"turn u{n} completed", f"odd m{n}")]
    reading.read(batch(*lines), NOW)
    assert len(reading.closed_turns) == len(reading.usage) == TURNS_MAX
    assert len(reading.unknown) == NAMED_UNKNOWN_MAX


def test_every_reader_is_for_a_frame_of_the_wire() -> None:
    assert all(kind.__module__ == "actors.wire.frames" for kind in module.READERS)
