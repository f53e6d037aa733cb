"""The SQLite engine: one file, one connection, and what its failures mean. Read `database.py` for how it is opened."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import peewee
from peewee import PeeweeException, SqliteDatabase, __exception_wrapper__, fn  # type: ignore[attr-defined]  # not in peewee's stub

from storage.connection import BUSY_MS, REFUSED_MS, Cursor, Database, Writer
from storage.errors import StoreCorrupt, StoreError, StoreUnavailable
from storage.file_piece import read_piece
from storage.sqlite_file import HEADER_BYTES, logged, promised

_NORMAL = 1
"""SQLite's number for `synchronous=NORMAL`."""
STEPS = 20_000
"""Of SQLite's machine between two looks at the clock: less than a millisecond."""
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_CAUSES = {
    sqlite3.SQLITE_FULL: ("the disk is full", "free space on the disk that holds {path}; storing goes on by itself"),
    sqlite3.SQLITE_BUSY: ("another program holds the lock", "close whatever has {path} open for writing"),
    sqlite3.SQLITE_LOCKED: ("another program holds the lock", "close whatever has {path} open for writing"),
    sqlite3.SQLITE_INTERRUPT: ("it did not answer in time", "ask for less, or look what keeps {path} busy"),
    sqlite3.SQLITE_READONLY: ("it became read-only", "make {path} and its folder writable again"),
    sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", "see that {path} and its folder exist and are writable"),
    sqlite3.SQLITE_IOERR: (
        "the disk reported an error",
        "check the disk that holds {path}: space, quota, file size limit",
    ),
}


_INDEXES = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%USING fts5%'"


