"""Turns, their tokens and their one result."""

from __future__ import annotations

import pytest

from tests.storage.story import HIDDEN, SECRET, Stream, dispositions, message, open_store, rows, turn

USAGE = "SELECT input, cached, output, reasoning, total, other FROM usage"


@pytest.mark.parametrize("end", ["completed", "interrupted", "failed"])
def test_a_turn_ends_once(place: str, end: str) -> None:
    store = open_store(place)
    stream = Stream(store)
    stream.send(1, turns=[turn("inProgress", started_at_ms=1)])
    assert len(stream.send(1, turns=[turn(end, error="e" if end == "failed" else None)]).announce) == 1
    assert stream.send(1, turns=[turn("completed", duration_ms=4)]).announce == ()
    assert rows(store, "SELECT status, duration_ms FROM turns") == [(end, None)]
    store.close()


def test_a_start_that_comes_late_is_filled_in(place: str) -> None:
    store = open_store(place)
    stream = Stream(store)
    stream.send(1, turns=[turn("completed")])
    stream.send(1, turns=[turn("inProgress", started_at_ms=3)])
    stream.send(1, turns=[turn("inProgress", started_at_ms=9)])
    assert rows(store, "SELECT status, started_at_ms FROM turns") == [("completed", 3)]
    assert dispositions(store) == {"stored": 2, "duplicate": 1}
    store.close()


def test_tokens_only_grow(place: str) -> None:
    store = open_store(place)
    stream = Stream(store)
    stream.send(1, turns=[turn(usage={"input": 5, "output": 1, "total": 6})])
    stream.send(1, turns=[turn(usage={"input": 3, "output": 4, "odd": 2, "huge": 2**70})])
    assert rows(store, USAGE) == [(5, None, 4, None, 6, '{"huge":null,"odd":2}')]
    stream.send(1, turns=[turn(usage={"input": 5, "odd": 1})])
    assert dispositions(store) == {"stored": 2, "duplicate": 1}
    store.close()


def test_the_error_of_a_turn_is_redacted(place: str) -> None:
    store = open_store(place)
    Stream(store).send(1, turns=[turn("failed", error=f"401 for {SECRET}")])
    assert rows(store, "SELECT error FROM turns") == [(f"401 for {HIDDEN}",)]
    store.close()


def test_a_turn_without_an_answer_has_no_result(place: str) -> None:
    store = open_store(place)
    Stream(store).send(2, turns=[turn("interrupted")], items=[message("i1", kind="userMessage")])
    assert rows(store, "SELECT result_item_id, item_count FROM turns") == [(None, 1)]
    store.close()


def test_an_open_turn_has_no_result_yet(place: str) -> None:
    store = open_store(place)
    stream = Stream(store)
    stream.send(2, turns=[turn("inProgress")], items=[message("i1")])
    assert rows(store, "SELECT result_item_id FROM turns") == [(None,)]
    stream.send(1, turns=[turn("completed")])
    assert rows(store, "SELECT result_item_id FROM turns") == [("i1",)]
    store.close()


def test_a_message_that_comes_after_the_end_is_the_result(place: str) -> None:
    store = open_store(place)
    stream = Stream(store)
    stream.send(2, turns=[turn("completed")], items=[message("i1")])
    stream.send(2, items=[message("i2"), message("i1")])
    assert rows(store, "SELECT result_item_id, item_count FROM turns") == [("i2", 2)]
    store.close()
