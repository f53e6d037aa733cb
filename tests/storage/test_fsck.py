"""What does not agree is found; what follows from the rest is mended, and nothing else is touched."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import open_reader, open_writer
from storage.errors import StoreCorrupt
from storage.fsck import LOOKS, Check, examine, steps
from storage.reader import Reader
from storage.schema import TABLES
from storage.store import Store
from tests.storage.story import Stream, message, open_store, raw_rows, rows, staged, turn


@pytest.fixture
def store(place: str) -> Iterator[Store]:
    with_store = filled(place)
    yield with_store
    with_store.close()


def filled(place: str) -> Store:
    with_store = open_store(place)
    Stream(with_store).send(
        7,
        turns=[turn("completed", completed_at_ms=9)],
        items=[
            message("i1", "first"),
            message("i2", kind="commandExecution", body='{"command":["ls","-l"],"aggregatedOutput":"a\\u0000b"}'),
            message("i3", "EXPLODE"),
            message("i4", "last"),
        ],
        staged=[staged("i5", 2, turn="u2")],
    )
    return with_store


def look(place: str, repair: bool = False) -> dict[str, Check]:
    database = open_writer(place) if repair else open_reader(place)
    try:
        return {check.name: check for check in examine(database, repair, "fsck", 5)}
    finally:
        database.close()


def test_a_healthy_store_is_as_it_should_be(store: Store, place: str) -> None:
    for repair in (False, True):
        found = look(place, repair)
        assert {check.state for check in found.values()} == {"ok"}, found
        assert len(found) == steps() == len(LOOKS)
    assert rows(store, "SELECT count(*) FROM audit WHERE kind = 'store_repaired'") == [(0,)]


BREAKS = {
    "counts": ("UPDATE turns SET item_count = 9", "turn u1 says 9 items and has 4"),
    "order": ("UPDATE items SET ordinal = 1 WHERE item_id IN ('i2', 'i3')", "3 items of one turn have place 1"),
    "results": ("UPDATE turns SET result_item_id = 'i1'", "turn u1 does not point at its last answer"),
    "bodies": ("UPDATE items SET text = 'something else' WHERE item_id = 'i1'", "the text of item i1 is not that"),
    "ledger": ("UPDATE offsets SET difference = 7", "a difference of 7 is noted, it is 0"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_what_follows_from_other_rows_is_worked_out_again(store: Store, place: str, name: str) -> None:
    before = raw_rows(store)
    offsets = rows(store, "SELECT * FROM offsets")
    sql, said = BREAKS[name]
    store._database.run(sql)
    found = look(place)
    assert found[name].state == "wrong"
    assert said in found[name].text
    assert look(place, repair=True)[name].state == "repaired"
    assert {check.state for check in look(place).values()} == {"ok"}
    assert raw_rows(store) == before
    assert rows(store, "SELECT * FROM offsets") == offsets
    assert (name,) in rows(store, "SELECT subject FROM audit WHERE kind = 'store_repaired'")


LOSSES = {
    "a body that was changed": ("UPDATE items SET body = '{\"text\":\"forged\"}' WHERE item_id = 'i1'", "bodies"),
    "a body that is no JSON": ("UPDATE items SET body = 'x' WHERE item_id = 'i1'", "bodies"),
    "a frame that is nowhere": ("UPDATE offsets SET received = received + 1", "ledger"),
    "dispositions of nothing": ("UPDATE ledger SET run_id = 'nobody'", "ledger"),
}


@pytest.mark.parametrize("what", LOSSES)
def test_what_nobody_can_know_is_told_and_left(store: Store, place: str, what: str) -> None:
    sql, name = LOSSES[what]
    store._database.run(sql)
    before = raw_rows(store)
    for _ in range(2):
        assert look(place, repair=True)[name].state == "wrong"
    assert raw_rows(store) == before


def test_rows_that_point_at_nothing_go(tmp_path: Path) -> None:
    place = str(tmp_path / "capture.sqlite3")
    store = filled(place)
    store._database.run("PRAGMA foreign_keys = OFF")
    store._database.run("DELETE FROM items WHERE item_id = 'i2'")
    store.close()
    found = look(place)
    assert "1 rows of item_sources have no items" in found["keys"].text
    repaired = look(place, repair=True)
    assert (repaired["keys"].state, repaired["counts"].state) == ("repaired", "repaired")
    assert {check.state for check in look(place).values()} == {"ok"}


def test_an_index_that_lost_its_rows_is_built_again(tmp_path: Path) -> None:
    place = str(tmp_path / "capture.sqlite3")
    filled(place).close()
    with sqlite3.connect(place) as connection:  # two indexes are swapped behind SQLite's back
        roots = dict(connection.execute("SELECT name, rootpage FROM sqlite_master WHERE type = 'index'"))
        connection.execute("PRAGMA writable_schema = ON")
        for name, other in (("turns_key", "pulls_key"), ("pulls_key", "turns_key")):
            connection.execute("UPDATE sqlite_master SET rootpage = ? WHERE name = ?", (roots[other], name))
    connection.close()
    assert "missing from index turns_key" in look(place)["file"].text
    assert look(place, repair=True)["file"].state == "repaired"
    assert look(place)["file"].state == "ok"


def test_a_damaged_file_is_damage_and_no_fault_of_rows(tmp_path: Path) -> None:
    path = tmp_path / "capture.sqlite3"
    store = open_store(tmp_path)
    Stream(store).send(50, items=[message(f"i{n}", "x" * 3_000) for n in range(50)])
    store.close()
    middle = path.stat().st_size // 2
    with path.open("r+b") as file:
        file.seek(middle)
        file.write(b"\xff" * (middle // 2))
    with pytest.raises(StoreCorrupt, match="is damaged"):
        look(str(path))


def test_a_missing_table_or_column_is_named(store: Store, place: str) -> None:
    store._database.run("DROP TABLE pulls")
    store._database.run("ALTER TABLE audit DROP COLUMN frames")
    database = open_reader(place)
    found = list(dict(LOOKS)["schema"](database))
    database.close()
    assert {fault.text for fault in found} == {"table pulls is missing", "column audit.frames is missing"}
    assert len(TABLES) > 2


def test_a_search_index_without_the_words_of_its_rows_is_built_again(tmp_path: Path) -> None:
    place = str(tmp_path / "capture.sqlite3")
    filled(place).close()
    with sqlite3.connect(place) as connection:
        connection.execute("INSERT INTO item_search (item_search) VALUES ('delete-all')")
    connection.close()
    assert look(place, repair=True)["search"].state == "repaired"
    assert look(place, repair=True)["search"].state == "ok"
    with Reader(place) as reader:
        assert [hit["item_id"] for hit in reader.search("first")["hits"]] == ["i1"]


def test_a_text_in_the_tools_own_order_of_members_is_that_of_its_body(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    body = '{"type":"toolCall","id":"i1","tool":"Edit","arguments":{"old_string":"two","new_string":"three"}}'
    Stream(store).send(2, turns=[turn("completed")], items=[message("i1", kind="toolCall", body=body)])
    store.close()
    found = look(str(tmp_path / "capture.sqlite3"))
    assert found["bodies"].state == "ok", found
