from __future__ import annotations

from actors.wire.rollout_state import CALLS_MAX, ID_CHARS_MAX, LINEAGE_MAX, RolloutState

OLD, MIDDLE, NEW = (f"01a{digit}0000-0000-7000-8000-000000000001" for digit in "123")


def test_a_turn_belongs_to_the_youngest_session_that_is_not_younger_than_itself() -> None:
    state = RolloutState(session=NEW, lineage=[MIDDLE, OLD])
    assert state.owner(NEW[:35] + "2") == NEW
    assert state.owner(MIDDLE[:35] + "2") == MIDDLE
    assert state.owner(OLD[:35] + "2") == OLD
    assert state.owner("01a00000-0000-7000-8000-000000000001") == OLD  # older than all: the first of them


def test_a_turn_without_a_time_is_the_files_own() -> None:
    assert RolloutState(session=NEW, lineage=[OLD]).owner("rollout-3") == NEW
    assert RolloutState(session="0f5b4e9e-9e3f-4b9a-8d2f-000000000001", lineage=[OLD]).owner(OLD) != OLD


def test_however_full_it_is_it_fits_its_column() -> None:
    state = RolloutState(session=NEW, said=[2**32 - 1] * 8)
    for number in range(LINEAGE_MAX * 2):
        state.descends_from(f"{number:036d}")
    state.turn = "t" * 36
    for number in range(CALLS_MAX * 2):
        state.opened(f"{number:0{ID_CHARS_MAX // 4}d}", 2**40, 2**23)
    assert len(state.calls) == CALLS_MAX
    assert f"{CALLS_MAX * 2 - 1:0{ID_CHARS_MAX // 4}d}" in state.calls
    assert len(state.dumped()) < 65_536
    assert RolloutState.loaded(state.dumped()) == state
