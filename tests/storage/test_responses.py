"""Model responses are counted once, whoever tells them."""

from __future__ import annotations

from tests.storage.conftest import Places
from tests.storage.story import Files, dispositions, open_store, response, rows

SPENT = """SELECT response_id, input, output, cost_usd_micros, turn_row IS NOT NULL, in_file, in_telemetry
    FROM response_usage ORDER BY id"""


def test_a_response_that_is_told_again_and_again_counts_once(place: str) -> None:
    store = open_store(place)
    files = Files(store, source="transcript", tool="claude")
    for output in (1, 42, 42):
        files.send(usage=[response("r1", input=100, output=output, frames=1)])
    assert rows(store, SPENT) == [("r1", 100, 42, None, 1, 1, 0)]
    assert dispositions(store) == {"stored": 2, "duplicate": 1}
    store.close()


def test_file_and_telemetry_tell_one_response(places: Places) -> None:
    for number in (0, 1):
        store = open_store(places())
        told = [
            lambda: Files(store, "transcript", "claude").send(usage=[response("r1", input=100, output=42)]),  # noqa: B023
            lambda: Files(store, "otlp", "claude").send(  # noqa: B023
                usage=[response("r1", turn=None, input=100, output=42, cost_usd_micros=900)]
            ),
        ]
        for tell in told if number else reversed(told):
            tell()
        assert rows(store, SPENT) == [("r1", 100, 42, 900, 1, 1, 1)]
        store.close()


def test_ids_that_repeat_across_turns_and_sessions_are_other_responses(place: str) -> None:
    store = open_store(place)
    given = [
        response("r1", turn="u1", input=1),
        response("r1", turn="u2", input=2),
        response("r1", session="t2", input=4),
    ]
    Files(store).send(usage=given)
    assert rows(store, "SELECT sum(input), count(*) FROM response_usage") == [(7, 3)]
    store.close()


def test_a_response_without_an_id_is_dropped_and_named(place: str) -> None:
    store = open_store(place)
    Files(store).send(usage=[response("", frames=1), response("r1", input=2**80, frames=1)])
    assert dispositions(store) == {"dropped:malformed": 1, "stored": 1}
    assert rows(store, "SELECT input FROM response_usage") == [(None,)]
    store.close()
