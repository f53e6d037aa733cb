"""The PostgreSQL engine: the same verbs on a server. Read `sqltext.py` for how one SQL serves both engines.

Writers take turns by an advisory lock of their schema, held for a transaction: what `BEGIN IMMEDIATE` is to a file. So
READ COMMITTED is enough, and nothing has to be tried again because two writers met. Readers see one snapshot and may
not write. Nothing the driver says about a connection is passed on: it quotes the DSN, and a password may be in there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Self

import peewee
import psycopg
from peewee import InterfaceError, OperationalError, PeeweeException, PostgresqlDatabase, __exception_wrapper__, fn  # type: ignore[attr-defined]  # not in peewee's stub
from psycopg.adapt import Buffer, Loader
from psycopg.pq import TransactionStatus

from storage.connection import BUSY_MS, REFUSED_MS, Cursor, Database, Writer
from storage.dsn import label_of
from storage.errors import StoreCorrupt, StoreError, StoreNotWritable, StoreUnavailable
from storage.sqltext import NUL, NUL_SHOWN, for_postgres

CONNECT_S = 3
"""How long a connection may take, unless the DSN says `connect_timeout`; inside the ping deadline of who writes."""
SILENT_MS = 10_000
"""Bytes that a server does not take for this long are a broken connection (TCP)."""

_LOCK = "SELECT pg_advisory_xact_lock(hashtext('hybrid-capture'), hashtext(current_schema()))"
_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_WRITE = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
# A server may be set up to acknowledge what is not on its disk yet; other values are as strong as `on`, or stronger.
_SESSION = f"""SET client_min_messages = error; SET lock_timeout = {BUSY_MS};
    SET idle_in_transaction_session_timeout = 0;
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"""
_SEES = "SELECT current_setting('server_encoding'), current_schema()"

_LOCKED = "55P03"
_DAMAGED = ("XX001", "XX002")
_CAUSES: tuple[tuple[str, str, str], ...] = (
    ("53100", "the server's disk is full", "free space there; storing goes on by itself"),
    ("53", "the server has no room for another connection or task", "raise its limits, or close other connections"),
    (_LOCKED, "another program holds the lock", "close whatever else writes to {label}"),
    ("57014", "it did not answer in time", "ask for less, or look what keeps the server busy"),
    ("40", "another program changed the same rows at the same time", "close whatever else writes to {label}"),
    ("25006", "it is read-only", "give the DSN of the primary server"),
    ("28", "the server refuses the login", "see user and password: in the DSN, PGPASSWORD or ~/.pgpass"),
    ("3D000", "there is no such database", "create it with `createdb --encoding=UTF8`"),
    ("42501", "this user may not do that", "make the user owner of the database or of a schema in it"),
    ("57", "the server ended the connection", "see that the server runs; storing goes on by itself"),
    ("58", "the server's disk reported an error", "see the server's log"),
    ("XX", "the server had an internal error", "see the server's log"),
)
"""SQLSTATE, or how it begins; the first that fits."""
_REFUSALS: tuple[tuple[str, str], ...] = (
    ("authentication failed", "28"),
    ("no password supplied", "28"),
    ("pg_hba.conf", "28"),
    ("too many clients", "53"),
    ("does not exist", "3D000"),
)
"""What a server says when it takes no connection, which comes without a SQLSTATE. In another language than English it
counts as no connection at all."""


class Postgres(Database, PostgresqlDatabase):
    """A connection to a server, and through it to one schema of one database."""

    dialect = "postgres"
    errors = (PeeweeException, psycopg.Error)

    @classmethod
    def at(cls, dsn: str) -> Self:
        """Not connected yet. Errors: StoreNotWritable when the DSN cannot be read."""
        label = label_of(dsn)
        options: dict[str, Any] = {"application_name": "hybrid-capture", "tcp_user_timeout": SILENT_MS}
        if "connect_timeout" not in dsn:
            options["connect_timeout"] = CONNECT_S
        found = cls("postgresql://" + dsn.partition("://")[2], prefer_psycopg3=True, **options)
        found.label = label
        return found

    def run(self, sql: str, params: Sequence[Any] = ()) -> Cursor:
        cursor: Cursor = self.execute_sql(for_postgres(sql), [_value(each) for each in params])  # type: ignore[no-untyped-call]  # peewee's stub
        return cursor

    def run_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        if not rows:
            return 0
        with __exception_wrapper__:
            given = [[_value(each) for each in row] for row in rows]
            cursor = self.cursor()  # type: ignore[no-untyped-call]  # peewee's stub
            cursor.executemany(for_postgres(sql), given)
        return max(0, int(cursor.rowcount))

    def add(self, sql: str, params: Sequence[Any]) -> int | None:
        row = self.run(f"{sql} RETURNING id", params).fetchone()
        return None if row is None else int(row[0])

    def tables(self) -> set[str]:
        return set(self.get_tables())

    def joined(self, column: Any) -> peewee.Node:
        found: peewee.Node = fn.string_agg(column.distinct(), ",")
        return found

    def failure(self, error: Exception) -> StoreError:
        return failure(error, self.label)

    def give_up_at(self, due_s: float) -> None:
        left_ms = max(1, int((due_s - time.monotonic()) * 1000))  # 0 would mean: never
        self._say(f"SET statement_timeout = {left_ms}")

    def begin_read(self) -> None:
        self._begin(_READ)

    def begin_write(self) -> None:
        self._begin(_WRITE)
        self._say(_LOCK)

    def _begin(self, sql: str) -> None:
        """A connection that was lost while nobody used it is no trouble: nothing was begun, so a new one begins it."""
        try:
            self._say(sql)
        except PeeweeException:
            if not self.is_closed() and self._connection.closed:
                self.close()
                self._say(sql)
            else:
                raise

    def commit(self) -> None:
        cursor = self._say("COMMIT")
        if cursor.statusmessage != "COMMIT":  # after a failed statement the server answers COMMIT with a rollback
            raise OperationalError("the transaction had failed before its end")

    def leave(self) -> None:
        if self.is_closed():
            return
        try:
            status = self._connection.info.transaction_status
            if status == TransactionStatus.UNKNOWN:
                self.close()
            elif status != TransactionStatus.IDLE:
                self.rollback()
        except PeeweeException:
            self.close()

    def check(self) -> None:
        """See that texts arrive as they are sent, and that there is a schema. Errors: StoreNotWritable."""
        encoding, schema = self.run(_SEES).fetchone()
        if encoding != "UTF8":
            hint = "create one with `createdb --encoding=UTF8 --template=template0`"
            raise StoreNotWritable(f"{self.label} is encoded as {encoding}, which cannot hold every text", hint)
        if schema is None:
            raise StoreNotWritable(f"{self.label} has none of the schemas that it is told to use", "create the schema")

    def _say(self, sql: str) -> psycopg.Cursor[Any]:
        cursor: psycopg.Cursor[Any] = self.execute_sql(sql)  # type: ignore[no-untyped-call]  # peewee's stub
        return cursor

    @property
    def _connection(self) -> psycopg.Connection[Any]:
        connection: psycopg.Connection[Any] = self.connection()  # type: ignore[no-untyped-call]  # peewee's stub
        return connection

    def _connect(self) -> Any:
        connection = super()._connect()  # type: ignore[misc]  # not in peewee's stub
        connection.adapters.register_loader("numeric", _Whole)
        connection.execute(_SESSION)
        return connection


class PostgresWriter(Writer, Postgres):
    """The writing connection to a server."""

    refused = False
    """Whether the last write did not get its lock."""

    def begin_write(self) -> None:
        self._begin(_WRITE)
        if self.refused:
            self._say(f"SET LOCAL lock_timeout = {REFUSED_MS}")
        try:
            self._say(_LOCK)
        except PeeweeException as error:
            self.refused = state_of(error) == _LOCKED
            raise
        self.refused = False

    @contextmanager
    def unhurried(self) -> Iterator[None]:
        try:
            (before,) = self.run("SELECT current_setting('synchronous_commit')").fetchone()
            self.run("SET synchronous_commit TO OFF")
        except self.errors as error:
            self.leave()
            raise self.failure(error) from None
        try:
            yield
        finally:
            with suppress(*self.errors):  # a connection that broke is made anew, and as careful as ever
                if not self.is_closed():
                    self.run("SELECT set_config('synchronous_commit', ?, false)", (before,))

    def indexes(self) -> list[str]:
        return []

    def reclaim(self, compact: bool) -> bool:
        """Deleted rows are in their pages until VACUUM, and their bytes until the pages are written anew (FULL). The
        server's own log and its backups are out of our reach."""
        how = "(FULL, SKIP_LOCKED)" if compact else "(SKIP_LOCKED)"
        try:
            for table in sorted(self.tables()):
                self.run(f'VACUUM {how} "{table}"')
        except PeeweeException as error:
            raise self.failure(error) from None
        return True


