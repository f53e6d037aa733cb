"""How a store on a PostgreSQL server is opened, for the one writer and for readers. `database.py` sends DSNs here."""

from __future__ import annotations

from typing import TypeVar

from peewee import PeeweeException

from storage.errors import NothingCaptured, NotOurs, StoreError
from storage.migrations import Migration, migrate, refuse_newer, refuse_older, schema_version
from storage.postgres import Postgres, PostgresWriter

_Opened = TypeVar("_Opened", bound=Postgres)


def open_writer(dsn: str, migrations: tuple[Migration, ...]) -> PostgresWriter:
    """The store at `dsn`, its tables made if need be, checked and migrated. The database itself has to exist.

    Errors: StoreNotWritable, StoreCorrupt, WrongSchema, StoreUnavailable. Never touches tables that are not ours.
    """
    database = _opened(PostgresWriter, dsn)
    try:
        refuse_newer(_known_version(database), database.label, migrations)
        migrate(database, migrations)
    except PeeweeException as error:
        found: StoreError = database.failure(error)
    except BaseException:  # the caller has not got it yet, so nobody else would close it
        database.close()
        raise
    else:
        return database
    database.close()
    raise found


def open_reader(dsn: str, migrations: tuple[Migration, ...]) -> Postgres:
    """A connection that only reads, beside a live writer or alone.

    Errors: NothingCaptured when there are no tables, WrongSchema when they are of another version, StoreUnavailable.
    """
    database = _opened(Postgres, dsn)
    try:
        version = _known_version(database)
        if version == 0:
            raise NothingCaptured(
                f"nothing has been captured yet in {database.label}", "start capture, then look again"
            )
        refuse_newer(version, database.label, migrations)
        refuse_older(version, database.label, migrations)
    except PeeweeException as error:
        found: StoreError = database.failure(error)
    except BaseException:  # the caller has not got it yet, so nobody else would close it
        database.close()
        raise
    else:
        return database
    database.close()
    raise found


def _opened(kind: type[_Opened], dsn: str) -> _Opened:
    """Connected and checked. What the driver says of a failed connection is left behind: it quotes the DSN."""
    database = kind.at(dsn)
    try:
        database.connect()
        database.check()
    except PeeweeException as error:
        found: StoreError = database.failure(error)
    except StoreError as error:
        found = error
    else:
        return database
    database.leave()
    database.close()
    raise found


def _known_version(database: Postgres) -> int:
    version = schema_version(database)
    if version is None:
        raise NotOurs(
            f"{database.label} has tables, but not ours",
            "give a database of its own, or a schema by `?options=-csearch_path%3DNAME` in the DSN",
        )
    return version
