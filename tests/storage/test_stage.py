"""Offsets and staged rows: only what changed is written, and a rollback is not remembered."""

from __future__ import annotations

from pathlib import Path

from tests.storage.story import Stream, open_store, rows, staged

STAGED = "SELECT item_id, frames, bytes_count FROM staged_items ORDER BY item_id"


def test_staged_rows_follow_the_list_exactly(place: str) -> None:
    store = open_store(place)
    stream = Stream(store)
    stream.send(3, staged=[staged("a", 1), staged("b", 2)])
    ids = dict(rows(store, "SELECT item_id, id FROM staged_items"))
    stream.send(4, staged=[staged("b", 5, size=9), staged("c", 2)])
    assert rows(store, STAGED) == [("b", 5, 9), ("c", 2, 0)]
    assert dict(rows(store, "SELECT item_id, id FROM staged_items"))["b"] == ids["b"], "changed in place"
    store.close()


def test_an_item_that_starts_again_counts_anew(place: str) -> None:
    store = open_store(place)
    stream = Stream(store)
    stream.send(9, staged=[staged("a", 9)])
    stream.send(1, counts={"dropped:superseded": 9}, staged=[staged("a", 1)])
    assert rows(store, STAGED) == [("a", 1, 0)]
    assert store.ledger().balanced
    store.close()


def test_a_store_that_was_opened_anew_finds_what_is_staged(place: str) -> None:
    store = open_store(place)
    Stream(store).send(3, staged=[staged("a", 1), staged("b", 2)])
    store.close()
    store = open_store(place)
    stream = Stream(store)
    assert stream.through == 3
    stream.send(1, staged=[staged("b", 3), staged("a", 1)])
    stream.send(1, counts={"merged": 2}, staged=[staged("b", 3)])
    assert rows(store, STAGED) == [("b", 3, 0)]
    assert store.ledger().balanced
    store.close()


def test_generations_do_not_mix(place: str) -> None:
    store = open_store(place)
    first = Stream(store)
    first.send(1, staged=[staged("a", 1)])
    second = Stream(store, generation=2)
    second.send(2, staged=[staged("a", 2)])
    first.send(1, staged=[staged("a", 2)])
    second.send(1, staged=[staged("a", 3)])
    assert rows(store, "SELECT generation, frames FROM staged_items ORDER BY generation") == [(1, 2), (2, 3)]
    assert store.ledger().balanced
    store.close()


def test_a_checkpoint_with_nothing_but_deltas_runs_few_statements(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    stream = Stream(store)
    stream.send(1, staged=[staged("a", 1)])
    ran: list[str] = []
    store._database.connection().set_trace_callback(ran.append)
    stream.send(1, staged=[staged("a", 2)])
    store._database.connection().set_trace_callback(None)
    verbs = [statement.split()[0] for statement in ran]
    # The first look tells whether something was purged meanwhile.
    assert verbs == ["BEGIN", "SELECT", "UPDATE", "UPDATE", "SELECT", "COMMIT"]
    store.close()
