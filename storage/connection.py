"""The SQLite connection: how a statement runs, how a write commits or leaves nothing, and what its failures mean.

Never here: SQL of its own. Read `database.py` for how connections are opened.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from peewee import IntegrityError, PeeweeException, ProgrammingError, SqliteDatabase

from storage.errors import StoreCorrupt, StoreError, StoreUnavailable

_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_CAUSES = {
    sqlite3.SQLITE_FULL: ("the disk is full", "free space on the disk that holds {path}; storing goes on by itself"),
    sqlite3.SQLITE_BUSY: ("another program holds the lock", "close whatever has {path} open for writing"),
    sqlite3.SQLITE_LOCKED: ("another program holds the lock", "close whatever has {path} open for writing"),
    sqlite3.SQLITE_READONLY: ("it became read-only", "make {path} and its folder writable again"),
    sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", "see that {path} and its folder exist and are writable"),
    sqlite3.SQLITE_IOERR: (
        "the disk reported an error",
        "check the disk that holds {path}: space, quota, file size limit",
    ),
}


class Database(SqliteDatabase):
    """An open file."""

    path: Path

    def run(self, sql: str, params: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run one statement. The driver keeps it prepared: the same text again costs no parsing."""
        cursor: sqlite3.Cursor = self.execute_sql(sql, params)  # type: ignore[no-untyped-call]  # peewee's stub
        return cursor

    def add(self, sql: str, params: Sequence[Any]) -> int | None:
        """Run one INSERT of one row; gives its row id, or None when it was there already (ON CONFLICT DO NOTHING)."""
        cursor = self.run(sql, params)
        return cursor.lastrowid if cursor.rowcount == 1 else None

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Several queries that see the same moment. Errors: StoreUnavailable, StoreCorrupt."""
        try:
            self.run("BEGIN DEFERRED")
            try:
                yield
            finally:
                self.run("ROLLBACK")
        except (IntegrityError, ProgrammingError):
            raise
        except PeeweeException as error:
            raise failure(error, self.path) from error


class Writer(Database):
    """The one writing connection of a store. Opened in the process that uses it: it must not be carried over a fork."""

    identity: tuple[int, int]
    """Device and inode of the file that was opened."""

    @contextmanager
    def write(self, undo: Callable[[], None]) -> Iterator[None]:
        """One transaction: commits at the end, or leaves nothing and calls `undo`, so that memory forgets it too.

        Errors: StoreUnavailable when it did not commit (the next call starts fresh), StoreCorrupt when the file is
        damaged. Any other exception passes after the rollback.
        """
        try:
            self._same_file()
            self.begin("IMMEDIATE")
            yield
            self.commit()
        except (IntegrityError, ProgrammingError):
            self._give_up(undo)
            raise  # a mistake of ours: no retry would help, so it must not look like a full disk
        except PeeweeException as error:
            self._give_up(undo)
            raise failure(error, self.path) from error
        except BaseException:
            self._give_up(undo)
            raise

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

    def _give_up(self, undo: Callable[[], None]) -> None:
        """Roll back; after trouble that a rollback cannot mend, drop the connection: the next call opens a new one."""
        undo()
        if self.is_closed():
            return
        try:
            if self.connection().in_transaction:  # type: ignore[no-untyped-call]  # peewee's stub
                self.rollback()
        except PeeweeException:
            self.close()


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
