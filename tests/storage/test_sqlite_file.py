"""What is read from the bytes of a database is what SQLite itself says of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage.sqlite_file import HEADER_BYTES, logged, promised


@pytest.mark.parametrize("size", [512, 4_096, 65_536])
def test_a_file_promises_as_many_pages_as_sqlite_counts(tmp_path: Path, size: int) -> None:
    path = tmp_path / "c.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA page_size = {size}")
        database.execute("CREATE TABLE t AS SELECT zeroblob(100000) AS b")
        database.commit()
        (count,) = database.execute("PRAGMA page_count").fetchone()
    assert promised(path.read_bytes()[:HEADER_BYTES]) == (count, size)


@pytest.mark.parametrize("header", [b"", b"SQLite format 3\0", b"\0" * HEADER_BYTES, b"SQLite format 3\0" + b"\0" * 84])
def test_what_is_no_database_promises_nothing(header: bytes) -> None:
    assert promised(header) is None


def test_a_log_holds_the_pages_that_were_written_since_it_was_begun(tmp_path: Path) -> None:
    path, log = tmp_path / "c.sqlite3", tmp_path / "c.sqlite3-wal"
    assert logged(log) == set()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE t AS SELECT zeroblob(100000) AS b")
        database.commit()
        (count,) = database.execute("PRAGMA page_count").fetchone()
        assert logged(log) == set(range(1, count + 1))
        database.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
        database.execute("CREATE TABLE u (b)")  # the log is begun anew, with what is left over behind it
        database.commit()
        assert logged(log) == {1, count + 1}
        assert log.stat().st_size > (count - 1) * 4_096