class _Whole(Loader):
    """PostgreSQL adds up 64-bit integers as `numeric`; to us they are integers."""

    def load(self, data: Buffer) -> int | float:
        text = bytes(data).decode()
        return int(text) if text.lstrip("-").isdecimal() else float(text)


def _value(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and NUL in value:
        return value.replace(NUL, NUL_SHOWN)
    return value


def failure(error: Exception, label: str) -> StoreError:
    """What an error of the driver means to a person, in our words: the driver's quote values, and a DSN."""
    state = state_of(error) or next((state for words, state in _REFUSALS if words in str(error)), "")
    if state in _DAMAGED:
        return StoreCorrupt(f"{label} is damaged", "see the server's log, and restore a copy of the database")
    for begins, cause, hint in _CAUSES:
        if state.startswith(begins):
            return StoreUnavailable(f"cannot use {label}: {cause}", hint.format(label=label))
    if not state and isinstance(error, (OperationalError, InterfaceError)):
        hint = "see that the server runs there and takes connections; storing goes on by itself"
        return StoreUnavailable(f"cannot use {label}: there is no connection", hint)
    return StoreUnavailable(f"cannot use {label}: {type(error).__name__} {state}".rstrip(), "see the server's log")


def state_of(error: Exception) -> str:
    """The SQLSTATE; empty when there is none."""
    return str(getattr(getattr(error, "orig", error), "sqlstate", None) or "")
