"""How a server's database is opened, and what is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from storage.database import open_reader, open_writer
from storage.errors import NothingCaptured, StoreCorrupt, StoreNotWritable, StoreUnavailable, WrongSchema
from storage.migrations import MIGRATIONS, Migration
from storage.schema import TABLES
from tests.server import PostgresServer

pytestmark = pytest.mark.postgres
OF_THE_INDEX = {("items", "words")}
"""Columns that the search index of a server keeps for itself."""


@pytest.fixture
def dsn(postgres_server: PostgresServer) -> str:
    return postgres_server.dsn()


def test_a_reader_of_an_empty_schema_says_that_nothing_was_captured_and_makes_nothing(dsn: str) -> None:
    for _ in range(2):
        with pytest.raises(NothingCaptured, match="nothing has been captured yet"):
            open_reader(dsn)


def test_tables_have_the_columns_of_the_models(dsn: str) -> None:
    writer = open_writer(dsn)
    for model in TABLES:
        meta = model._meta
        columns = {column.name: column.null for column in writer.get_columns(meta.table_name)}
        found = {name: null for name, null in columns.items() if (meta.table_name, name) not in OF_THE_INDEX}
        assert found == {field.column_name: field.null for field in meta.sorted_fields}, meta.table_name
    writer.close()


def test_somebody_elses_tables_are_left_alone(dsn: str, postgres_server: PostgresServer) -> None:
    for table in ("notes (a text)", "meta (a text)"):
        postgres_server.ask(f"CREATE TABLE {table}", dsn)
        for opening in (open_writer, open_reader):
            with pytest.raises(StoreCorrupt, match=r"has tables, but not ours.*search_path"):
                opening(dsn)
        postgres_server.ask(f"DROP TABLE {table.split()[0]}", dsn)


def test_versions_are_not_mixed(dsn: str) -> None:
    newer = (*MIGRATIONS, Migration(len(MIGRATIONS) + 1, "next", ("ALTER TABLE sessions ADD COLUMN label TEXT",)))
    open_writer(dsn).close()
    with pytest.raises(WrongSchema, match="start capture once"):
        open_reader(dsn, newer)
    open_writer(dsn, newer).close()
    for opening in (open_writer, open_reader):
        with pytest.raises(WrongSchema, match="upgrade hybrid-capture"):
            opening(dsn)


def test_a_step_that_fails_leaves_the_version_before(dsn: str, postgres_server: PostgresServer) -> None:
    broken = (*MIGRATIONS, Migration(len(MIGRATIONS) + 1, "broken", ("CREATE TABLE half (a TEXT)", "nonsense")))
    with pytest.raises(StoreUnavailable, match="42601"):
        open_writer(dsn, broken)
    assert postgres_server.ask("SELECT value FROM meta WHERE key = 'schema_version'", dsn) == [(str(len(MIGRATIONS)),)]
    writer = open_writer(dsn)
    assert "half" not in writer.tables()
    writer.close()


def test_two_that_begin_a_store_at_once_make_one(dsn: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        for writer in pool.map(open_writer, [dsn] * 4):
            assert "items" in writer.tables()
            writer.close()


def test_a_database_that_cannot_hold_every_text_is_refused(postgres_server: PostgresServer) -> None:
    postgres_server.ask("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    dsn = postgres_server.dsn().split("?")[0].removesuffix("/postgres") + "/latin"
    with pytest.raises(StoreNotWritable, match="encoded as LATIN1"):
        open_writer(dsn)
