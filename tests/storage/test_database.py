"""How the file is opened, and what is refused."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
from pathlib import Path

import pytest

import storage
from storage.connection import BUSY_MS
from storage.database import open_reader, open_writer
from storage.errors import NothingCaptured, StoreCorrupt, StoreNotWritable, StoreUnavailable, WrongSchema
from storage.migrations import MIGRATIONS, Migration
from tests.systems import posix


@posix
def test_a_new_file_and_its_folder_are_private(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "state" / "capture.sqlite3"
    before = os.umask(0)
    try:
        database = open_writer(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()} == {0o600}
    database.close()


@posix
def test_a_file_that_was_readable_by_others_becomes_private(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite3"
    open_writer(path).close()
    path.chmod(0o644)
    open_writer(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_writer_is_durable_and_leaves_no_old_bytes(tmp_path: Path) -> None:
    database = open_writer(tmp_path / "c.sqlite3")
    set_to = {name: database.pragma(name) for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys")}
    assert set_to == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}
    assert database.pragma("busy_timeout") == BUSY_MS
    database.close()


@pytest.mark.parametrize("content", [b"just a text file, long enough", b"SQLite format 2\x00" * 10, b"x"])
def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "c.sqlite3"
    path.write_bytes(content)
    for opening in (open_writer, open_reader):
        with pytest.raises(StoreCorrupt, match=r"c\.sqlite3.*move"):
            opening(path)
    assert path.read_bytes() == content


def test_a_database_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite3"
    for table in ("notes (a)", "meta (a)"):
        path.unlink(missing_ok=True)
        other = sqlite3.connect(path)
        other.execute(f"CREATE TABLE {table}")
        other.close()
        for opening in (open_writer, open_reader):
            with pytest.raises(StoreCorrupt, match="not one of ours"):
                opening(path)


def test_a_torn_file_is_corrupt(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite3"
    open_writer(path).close()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(StoreCorrupt):
        open_writer(path)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreNotWritable, match=r"file/c\.sqlite3.*choose a folder"):
        open_writer(tmp_path / "file" / "c.sqlite3")
    with pytest.raises(StoreNotWritable, match=r"Is a directory"):
        open_writer(tmp_path)


def test_a_dsn_without_its_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "storage.server", raising=False)
    monkeypatch.delitem(sys.modules, "storage.postgres", raising=False)
    monkeypatch.delattr(storage, "server", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    for opening in (open_writer, open_reader):
        with pytest.raises(StoreNotWritable, match=r"hybrid-capture\[postgres\]"):
            opening("postgresql://localhost/capture")


def test_odd_characters_in_a_path_are_part_of_the_path(tmp_path: Path) -> None:
    path = tmp_path / "a?mode=memory#%41 ü" / "c.sqlite3"
    open_writer(path).close()
    assert path.exists()
    open_reader(path).close()


def test_a_reader_without_a_file_says_that_nothing_was_captured(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite3"
    with pytest.raises(NothingCaptured, match=r"no capture database in .*: nothing has been captured yet"):
        open_reader(path)
    path.touch()
    with pytest.raises(NothingCaptured):
        open_reader(path)
    assert path.stat().st_size == 0


def test_a_reader_does_not_change_versions(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite3"
    newer = (*MIGRATIONS, Migration(len(MIGRATIONS) + 1, "next"))
    open_writer(path).close()
    with pytest.raises(WrongSchema, match="start capture once"):
        open_reader(path, newer)
    open_writer(path, newer).close()
    with pytest.raises(WrongSchema, match="upgrade hybrid-capture"):
        open_reader(path)


def test_a_vanished_file_is_not_made_anew_by_a_new_connection(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite3"
    database = open_writer(path)
    database.close()
    path.unlink()
    with pytest.raises(StoreUnavailable), database.write(lambda: None):
        database.run("SELECT 1")
    assert not path.exists()
