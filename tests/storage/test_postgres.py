"""The server may leave at any moment; what it says is told in our words, and never with the password."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from contextlib import suppress

import pytest
from peewee import OperationalError, ProgrammingError
from psycopg import errors

from storage.connection import Writer
from storage.database import open_reader, open_writer
from storage.errors import StoreCorrupt, StoreError, StoreUnavailable
from storage.postgres import Postgres, failure, state_of
from tests.server import PostgresServer

pytestmark = pytest.mark.postgres
ADD = "INSERT INTO sessions (tool, session_id, first_seen_ms, source) VALUES ('codex', ?, 1, 'stream')"


@pytest.fixture
def dsn(postgres_server: PostgresServer) -> str:
    return postgres_server.dsn()


@pytest.fixture
def writer(dsn: str) -> Iterator[Writer]:
    opened = open_writer(dsn)
    yield opened
    opened.close()


def count(database: Writer) -> int:
    return int(database.run("SELECT count(*) FROM sessions").fetchone()[0])


def test_a_connection_lost_in_a_transaction_leaves_nothing_and_the_next_call_has_a_new_one(
    writer: Writer, postgres_server: PostgresServer
) -> None:
    undone: list[int] = []

    def interrupted() -> None:
        with writer.write(lambda: undone.append(1)):
            writer.run(ADD, ("a",))
            postgres_server.hang_up()
            writer.run(ADD, ("b",))

    with pytest.raises(StoreUnavailable, match="storing goes on by itself"):
        interrupted()
    assert undone == [1]
    with writer.write(lambda: None):
        writer.run(ADD, ("c",))
    assert count(writer) == 1


def test_a_connection_lost_in_the_very_commit_is_unavailable(writer: Writer, postgres_server: PostgresServer) -> None:
    def interrupted() -> None:
        with writer.write(lambda: None):
            writer.run(ADD, ("a",))
            postgres_server.hang_up()

    with pytest.raises(StoreUnavailable):
        interrupted()
    assert count(writer) == 0


def test_a_connection_lost_while_idle_is_not_even_noticed(writer: Writer, postgres_server: PostgresServer) -> None:
    postgres_server.hang_up()
    with writer.write(lambda: None):
        writer.run(ADD, ("a",))
    postgres_server.hang_up()
    with writer.reading():
        assert count(writer) == 1


def test_a_server_that_left_is_unavailable_until_it_is_back_with_everything(
    writer: Writer, postgres_server: PostgresServer
) -> None:
    with writer.write(lambda: None):
        writer.run(ADD, ("a",))
    postgres_server.kill()
    try:
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match="cannot use postgresql://127"), writer.write(lambda: None):
                writer.run(ADD, ("b",))
    finally:
        postgres_server.start()
    with writer.write(lambda: None):
        writer.run(ADD, ("c",))
    assert count(writer) == 2


def test_a_statement_that_failed_and_was_swallowed_cannot_commit(writer: Writer) -> None:
    def swallowing() -> None:
        with writer.write(lambda: None):
            writer.run(ADD, ("a",))
            with suppress(ProgrammingError):
                writer.run("SELECT * FROM no_such_table")

    with pytest.raises(StoreUnavailable):
        swallowing()
    assert count(writer) == 0


def test_commits_are_on_the_disk_also_where_the_server_would_not_wait(
    dsn: str, postgres_server: PostgresServer
) -> None:
    postgres_server.ask("ALTER ROLE capture SET synchronous_commit = off")
    try:
        writer = open_writer(dsn)
        assert writer.run("SHOW synchronous_commit").fetchone() == ("on",)
        writer.close()
    finally:
        postgres_server.ask("ALTER ROLE capture RESET synchronous_commit")


def told_by(opening: str) -> tuple[StoreError, str]:
    with pytest.raises(StoreError) as caught:
        open_writer(opening)
    return caught.value, "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda dsn, pw: dsn.replace(pw, f"{pw}x"), "refuses the login"),
        (lambda dsn, pw: dsn.replace("/postgres?", "/no_such_database?"), "there is no such database"),
        (lambda dsn, pw: re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:999999", dsn), "cannot be read"),
        (lambda dsn, pw: dsn.split("127.0.0.1")[0] + "127.0.0.1:1/x", "there is no connection"),
        (lambda dsn, pw: dsn + "&" + pw + "=1", "cannot use"),
        (lambda dsn, pw: dsn.replace(pw, f"{pw}@y"), "cannot be read"),
        (lambda dsn, pw: dsn.replace("capture_", "no_such_schema_"), "none of the schemas"),
    ],
)  # fmt: skip
def test_whatever_is_wrong_with_a_dsn_the_password_is_not_told(
    dsn: str, postgres_server: PostgresServer, change: object, said: str
) -> None:
    assert callable(change)
    error, trace = told_by(change(dsn, postgres_server.password))
    assert said in str(error)
    assert postgres_server.password not in trace + repr(error) + str(error)


def test_nobody_sees_the_password_of_a_store_that_works(
    writer: Writer, dsn: str, postgres_server: PostgresServer
) -> None:
    reader = open_reader(dsn)
    for shown in (writer.label, reader.label, repr(writer), str(writer), repr(reader)):
        assert postgres_server.password not in shown
    reader.close()
    assert postgres_server.password.encode() not in postgres_server.log()


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (errors.DiskFull(), StoreUnavailable, "the server's disk is full; free space"),
        (errors.LockNotAvailable(), StoreUnavailable, "holds the lock"),
        (errors.SerializationFailure(), StoreUnavailable, "changed the same rows"),
        (errors.DeadlockDetected(), StoreUnavailable, "changed the same rows"),
        (errors.ReadOnlySqlTransaction(), StoreUnavailable, "read-only"),
        (errors.InsufficientPrivilege(), StoreUnavailable, "this user may not do that"),
        (errors.TooManyConnections(), StoreUnavailable, "no room"),
        (errors.AdminShutdown(), StoreUnavailable, "the server ended the connection"),
        (errors.IoError(), StoreUnavailable, "the server's disk reported an error"),
        (errors.DataCorrupted(), StoreCorrupt, "is damaged"),
        (errors.IndexCorrupted(), StoreCorrupt, "is damaged"),
        (OperationalError("secret words"), StoreUnavailable, "there is no connection"),
        (ValueError("secret words"), StoreUnavailable, "ValueError"),
    ],
)
def test_each_failure_says_what_to_do_in_our_words(error: Exception, kind: type[Exception], words: str) -> None:
    told = failure(error, "postgresql://db/capture")
    assert type(told) is kind
    assert words in str(told)
    assert "postgresql://db/capture" in str(told)
    assert "secret" not in str(told)


def test_an_error_without_a_state_has_none() -> None:
    assert state_of(ValueError("x")) == ""
    assert state_of(OperationalError(errors.DiskFull())) == "53100"


def test_a_dsn_of_the_other_spelling_is_the_same(dsn: str) -> None:
    database = Postgres.at(dsn.replace("postgresql://", "postgres://"))
    assert database.run("SELECT 1").fetchone() == (1,)
    database.close()
