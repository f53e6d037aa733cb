"""What goes wrong with a file has a name."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from peewee import DatabaseError, OperationalError

from storage.connection import Writer
from storage.database import open_writer
from storage.errors import StoreCorrupt, StoreUnavailable
from storage.sqlite import Sqlite, code_of, failure
from storage.sqlite_file import HEADER_BYTES, logged, promised


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


def test_a_file_is_called_by_its_path(tmp_path: Path) -> None:
    writer = open_writer(tmp_path / "c.sqlite3")
    assert isinstance(writer, Sqlite)
    assert writer.label == str(tmp_path / "c.sqlite3")
    writer.close()


def test_a_glance_sees_a_file_that_was_cut_off_or_overwritten_under_its_writer(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite3"
    writer = open_writer(path)
    writer.look()
    writer.pragma("wal_checkpoint", "TRUNCATE")
    writer.look()
    whole = path.read_bytes()
    for broken in (whole[:-1], whole[:50], b"", b"\x00" * len(whole)):
        path.write_bytes(broken)
        with pytest.raises(StoreCorrupt, match="cut off or overwritten"):
            writer.look()
    path.write_bytes(whole)
    writer.look()
    writer.close()


def test_a_file_of_which_a_reader_keeps_the_end_in_the_log_is_whole(tmp_path: Path) -> None:
    """A checkpoint stops short of what was written since a reader looked, though the first page says how much there is.

    Seen: a healthy store set aside in the middle of a session, because a panel was reading when the log was full.
    """
    path = tmp_path / "c.sqlite3"
    writer = open_writer(path)
    log = path.with_name("c.sqlite3-wal")
    try:
        put_in(writer, 50)
        with closing(sqlite3.connect(path)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM meta").fetchone()
            with writer.write(lambda: None):
                writer.run("UPDATE meta SET value = upper(value) WHERE key LIKE 'long %'")  # not the first page
            writer.run("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            promises = promised(path.read_bytes()[:HEADER_BYTES])
            assert promises is not None
            assert path.stat().st_size < promises.total * promises.size
            writer.look()
            whole = log.read_bytes()
            for broken in (whole[:32], whole[:31], b"", b"\0" * len(whole), whole[:40] + b"\1" + whole[41:]):
                log.write_bytes(broken)
                with pytest.raises(StoreCorrupt, match="cut off or overwritten"):
                    writer.look()
            log.write_bytes(whole)
            writer.look()
    finally:
        writer.close()


def test_a_glance_in_the_middle_of_a_checkpoint_by_somebody_else_sees_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first page says how many there are while the last is not written yet; then the log is begun anew."""
    path = tmp_path / "c.sqlite3"
    writer = open_writer(path)
    try:
        writer.pragma("wal_checkpoint", "TRUNCATE")
        writer.look()
        whole = path.read_bytes()
        path.write_bytes(whole[:-4096])

        def finished(log: Path) -> set[int]:
            path.write_bytes(whole)
            return logged(log)

        monkeypatch.setattr("storage.sqlite.logged", finished)
        writer.look()
    finally:
        writer.close()


def put_in(writer: Writer, count: int) -> None:
    """So many rows of more than half a page."""
    with writer.write(lambda: None):
        for number in range(count):
            writer.run("INSERT INTO meta (key, value) VALUES (?, ?)", (f"long {number}", "x" * 2_500))


def test_another_program_that_comes_and_goes_takes_nothing_away_from_a_writer_that_glances(tmp_path: Path) -> None:
    """Its log would be deleted under it, if the glance had dropped the locks that SQLite holds for this process."""
    place = tmp_path / "capture.sqlite3"
    writer = open_writer(place)
    try:
        writer.look()
        other(place, "BEGIN IMMEDIATE")
        writer.look()
        assert place.with_name("capture.sqlite3-wal").exists()
        with writer.write(lambda: None):
            writer.run("INSERT INTO meta (key, value) VALUES ('kept', 'yes')")
        assert other(place, "SELECT value FROM meta WHERE key = 'kept'") == "[('yes',)]"
    finally:
        writer.close()


def other(place: Path, statement: str) -> str:
    """What another process is answered; it closes the database when it leaves."""
    code = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); print(c.execute(sys.argv[2]).fetchall()); c.close()"
    command = [sys.executable, "-c", code, str(place), statement]
    return subprocess.run(command, check=True, timeout=30, capture_output=True, text=True).stdout.strip()
