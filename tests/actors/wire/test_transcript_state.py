from __future__ import annotations

from actors.wire.transcript_state import CALLS_MAX, ID_CHARS_MAX, RESPONSES_MAX, TranscriptState


def test_a_response_is_told_first_once() -> None:
    state = TranscriptState()
    assert [state.first_told("req_1"), state.first_told("req_1"), state.first_told("req_2")] == [True, False, True]


def test_however_full_it_is_it_fits_its_column() -> None:
    state = TranscriptState(session="s" * 36, turn="t" * 36, facts=["/" + "d" * 4_000, "b", "v", "m"])
    for number in range(CALLS_MAX * 2):
        state.opened(f"toolu_{number:050d}", 2**40, 2**23, 3, "t" * 36)
    for number in range(RESPONSES_MAX * 2):
        state.first_told(f"req_{number:060d}")
    assert (len(state.calls), len(state.responses)) == (CALLS_MAX, RESPONSES_MAX)
    assert len(state.dumped()) < 65_536
    assert TranscriptState.loaded(state.dumped()) == state


def test_ids_that_are_none_of_the_tools_are_not_remembered() -> None:
    state = TranscriptState()
    state.opened("x" * (ID_CHARS_MAX + 1), 0, 1, 0, "t")
    assert state.first_told("y" * (ID_CHARS_MAX + 1))
    assert not state.calls
    assert not state.responses
