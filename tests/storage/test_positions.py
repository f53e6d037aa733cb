"""How far files are stored: every byte once, through rotation, truncation and moves."""

from __future__ import annotations

from pathlib import Path

from messages.baseline import FileFound, FilePosition, FilesWanted, RecordsRefused
from storage.store import Store
from tests.storage.story import HIDDEN, SECRET, Files, open_store, position, rows, whole_file


def told(store: Store, path: str = "/w/a.jsonl", device: int = 1, inode: int = 2) -> FilePosition | None:
    wanted = FilesWanted(incarnation=1, n=4, files=(FileFound(path=path, device=device, inode=inode),))
    answer = store.file_positions(wanted)
    assert (answer.incarnation, answer.n) == (1, 4)
    return answer.positions[0] if answer.positions else None


def test_a_position_is_told_as_it_was_kept_also_after_a_restart(place: str) -> None:
    store = open_store(place)
    Files(store).send(position=position(50, state='{"turn":"u1"}'))
    store.close()
    store = open_store(place, "r2")
    assert told(store) == position(50, from_offset=50, state='{"turn":"u1"}')
    assert told(store, "/w/never.jsonl", 9, 9) is None
    store.close()


def test_records_that_do_not_follow_on_what_is_stored_are_refused_and_change_nothing(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    files = Files(store)
    files.send(position=position(50))
    before = list(store._database.connection().iterdump())
    for from_offset in (0, 10, 60):
        reply = files.send(position=position(80, from_offset), counts={"control": 3}).reply
        files.n -= 1
        assert isinstance(reply, RecordsRefused)
        assert (reply.code, reply.offset, reply.through_n) == ("position", 50, 1)
    assert list(store._database.connection().iterdump()) == before
    files.send(position=position(80, 50))
    assert rows(store, 'SELECT "offset" FROM files') == [(80,)]
    store.close()


def test_a_new_file_begins_at_its_beginning(place: str) -> None:
    store = open_store(place)
    reply = Files(store).send(position=position(80, 50)).reply
    assert isinstance(reply, RecordsRefused)
    assert (reply.code, reply.offset) == ("position", 0)
    store.close()


def test_a_file_that_took_anothers_place_or_shrank_begins_anew(place: str) -> None:
    store = open_store(place)
    files = Files(store)
    files.send(position=position(50))
    files.send(position=position(30, inode=3, head="h2"))
    assert told(store, inode=3) == position(30, 30, inode=3, head="h2")
    files.send(position=position(10, inode=3, head="h2", size=10))
    assert told(store, inode=3) == position(10, 10, inode=3, head="h2", size=10)
    store.close()


def test_a_moved_file_goes_on_where_it_was(place: str) -> None:
    store = open_store(place)
    files = Files(store)
    files.send(position=position(50))
    assert told(store, "/archive/a.jsonl") == position(50, 50, path="/archive/a.jsonl")
    files.send(position=position(70, 50, path="/archive/a.jsonl"))
    assert rows(store, 'SELECT path, "offset" FROM files') == [("/archive/a.jsonl", 70)]
    store.close()


def test_a_secret_in_a_path_or_a_state_stays_outside(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    Files(store).send(position=position(5, path=f"/w/{SECRET}.jsonl", state=f'{{"call":"{SECRET}"}}'))
    assert SECRET.encode() not in whole_file(tmp_path)
    found = told(store, f"/w/{SECRET}.jsonl")
    assert found is not None
    assert found.state == f'{{"call":"{HIDDEN}"}}'
    store.close()


def test_a_state_that_cannot_be_kept_is_an_empty_one(place: str) -> None:
    store = open_store(place)
    Files(store).send(position=position(5, state="[not json"))
    assert rows(store, "SELECT state FROM files") == [("{}",)]
    store.close()


def test_a_file_system_may_use_all_64_bits_of_its_numbers(place: str) -> None:
    store = open_store(place)
    files = Files(store)
    large = {"device": 2**64 - 1, "inode": 2**63 + 5}
    assert told(store, **large) is None
    files.send(position=position(50, **large))
    assert told(store, **large) == position(50, from_offset=50, **large)
    moved = told(store, "/w/moved.jsonl", **large)
    assert moved is not None
    assert (moved.path, moved.inode) == ("/w/moved.jsonl", 2**63 + 5)
    files.send(position=position(80, 50, **large))
    assert told(store, **large) == position(80, from_offset=80, **large)
    store.close()


def test_a_path_may_be_bytes_that_are_no_text(place: str) -> None:
    odd = "/w/caf\udce9.jsonl"
    store = open_store(place)
    Files(store).send(position=position(50, path=odd))
    assert told(store, odd) == position(50, from_offset=50, path=odd)
    assert rows(store, "SELECT path FROM files") == [("/w/caf?.jsonl",)]
    store.close()
