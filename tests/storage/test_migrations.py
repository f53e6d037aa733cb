"""From one schema version to the next, never by accident."""

from __future__ import annotations

from pathlib import Path

import pytest
from peewee import OperationalError, SqliteDatabase

from storage.connection import Database
from storage.database import open_writer
from storage.errors import WrongSchema
from storage.migrations import MIGRATIONS, Migration, migrate, refuse_newer, schema_version
from storage.schema import TABLES
from storage.sqlite import Sqlite


def shape(database: SqliteDatabase) -> dict[str, object]:
    """Columns, keys and unique indexes of every table."""
    found: dict[str, object] = {}
    for (table,) in database.execute_sql("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        if table.startswith("item_search"):
            continue  # FTS5's own tables
        columns = database.execute_sql(f"PRAGMA table_info({table})").fetchall()
        keys = [row[2:5] for row in database.execute_sql(f"PRAGMA foreign_key_list({table})").fetchall()]
        indexes = {
            (row[2], tuple(column[2] for column in database.execute_sql(f'PRAGMA index_info("{row[1]}")').fetchall()))
            for row in database.execute_sql(f"PRAGMA index_list({table})").fetchall()
        }
        found[table] = ([row[1:4] + row[5:] for row in columns], keys, indexes)
    return found


def test_the_last_migration_arrives_where_the_models_say(tmp_path: Path) -> None:
    modelled = SqliteDatabase(":memory:")
    with modelled.bind_ctx(TABLES):
        modelled.create_tables(TABLES, safe=False)
        expected = shape(modelled)
    migrated = open_writer(tmp_path / "c.sqlite3")
    assert shape(migrated) == expected
    migrated.close()


def fixture_of_version_1(path: Path) -> None:
    database = open_writer(path, MIGRATIONS[:1])
    database.run("INSERT INTO sessions (tool, session_id, first_seen_ms, source) VALUES ('codex', 's1', 1, 'stream')")
    database.close()


def test_version_1_is_brought_to_version_2_with_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite3"
    fixture_of_version_1(path)
    old = open_writer(path, MIGRATIONS[:1])
    old.run("INSERT INTO turns (session_row, turn_id, status, item_count) VALUES (1, 'u1', 'inProgress', 0)")
    old.close()
    database = open_writer(path)
    assert schema_version(database) == len(MIGRATIONS) >= 2
    assert database.run("SELECT turn_id, status, runner FROM turns").fetchall() == [("u1", "inProgress", None)]
    assert database.run("SELECT count(*) FROM pulls").fetchone() == (0,)
    database.close()


def test_what_sources_saw_before_the_baseline_keeps_its_revisions_and_can_be_searched(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite3"
    fixture_of_version_1(path)
    old = open_writer(path, MIGRATIONS[:2])
    old.run("INSERT INTO turns (session_row, turn_id, status, item_count) VALUES (1, 'u1', 'completed', 2)")
    for number, words in ((1, "the streamed one"), (2, "the pulled one")):
        old.run(
            "INSERT INTO items (turn_row, item_id, ordinal, kind, revision, content_hash, text, body)"
            " VALUES (1, ?, ?, 'agentMessage', 2, 'h2', ?, '{}')",
            (f"i{number}", number, words),
        )
    sightings = [
        (1, "h1", "r1", "stream"),
        (1, "h2", "r1", "stream"),
        (1, "h2", "r2", "stream"),
        (1, "h2", "r1", "pull"),
    ]
    for item, content, run, source in [*sightings, (2, "h2", "r1", "pull")]:
        old.run(
            "INSERT INTO item_sources (item_row, content_hash, run_id, source, generation, seen_at_ms)"
            " VALUES (?, ?, ?, ?, 1, 7)",
            (item, content, run, source),
        )
    old.run(
        "INSERT INTO ledger (run_id, source, generation, disposition, count) VALUES ('r1', 'stream', 1, 'stored', 2)"
    )
    old.close()
    database = open_writer(path)
    seen = "SELECT item_row, source, content_hash, revision, run_id, seen_at_ms FROM item_sources ORDER BY id"
    assert database.run(seen).fetchall() == [
        (1, "stream", "h1", 1, "r1", 7),
        (1, "stream", "h2", 2, "r1", 7),
        (1, "pull", "h2", 1, "r1", 7),
        (2, "pull", "h2", 1, "r1", 7),
    ]
    assert database.run("SELECT item_id, source FROM items ORDER BY id").fetchall() == [
        ("i1", "stream"),
        ("i2", "pull"),
    ]
    assert database.run("SELECT tool, count FROM ledger").fetchall() == [("codex", 2)]
    found = database.run("SELECT rowid FROM item_search WHERE item_search MATCH '\"pulled one\"'").fetchall()
    assert found == [(2,)]
    database.close()


def fill_label(database: Database) -> None:
    database.run("UPDATE sessions SET label = 'was ' || session_id")


NEXT = Migration(2, "labels", ("ALTER TABLE sessions ADD COLUMN label TEXT",), fill_label)


def test_an_older_file_is_brought_up_with_its_rows(tmp_path: Path) -> None:
    fixture_of_version_1(tmp_path / "c.sqlite3")
    database = open_writer(tmp_path / "c.sqlite3", (MIGRATIONS[0], NEXT))
    assert schema_version(database) == 2
    assert database.run("SELECT session_id, label FROM sessions").fetchall() == [("s1", "was s1")]
    database.close()
    again = open_writer(tmp_path / "c.sqlite3", (MIGRATIONS[0], NEXT))
    assert migrate(again, (MIGRATIONS[0], NEXT)) == 2
    again.close()


def test_a_step_that_fails_leaves_the_version_before(tmp_path: Path) -> None:
    fixture_of_version_1(tmp_path / "c.sqlite3")
    broken = Migration(3, "broken", ("CREATE TABLE half (a)", "CREATE TABLE nonsense ("))
    database = Sqlite(str(tmp_path / "c.sqlite3"))
    with pytest.raises(OperationalError):
        migrate(database, (MIGRATIONS[0], NEXT, broken))
    assert schema_version(database) == 2
    assert database.run("SELECT count(*) FROM sqlite_master WHERE name = 'half'").fetchone() == (0,)
    database.close()


def test_a_newer_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite3"
    open_writer(path, (MIGRATIONS[0], NEXT)).close()
    before = path.read_bytes()
    with pytest.raises(WrongSchema, match=r"version 2.*upgrade hybrid-capture, or move the file aside"):
        open_writer(path, MIGRATIONS[:1])
    assert path.read_bytes() == before
    with pytest.raises(WrongSchema):
        refuse_newer(len(MIGRATIONS) + 1, path)


def test_migrations_are_numbered_without_a_hole(tmp_path: Path) -> None:
    database = Sqlite(":memory:")
    with pytest.raises(AssertionError):
        migrate(database, (Migration(2, "no first"),))
    assert schema_version(database) == 0
    database.close()
