"""How a store is opened, for the one writer and for readers, and what it must be to be opened at all.

A place is the path of an SQLite file, or a DSN of a PostgreSQL database (`server.py`). Never here: SQL about sessions
or ledgers. Read `migrations.py` for the schema versions, `store.py` for the verbs.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from types import ModuleType

from peewee import DatabaseError, PeeweeException

from storage.connection import BUSY_MS, Database, Writer
from storage.dsn import is_dsn
from storage.errors import NothingCaptured, NotOurs, StoreCorrupt, StoreNotWritable, StoreUnavailable
from storage.migrations import MIGRATIONS, Migration, migrate, refuse_newer, refuse_older, schema_version
from storage.sqlite import Sqlite, SqliteWriter, code_of, failure
from storage.sqlite_file import MAGIC

WAL_BYTES_MAX = 64 * 1024 * 1024
"""What the write-ahead log is cut back to after a checkpoint of the file."""

WRITER_PRAGMAS: tuple[tuple[str, str | int], ...] = (
    ("secure_delete", "ON"),  # off or fast leave old bytes in the file after a delete or update (measured, 3.40.1)
    ("journal_mode", "WAL"),
    ("synchronous", "FULL"),
    ("foreign_keys", "ON"),
    ("temp_store", "MEMORY"),
    ("journal_size_limit", WAL_BYTES_MAX),
    ("cache_size", -8_192),
)
READER_PRAGMAS: tuple[tuple[str, str | int], ...] = (("query_only", "ON"), ("temp_store", "MEMORY"))


def open_writer(path: str | Path, migrations: tuple[Migration, ...] = MIGRATIONS) -> Writer:
    """The database at `path`, created if need be (folder 0700, file 0600), checked and migrated.

    Errors: StoreNotWritable, StoreCorrupt, WrongSchema, StoreUnavailable. Never replaces a file it does not understand.
    """
    if is_dsn(path):
        writer: Writer = _server().open_writer(str(path), migrations)
        return writer
    place = _file_path(path)
    _prepare(place)
    _refuse_unknown(place, migrations)
    database = SqliteWriter(
        # rw, not rwc: a connection that is opened anew must never create a file that vanished.
        f"{place.as_uri()}?mode=rw",
        pragmas=WRITER_PRAGMAS,
        timeout=BUSY_MS / 1000,
        lock_type="IMMEDIATE",
        uri=True,
    )
    database.path = place
    database.label = str(place)
    found = os.stat(place)
    database.identity = (found.st_dev, found.st_ino)
    try:
        database.connect()
        if database.pragma("journal_mode") != "wal":
            raise StoreNotWritable(f"{place} is on a file system without WAL support", "choose a local folder")
        version = _known_version(database, place)
        refuse_newer(version, place, migrations)
        migrate(database, migrations)
    except PeeweeException as error:
        database.close()
        raise failure(error, place) from error
    except BaseException:  # the caller has not got it yet, so nobody else would close it
        database.close()
        raise
    return database


def open_reader(path: str | Path, migrations: tuple[Migration, ...] = MIGRATIONS) -> Database:
    """A read-only connection; works while a writer is live and when none is.

    Errors: NothingCaptured when there is no file, WrongSchema when it is of another version, StoreCorrupt.
    """
    if is_dsn(path):
        reader: Database = _server().open_reader(str(path), migrations)
        return reader
    place = _file_path(path)
    if not _starts(place) and not _wal(place).exists():
        raise _nothing(place)
    try:
        database = _connect_reader(place, "mode=ro")
    except DatabaseError as error:
        # In a folder that may not be written SQLite cannot make its -shm file. Without a -wal file nobody is
        # writing and the file alone is the whole truth.
        if _wal(place).exists() or code_of(error) not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise failure(error, place) from error
        try:
            database = _connect_reader(place, "immutable=1")
        except PeeweeException as second:
            raise failure(second, place) from second
    try:
        version = _known_version(database, place)
        if version == 0:
            raise _nothing(place)
        refuse_newer(version, place, migrations)
        refuse_older(version, place, migrations)
    except PeeweeException as error:
        database.close()
        raise failure(error, place) from error
    except BaseException:  # the caller has not got it yet, so nobody else would close it
        database.close()
        raise
    return database


def _refuse_unknown(place: Path, migrations: tuple[Migration, ...]) -> None:
    """Look before touching: opening for writing alone changes a file's header. Errors: WrongSchema."""
    if not _starts(place):
        return
    try:
        peek = _connect_reader(place, "mode=ro")
    except DatabaseError:
        return  # whatever is wrong with it, the writer finds it too and names it
    try:
        refuse_newer(_known_version(peek, place), place, migrations)
    except DatabaseError:
        return
    finally:
        peek.close()


def _server() -> ModuleType:
    """What opens a DSN; its driver comes with an extra and takes 0.1 s to load, so only who needs it has it."""
    try:
        from storage import server
    except ImportError as error:
        hint = "pip install 'hybrid-capture[postgres]'"
        raise StoreNotWritable(f"PostgreSQL's driver is not installed ({error.name})", hint) from None
    return server


def _file_path(path: str | Path) -> Path:
    return Path(os.path.abspath(path))


def _wal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _prepare(path: Path) -> None:
    """Folder and file, both private, before SQLite sees them: its -wal and -shm files copy the file's mode."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        _starts(path)  # somebody else's file keeps its mode, too
        path.chmod(0o600)
    except OSError as error:
        raise StoreNotWritable(
            f"cannot write {path}: {error.strerror}", "choose a folder that this user may write"
        ) from error


def _starts(path: Path) -> bool:
    """Whether there is a database that has begun. Errors: StoreCorrupt when there is something else."""
    try:
        with path.open("rb") as file:
            start = file.read(len(MAGIC))
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StoreUnavailable(
            f"cannot read {path}: {error.strerror}", "see that this user may read the file and its folder"
        ) from error
    if start and start != MAGIC:
        # Torn pages are noise or zeros; what begins as readable text is somebody's.
        kind = NotOurs if start.isascii() and start.decode("ascii").isprintable() else StoreCorrupt
        raise kind(f"{path} is not an SQLite database", "move the file aside, or choose another state folder")
    return bool(start)


def _nothing(path: Path) -> NothingCaptured:
    return NothingCaptured(
        f"no capture database in {path.parent}: nothing has been captured yet", "start capture, then look again"
    )


def _known_version(database: Database, path: Path) -> int:
    version = schema_version(database)
    if version is None:
        raise NotOurs(
            f"{path} is an SQLite database, but not one of ours", "move it aside, or choose another state folder"
        )
    return version


def _connect_reader(path: Path, mode: str) -> Sqlite:
    database = Sqlite(f"{path.as_uri()}?{mode}", pragmas=READER_PRAGMAS, timeout=BUSY_MS / 1000, uri=True)
    database.path = path
    database.label = str(path)
    try:
        database.connect()
        database.run("SELECT count(*) FROM sqlite_master").fetchone()
    except PeeweeException:
        database.close()
        raise
    return database
