from __future__ import annotations

from typing import Any

from actors.wire.gathered import FileLine, Gathered
from actors.wire.rollout_reading import Reading
from actors.wire.rollout_state import RolloutState
from tests.actors.wire.file_house import NOW_MS, Bytes


def reading(state: RolloutState) -> Reading:
    return Reading(state, Gathered(), Bytes(b""), None, NOW_MS, FileLine(b"", 0, 0))


def test_an_item_too_deep_to_be_written_is_a_drop() -> None:
    deep: Any = 0
    for _ in range(300):
        deep = [deep]
    seen = reading(RolloutState(session="s"))
    assert not seen.item({"type": "x", "id": "i", "deep": deep}, "t", None, None)
    assert seen.got.counts == {"dropped:malformed": 1}
    assert not seen.got.items


def test_a_turn_that_closes_names_its_open_calls_and_only_its_own() -> None:
    state = RolloutState(session="s", turn="t1")
    state.opened("c1", 0, 1)
    state.turn = "t2"
    state.opened("c2", 1, 1)
    seen = reading(state)
    seen.close_turn("was interrupted")
    assert [(note.kind, note.subject, note.at_ms) for note in seen.got.audit] == [("item_interrupted", "c2", NOW_MS)]
    assert list(state.calls) == ["c1"]
    assert state.turn == ""
