"""A turn with two names is one row, whoever says which of them first."""

from __future__ import annotations

import itertools

from tests.storage.conftest import Places
from tests.storage.story import Files, message, open_store, response, rows, thread, turn

PROMPT, OTHER = "64a2bb62-0000-4000-8000-000000000001", "71bba547-0000-4000-8000-000000000002"
FIRST, SECOND = "f5df329d-0000-4000-8000-000000000003", "5a21e8d0-0000-4000-8000-000000000004"


def test_a_turn_is_one_row_whichever_name_comes_first(places: Places) -> None:
    by_transcript = [turn("completed", turn=FIRST, prompt_id=PROMPT, completed_at_ms=9)]
    by_telemetry = [turn("inProgress", turn=PROMPT, started_at_ms=3)]
    of_a_sub_agent = [turn(turn=PROMPT, trace_id="a" * 32)]
    for order in itertools.permutations((by_transcript, by_telemetry, of_a_sub_agent)):
        store = open_store(places())
        for incarnation, turns in enumerate(order, 1):
            source = "otlp" if turns is by_telemetry else "transcript"
            Files(store, source=source, tool="claude", incarnation=incarnation).send(turns=turns)
        found = rows(store, "SELECT turn_id, status, started_at_ms, completed_at_ms, trace_id FROM turns")
        assert found == [(FIRST, "completed", 3, 9, "a" * 32)]
        store.close()


def test_a_name_that_a_fork_gave_to_all_its_turns_is_that_of_its_own(places: Places) -> None:
    store = open_store(places())
    files = Files(store, source="transcript", tool="claude")
    files.send(sessions=[thread(created_at_ms=1)], turns=[turn(turn=FIRST, prompt_id=PROMPT)])
    files.send(
        sessions=[thread("fork", created_at_ms=5)],
        turns=[turn(turn=each, prompt_id=OTHER, session="fork") for each in (FIRST, SECOND)],
    )
    telemetry = Files(store, source="otlp", tool="claude")
    telemetry.send(turns=[turn(turn=OTHER, session="fork", trace_id="b" * 32)])
    assert rows(
        store,
        "SELECT s.session_id, t.turn_id, t.trace_id FROM turns t JOIN sessions s ON s.id = t.session_row ORDER BY t.id",
    ) == [("t1", FIRST, None), ("fork", SECOND, "b" * 32)]
    store.close()


def test_a_turn_that_telemetry_told_first_and_a_fork_second_is_one_row_when_its_own_file_comes(places: Places) -> None:
    by_telemetry = {
        "turns": [turn(turn=PROMPT, trace_id="a" * 32)],
        "usage": [response("r1", turn=PROMPT, input=5, frames=1)],
    }
    by_fork = {
        "sessions": [thread("fork", created_at_ms=5)],
        "turns": [turn("completed", turn=FIRST, session="fork"), turn(turn=SECOND, prompt_id=OTHER, session="fork")],
        "items": [message("i1", turn=FIRST, session="fork")],
        "usage": [response("r1", turn=FIRST, session="fork", input=5, frames=1)],
    }
    by_origin = {
        "sessions": [thread(created_at_ms=1)],
        "turns": [turn("completed", turn=FIRST, prompt_id=PROMPT)],
        "items": [message("i1", turn=FIRST)],
        "usage": [response("r1", turn=FIRST, input=5, frames=1)],
    }
    for order in itertools.permutations((by_telemetry, by_fork, by_origin)):
        store = open_store(places())
        for incarnation, said in enumerate(order, 1):
            source = "otlp" if said is by_telemetry else "transcript"
            Files(store, source=source, tool="claude", incarnation=incarnation).send(**said)
        assert rows(
            store,
            "SELECT s.session_id, t.turn_id, t.status, t.trace_id FROM turns t JOIN sessions s ON s.id = t.session_row"
            " ORDER BY s.session_id DESC",
        ) == [("t1", FIRST, "completed", "a" * 32), ("fork", SECOND, None, None)]
        assert rows(
            store,
            "SELECT s.session_id, r.response_id, t.turn_id, r.input, r.in_file, r.in_telemetry FROM response_usage r"
            " JOIN sessions s ON s.id = r.session_row JOIN turns t ON t.id = r.turn_row",
        ) == [("t1", "r1", FIRST, 5, 1, 1)]
        store.close()