class Sqlite(Database, SqliteDatabase):
    """An open file."""

    dialect = "sqlite"
    errors = (PeeweeException, sqlite3.Error)
    path: Path

    def run(self, sql: str, params: Sequence[Any] = ()) -> Cursor:
        return self._run(sql, params)

    def run_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        with __exception_wrapper__:
            cursor: sqlite3.Cursor = self.connection().executemany(sql, rows)  # type: ignore[no-untyped-call]  # peewee's stub
        return max(0, cursor.rowcount)

    def _run(self, sql: str, params: Sequence[Any]) -> sqlite3.Cursor:
        """Past peewee's own way, which costs as much as a small statement does."""
        with __exception_wrapper__:
            cursor: sqlite3.Cursor = self.connection().execute(sql, params)  # type: ignore[no-untyped-call]  # peewee's stub
        return cursor

    def add(self, sql: str, params: Sequence[Any]) -> int | None:
        cursor = self._run(sql, params)
        return cursor.lastrowid if cursor.rowcount == 1 else None

    def tables(self) -> set[str]:
        return {name for (name,) in self.run("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def joined(self, column: Any) -> peewee.Node:
        found: peewee.Node = fn.GROUP_CONCAT(column.distinct())
        return found

    def failure(self, error: Exception) -> StoreError:
        return failure(error, self.path)

    def give_up_at(self, due_s: float) -> None:
        late = lambda: time.monotonic() >= due_s  # noqa: E731  asked every so many steps of SQLite's machine
        self.connection().set_progress_handler(late, STEPS)  # type: ignore[no-untyped-call]  # peewee's stub

    def begin_read(self) -> None:
        self.begin("DEFERRED")

    def begin_write(self) -> None:
        self.begin("IMMEDIATE")

    def leave(self) -> None:
        if self.is_closed():
            return
        try:
            if self.connection().in_transaction:  # type: ignore[no-untyped-call]  # peewee's stub
                self.rollback()
        except PeeweeException:
            self.close()


class SqliteWriter(Writer, Sqlite):
    """The writing connection to a file."""

    identity: tuple[int, int]
    """Device and inode of the file that was opened."""
    eye: int | None = None
    """A descriptor of the file for `look`, kept as long as the connection.

    A POSIX lock belongs to the process, not to the descriptor: closing any descriptor of the file drops the locks that
    SQLite holds on it. The next program that closes the database then takes itself for the last one and deletes the
    write-ahead log under us, with all that is written from there on (seen).
    """

    def look(self) -> None:
        """See that the file still is a database and holds as many pages as it says, or its log does: what is cached
        would hide it for long.

        A checkpoint that somebody else makes changes file and log between two reads of them, and so does a VACUUM.
        Damage stays.

        Errors: StoreCorrupt.
        """
        with suppress(OSError):
            if self.eye is None:
                self.eye = os.open(self.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            broken = self._broken(self.eye)
            if broken is not None and broken == self._broken(self.eye):
                raise StoreCorrupt(f"{self.path} was cut off or overwritten", "it is set aside, and a fresh one begun")

    def _broken(self, eye: int) -> bytes | None:
        """How the file begins when it is not whole. Errors: OSError."""
        header = read_piece(eye, HEADER_BYTES, 0)
        pages = promised(header)
        if pages is None:
            return header
        missing = range(os.fstat(eye).st_size // pages.size + 1, pages.total + 1)
        if not missing:
            return None
        log = logged(self.path.with_name(f"{self.path.name}-wal"))
        return header if len(missing) > len(log) or not log.issuperset(missing) else None

    def close(self) -> bool:
        closed = bool(super().close())
        if self.eye is not None:
            os.close(self.eye)
            self.eye = None
        return closed

    @contextmanager
    def unhurried(self) -> Iterator[None]:
        """With `synchronous=NORMAL` a commit is written to the log and not flushed; the next flush takes it along."""
        try:
            (level,) = self.run("PRAGMA synchronous").fetchone()
            self.run(f"PRAGMA synchronous = {min(level, _NORMAL)}")
        except self.errors as error:
            raise self.failure(error) from None
        try:
            yield
        finally:
            with suppress(*self.errors):  # a connection that broke is made anew, and as careful as its pragmas say
                if not self.is_closed():
                    self.run(f"PRAGMA synchronous = {level}")

    def indexes(self) -> list[str]:
        return [name for (name,) in self.run(_INDEXES).fetchall()]

    def reclaim(self, compact: bool) -> bool:
        """Free pages are overwritten already (`secure_delete`); the log holds old copies until it is cut, and full-text
        indexes only mark words as deleted until they are merged."""
        try:
            for table in self.indexes():
                self.run(f'INSERT INTO "{table}" ("{table}") VALUES (?)', ("optimize",))
            if compact:
                self.run("VACUUM")
            (busy, _, _) = self.run("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except PeeweeException as error:
            raise self.failure(error) from None
        return not busy

    def begin_write(self) -> None:
        self._same_file()
        try:
            super().begin_write()
        except PeeweeException as error:
            if code_of(error) == sqlite3.SQLITE_BUSY:
                self.timeout = REFUSED_MS / 1000
            raise
        self.timeout = BUSY_MS / 1000

    def _same_file(self) -> None:
        """SQLite writes happily into a file that was deleted or replaced under it, and all of that would be lost."""
        try:
            found = os.stat(self.path)
        except OSError:
            found = None
        if found is None or (found.st_dev, found.st_ino) != self.identity:
            raise StoreUnavailable(
                f"cannot write {self.path}: the file was moved, removed or replaced while it was open",
                "put it back, or restart capture to begin a new one",
            )


def failure(error: Exception, path: Path) -> StoreError:
    """What an error of the database means to a person. SQLite's messages name tables and columns, never values."""
    code = code_of(error)
    if code in _DAMAGED:
        return StoreCorrupt(
            f"{path} is damaged or not a capture database",
            "move the file (and its -wal and -shm) aside and restore a copy, or start a new one",
        )
    cause, hint = _CAUSES.get(code, (str(error), "see that {path} is a healthy capture database"))
    return StoreUnavailable(f"cannot use {path}: {cause}", hint.format(path=path))


def code_of(error: Exception) -> int:
    """SQLite's primary result code; 0 when there is none."""
    return int(getattr(getattr(error, "orig", error), "sqlite_errorcode", 0)) & 0xFF
