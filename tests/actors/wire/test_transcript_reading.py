from __future__ import annotations

from typing import Any

import orjson
import pytest

from actors.wire.gathered import Gathered
from actors.wire.transcript_reading import Reading
from actors.wire.transcript_state import TranscriptState
from tests.actors.wire.file_house import NOW_MS, Bytes, bodies, shown

CALL = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "sleep 7"}}
LINE = orjson.dumps({"type": "assistant", "agentId": "a7", "cwd": "/w", "message": {"content": [CALL]}})


def reading(state: TranscriptState, data: bytes = b"") -> Reading:
    return Reading(state, Gathered(), Bytes(data), None, NOW_MS)


def test_the_first_record_of_a_line_carries_its_frame_and_no_other() -> None:
    seen = reading(TranscriptState(session="s"))
    seen.item({"type": "x", "id": "i"}, "t")
    seen.turn("t", status="completed")
    seen.count("control")
    assert [item.frames for item in seen.got.items] == [1]
    assert [turn.frames for turn in seen.got.turns] == [0]
    assert seen.got.counts.total() == 0


def test_an_item_too_deep_to_be_written_is_one_drop_however_often_it_happens_in_a_line() -> None:
    deep: Any = 0
    for _ in range(300):
        deep = [deep]
    seen = reading(TranscriptState(session="s"))
    seen.item({"type": "x", "id": "i", "deep": deep}, "t")
    seen.item({"type": "x", "id": "j", "deep": deep}, "t")
    assert seen.got.counts == {"dropped:malformed": 1}
    assert not seen.got.items


@pytest.mark.parametrize(
    ("value", "turn"),
    [({}, "u1"), ({"promptId": "p1"}, "u1"), ({"promptId": "p9"}, "p9"), ({"promptId": 7}, "u1")],
)
def test_a_line_belongs_to_the_open_turn_unless_it_names_another_prompt(value: dict[str, Any], turn: str) -> None:
    seen = reading(TranscriptState(session="s", turn="u1", prompt="p1"))
    seen.value = value
    assert seen.turn_of_line() == turn


def test_where_no_turn_was_seen_a_line_belongs_to_the_session() -> None:
    assert reading(TranscriptState(session="s")).turn_of_line() == "s"


def test_a_turn_that_closes_reads_its_open_calls_again_and_ends_them_and_only_its_own() -> None:
    state = TranscriptState(session="s", turn="t2", ended=False)
    state.opened("toolu_0", 0, len(LINE), 0, "t1")
    state.opened("toolu_1", 0, len(LINE), 0, "t2")
    seen = reading(state, LINE)
    seen.close_turn("was interrupted", interrupted=True)
    assert shown(seen.got) == [("toolCall", "interrupted", "toolu_1")]
    assert bodies(seen.got)[0]["agentId"] == "a7"
    assert [(note.subject, note.at_ms) for note in seen.got.audit] == [("toolu_1", NOW_MS)]
    assert [(turn.turn_id, turn.status) for turn in seen.got.turns] == [("t2", "interrupted")]
    assert state.ended


def test_a_place_without_the_call_gives_none() -> None:
    seen = reading(TranscriptState(), LINE)
    assert seen.call_at(0, len(LINE), 1) is None
    assert seen.call_at(0, len(LINE) - 1, 0) is None
