"""A copy is whole and private, or there is none; and it can take the store's place."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import backup
from storage.backup import back_up
from storage.errors import NothingCaptured, StoreNotWritable
from storage.reader import Reader
from storage.store import Store
from tests.storage.story import Stream, canonical_rows, message, open_store, rows, turn
from tests.systems import posix


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "state")
    Stream(store).send(3, turns=[turn("completed")], items=[message("i1"), message("i2", "x" * 50_000)])
    yield store
    store.close()


@posix
def test_a_backup_beside_a_live_writer_is_complete_and_private(store: Store, tmp_path: Path) -> None:
    store._database.begin_write()  # somebody is in the middle of something
    try:
        done = back_up(tmp_path / "state" / "capture.sqlite3", tmp_path / "b.sqlite3")
    finally:
        store._database.rollback()
    assert (done.sessions, done.items) == (1, 2)
    assert done.bytes_count == done.path.stat().st_size > 50_000
    assert stat.S_IMODE(done.path.stat().st_mode) == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["b.sqlite3", "state"]


@posix
def test_a_backup_that_takes_the_stores_place_goes_on_from_where_it_was(store: Store, tmp_path: Path) -> None:
    before = canonical_rows(store)
    back_up(tmp_path / "state" / "capture.sqlite3", tmp_path / "b.sqlite3")
    restored = tmp_path / "restored"
    restored.mkdir(mode=0o700)
    (tmp_path / "b.sqlite3").rename(restored / "capture.sqlite3")
    again = open_store(restored, "r2")
    assert canonical_rows(again) == before
    Stream(again).send(2, items=[message("i1"), message("i3")])
    assert rows(again, "SELECT decision FROM dedupe_log WHERE run_id = 'r2' ORDER BY id") == [
        ("duplicate",),
        ("accepted",),
    ]
    assert again.ledger().balanced
    again.close()


def test_nothing_that_was_deleted_is_in_a_backup(store: Store, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "state" / "capture.sqlite3") as careless:
        careless.execute("PRAGMA secure_delete = OFF")
        careless.execute("UPDATE items SET text = 'short', body = '{}' WHERE item_id = 'i2'")
        careless.execute("INSERT INTO item_search (item_search) VALUES ('rebuild')")
    done = back_up(tmp_path / "state" / "capture.sqlite3", tmp_path / "b.sqlite3")
    assert b"xxxxxxxx" not in done.path.read_bytes()


@posix
@pytest.mark.parametrize("what", ["file", "folder", "dangling link"])
def test_nothing_is_overwritten(store: Store, tmp_path: Path, what: str) -> None:
    to = tmp_path / "b.sqlite3"
    {"file": lambda: to.write_text("mine"), "folder": to.mkdir, "dangling link": lambda: to.symlink_to("nowhere")}[
        what
    ]()
    with pytest.raises(StoreNotWritable, match="exists already"):
        back_up(tmp_path / "state" / "capture.sqlite3", to)
    assert os.path.lexists(to)
    assert what != "file" or to.read_text() == "mine"


def test_a_file_that_appears_meanwhile_is_not_overwritten(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = tmp_path / "b.sqlite3"
    checked = backup._checked

    def late(part: Path) -> tuple[int, int]:
        to.write_text("mine")
        return checked(part)

    monkeypatch.setattr(backup, "_checked", late)
    with pytest.raises(StoreNotWritable, match="exists already"):
        back_up(tmp_path / "state" / "capture.sqlite3", to)
    assert to.read_text() == "mine"
    assert not list(tmp_path.glob("*.part"))


def test_what_a_killed_backup_left_is_no_obstacle(store: Store, tmp_path: Path) -> None:
    (tmp_path / "b.sqlite3.part").write_bytes(b"half")
    assert back_up(tmp_path / "state" / "capture.sqlite3", tmp_path / "b.sqlite3").items == 2


def test_a_place_that_cannot_be_written_is_named(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreNotWritable, match=r"nowhere/b\.sqlite3: No such file"):
        back_up(tmp_path / "state" / "capture.sqlite3", tmp_path / "nowhere" / "b.sqlite3")
    with pytest.raises(NothingCaptured):
        back_up(tmp_path / "none.sqlite3", tmp_path / "b.sqlite3")


def test_a_server_has_its_own_tool(tmp_path: Path) -> None:
    with pytest.raises(StoreNotWritable, match="pg_dump"):
        back_up("postgresql://me:hunter2@db/capture", tmp_path / "b")


def test_a_backup_reads_like_the_store(store: Store, tmp_path: Path) -> None:
    back_up(tmp_path / "state" / "capture.sqlite3", tmp_path / "b.sqlite3")
    with Reader(tmp_path / "b.sqlite3") as reader:
        assert [each["session_id"] for each in reader.sessions()] == ["t1"]


@pytest.mark.parametrize("taken", [False, True])
def test_a_file_system_without_hard_links_takes_a_backup_and_nobodys_place(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: bool
) -> None:
    to = tmp_path / "b.sqlite3"

    def link(_part: Path, _to: Path) -> None:
        if taken:
            to.write_text("mine")
        raise PermissionError(1, "Operation not permitted")  # what vfat says

    monkeypatch.setattr(os, "link", link)
    if taken:
        with pytest.raises(StoreNotWritable, match="exists already"):
            back_up(tmp_path / "state" / "capture.sqlite3", to)
        assert to.read_text() == "mine"
    else:
        assert back_up(tmp_path / "state" / "capture.sqlite3", to).items == 2
    assert not list(tmp_path.glob("*.part"))
