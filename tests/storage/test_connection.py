"""A write commits or leaves nothing, and its failures have names."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from peewee import DatabaseError, IntegrityError, OperationalError

from storage.connection import Writer, code_of, failure
from storage.database import open_writer
from storage.errors import StoreCorrupt, StoreUnavailable

ADD = "INSERT INTO meta (key, value) VALUES (?, ?)"


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    return open_writer(tmp_path / "c.sqlite3")


def count(writer: Writer) -> int:
    return int(writer.run("SELECT count(*) FROM meta").fetchone()[0])


def test_a_write_commits_at_its_end(writer: Writer) -> None:
    undone: list[int] = []
    with writer.write(lambda: undone.append(1)):
        assert writer.add(ADD, ("a", "b")) is not None
    assert count(writer) == 2
    assert undone == []


def test_a_write_that_raises_leaves_nothing_and_says_so(writer: Writer) -> None:
    undone: list[int] = []

    def interrupted() -> None:
        with writer.write(lambda: undone.append(1)):
            writer.run(ADD, ("a", "b"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (count(writer), undone) == (1, [1])
    with writer.write(lambda: None):
        writer.run(ADD, ("a", "b"))
    assert count(writer) == 2


def test_a_mistake_of_ours_does_not_look_like_a_full_disk(writer: Writer) -> None:
    with pytest.raises(IntegrityError), writer.write(lambda: None):
        writer.run(ADD, ("schema_version", "2"))
    assert count(writer) == 1


def test_a_row_that_is_there_already_has_no_new_id(writer: Writer) -> None:
    assert writer.add(f"{ADD} ON CONFLICT (key) DO NOTHING", ("schema_version", "9")) is None


def test_after_a_lost_connection_the_next_write_opens_a_new_one_with_all_its_settings(writer: Writer) -> None:
    writer.close()
    with writer.write(lambda: None):
        writer.run(ADD, ("a", "b"))
    assert (writer.pragma("synchronous"), writer.pragma("secure_delete"), writer.pragma("foreign_keys")) == (2, 1, 1)


def test_reads_in_one_block_see_one_moment(writer: Writer, tmp_path: Path) -> None:
    other = open_writer(tmp_path / "c.sqlite3")
    with other.reading():
        before = count(other)
        with writer.write(lambda: None):
            writer.run(ADD, ("a", "b"))
        assert count(other) == before
    assert count(other) == before + 1


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (sqlite3.SQLITE_FULL, StoreUnavailable, "the disk is full; free space"),
        (sqlite3.SQLITE_BUSY, StoreUnavailable, "holds the lock"),
        (sqlite3.SQLITE_IOERR | (2 << 8), StoreUnavailable, "disk reported an error"),
        (sqlite3.SQLITE_READONLY, StoreUnavailable, "read-only"),
        (sqlite3.SQLITE_CORRUPT, StoreCorrupt, "move the file"),
        (sqlite3.SQLITE_NOTADB, StoreCorrupt, "not a capture database"),
        (999 << 8, StoreUnavailable, "what sqlite said"),
    ],
)
def test_each_failure_names_the_file_and_what_to_do(code: int, kind: type[Exception], words: str) -> None:
    original = sqlite3.OperationalError("what sqlite said")
    original.sqlite_errorcode = code
    error = failure(OperationalError(original, "what sqlite said"), Path("/state/capture.sqlite3"))
    assert type(error) is kind
    assert words in str(error)
    assert "/state/capture.sqlite3" in str(error)


def test_an_error_without_a_code_has_none() -> None:
    assert code_of(DatabaseError("x")) == 0
