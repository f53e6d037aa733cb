"""How a file gets from one schema version to the next. Steps are frozen: what has shipped is followed, never edited.

`schema.py` describes where the last step arrives; `tests/storage/test_migrations.py` holds that both agree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from storage import search_index
from storage.connection import Database
from storage.errors import WrongSchema


@dataclass(frozen=True, slots=True)
class Migration:
    """One step to `version`, applied in one transaction together with the new version number."""

    version: int
    name: str
    statements: tuple[str, ...] = ()
    """For both engines: SQLite's types, which `sqltext.py` translates."""
    step: Callable[[Database], None] | None = None
    """For what SQL alone cannot do; runs after all statements."""
    sqlite: tuple[str, ...] = ()
    postgres: tuple[str, ...] = ()
    """What only this engine needs, after `statements`; it must come to the same tables and columns for our verbs."""

    def on(self, dialect: Literal["sqlite", "postgres"]) -> tuple[str, ...]:
        """The statements of one engine, in order."""
        return self.statements + (self.sqlite if dialect == "sqlite" else self.postgres)


FIRST_TABLES = (
    "CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)",
    """CREATE TABLE sessions (
        id INTEGER NOT NULL PRIMARY KEY, tool TEXT NOT NULL, session_id TEXT NOT NULL, cwd TEXT, branch TEXT,
        "commit" TEXT, model TEXT, title TEXT, cli_version TEXT, path TEXT, created_at_ms INTEGER,
        first_seen_ms INTEGER NOT NULL, source TEXT NOT NULL)""",
    "CREATE UNIQUE INDEX sessions_key ON sessions (tool, session_id)",
    """CREATE TABLE turns (
        id INTEGER NOT NULL PRIMARY KEY, session_row INTEGER NOT NULL, turn_id TEXT NOT NULL, status TEXT, error TEXT,
        started_at_ms INTEGER, completed_at_ms INTEGER, duration_ms INTEGER, item_count INTEGER NOT NULL,
        result_item_id TEXT, FOREIGN KEY (session_row) REFERENCES sessions (id))""",
    "CREATE UNIQUE INDEX turns_key ON turns (session_row, turn_id)",
    """CREATE TABLE items (
        id INTEGER NOT NULL PRIMARY KEY, turn_row INTEGER NOT NULL, item_id TEXT NOT NULL, ordinal INTEGER NOT NULL,
        kind TEXT NOT NULL, status TEXT, started_at_ms INTEGER, completed_at_ms INTEGER, revision INTEGER NOT NULL,
        content_hash TEXT NOT NULL, text TEXT NOT NULL, body TEXT NOT NULL,
        FOREIGN KEY (turn_row) REFERENCES turns (id))""",
    "CREATE UNIQUE INDEX items_key ON items (turn_row, item_id)",
    """CREATE TABLE item_sources (
        id INTEGER NOT NULL PRIMARY KEY, item_row INTEGER NOT NULL, content_hash TEXT NOT NULL, run_id TEXT NOT NULL,
        source TEXT NOT NULL, generation INTEGER NOT NULL, seen_at_ms INTEGER NOT NULL,
        FOREIGN KEY (item_row) REFERENCES items (id))""",
    "CREATE UNIQUE INDEX item_sources_key ON item_sources (item_row, content_hash, run_id, source, generation)",
    """CREATE TABLE usage (
        id INTEGER NOT NULL PRIMARY KEY, turn_row INTEGER NOT NULL, source TEXT NOT NULL, input INTEGER,
        cached INTEGER, output INTEGER, reasoning INTEGER, total INTEGER, other TEXT,
        FOREIGN KEY (turn_row) REFERENCES turns (id))""",
    "CREATE UNIQUE INDEX usage_key ON usage (turn_row)",
    """CREATE TABLE staged_items (
        id INTEGER NOT NULL PRIMARY KEY, run_id TEXT NOT NULL, source TEXT NOT NULL, generation INTEGER NOT NULL,
        session_id TEXT NOT NULL, turn_id TEXT NOT NULL, item_id TEXT NOT NULL, kind TEXT NOT NULL,
        frames INTEGER NOT NULL, bytes_count INTEGER NOT NULL)""",
    """CREATE UNIQUE INDEX staged_items_key
        ON staged_items (run_id, source, generation, session_id, turn_id, item_id)""",
    """CREATE TABLE offsets (
        id INTEGER NOT NULL PRIMARY KEY, run_id TEXT NOT NULL, source TEXT NOT NULL, generation INTEGER NOT NULL,
        stager INTEGER NOT NULL, through_seq INTEGER NOT NULL, received INTEGER NOT NULL, closed INTEGER NOT NULL,
        difference INTEGER NOT NULL)""",
    "CREATE UNIQUE INDEX offsets_key ON offsets (run_id, source, generation)",
    """CREATE TABLE ledger (
        id INTEGER NOT NULL PRIMARY KEY, run_id TEXT NOT NULL, source TEXT NOT NULL, generation INTEGER NOT NULL,
        disposition TEXT NOT NULL, count INTEGER NOT NULL)""",
    "CREATE UNIQUE INDEX ledger_key ON ledger (run_id, source, generation, disposition)",
    """CREATE TABLE dedupe_log (
        id INTEGER NOT NULL PRIMARY KEY, at_ms INTEGER NOT NULL, run_id TEXT NOT NULL, source TEXT NOT NULL,
        generation INTEGER NOT NULL, session_id TEXT NOT NULL, turn_id TEXT NOT NULL, item_id TEXT, kind TEXT NOT NULL,
        decision TEXT NOT NULL, reason TEXT NOT NULL, revision INTEGER)""",
    """CREATE TABLE audit (
        id INTEGER NOT NULL PRIMARY KEY, at_ms INTEGER NOT NULL, run_id TEXT NOT NULL, kind TEXT NOT NULL,
        subject TEXT NOT NULL, text TEXT NOT NULL, session_id TEXT, turn_id TEXT, item_id TEXT, frames INTEGER,
        bytes_count INTEGER)""",
    """CREATE TABLE transitions (
        id INTEGER NOT NULL PRIMARY KEY, run_id TEXT NOT NULL, seq INTEGER NOT NULL, what TEXT NOT NULL,
        who TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, cause TEXT NOT NULL, at_ms INTEGER NOT NULL,
        monotonic_ms INTEGER NOT NULL)""",
    "CREATE UNIQUE INDEX transitions_key ON transitions (run_id, seq)",
)

PULLS = (
    """CREATE TABLE pulls (
        id INTEGER NOT NULL PRIMARY KEY, tool TEXT NOT NULL, session_id TEXT NOT NULL, cursor TEXT, last_turn_id TEXT,
        updated_at_s INTEGER)""",
    "CREATE UNIQUE INDEX pulls_key ON pulls (tool, session_id)",
    "ALTER TABLE turns ADD COLUMN runner TEXT",
)

LINKS = (
    """CREATE TABLE link_evidence (
        id INTEGER NOT NULL PRIMARY KEY, session_row INTEGER NOT NULL, item_row INTEGER NOT NULL, kind TEXT NOT NULL,
        path TEXT, old_path TEXT, "commit" TEXT, subject TEXT, branch TEXT, at_ms INTEGER,
        FOREIGN KEY (session_row) REFERENCES sessions (id) ON DELETE CASCADE,
        FOREIGN KEY (item_row) REFERENCES items (id) ON DELETE CASCADE)""",
    "CREATE INDEX link_evidence_session ON link_evidence (session_row)",
    "CREATE INDEX link_evidence_item ON link_evidence (item_row)",
    """CREATE TABLE link_states (
        session_row INTEGER NOT NULL PRIMARY KEY, revision INTEGER NOT NULL, looked_revision INTEGER NOT NULL,
        state TEXT NOT NULL, reason TEXT NOT NULL, looked_at_ms INTEGER,
        FOREIGN KEY (session_row) REFERENCES sessions (id) ON DELETE CASCADE)""",
    """CREATE TABLE link_places (
        id INTEGER NOT NULL PRIMARY KEY, session_row INTEGER NOT NULL, repo TEXT NOT NULL, root TEXT NOT NULL,
        FOREIGN KEY (session_row) REFERENCES sessions (id) ON DELETE CASCADE)""",
    "CREATE UNIQUE INDEX link_places_key ON link_places (session_row, repo, root)",
    "CREATE INDEX link_places_repo ON link_places (repo)",
    """CREATE TABLE links (
        id INTEGER NOT NULL PRIMARY KEY, session_row INTEGER NOT NULL, repo TEXT NOT NULL, "commit" TEXT NOT NULL,
        patch_id TEXT, subject TEXT NOT NULL, committed_at_ms INTEGER, state TEXT NOT NULL, score INTEGER NOT NULL,
        method TEXT NOT NULL, reason TEXT NOT NULL, was TEXT, evidence TEXT NOT NULL, linked_at_ms INTEGER NOT NULL,
        FOREIGN KEY (session_row) REFERENCES sessions (id) ON DELETE CASCADE)""",
    'CREATE UNIQUE INDEX links_key ON links (session_row, repo, "commit")',
    'CREATE INDEX links_commit ON links ("commit")',
)

BASELINE = (
    "ALTER TABLE sessions ADD COLUMN forked_from TEXT",
    "ALTER TABLE sessions ADD COLUMN told TEXT",
    "ALTER TABLE turns ADD COLUMN trace_id TEXT",
    "ALTER TABLE turns ADD COLUMN start_source TEXT",
    "ALTER TABLE turns ADD COLUMN end_source TEXT",
    "CREATE INDEX turns_turn_id ON turns (turn_id)",
    """CREATE TABLE turn_sessions (
        id INTEGER NOT NULL PRIMARY KEY, turn_row INTEGER NOT NULL, session_row INTEGER NOT NULL,
        FOREIGN KEY (turn_row) REFERENCES turns (id), FOREIGN KEY (session_row) REFERENCES sessions (id))""",
    "CREATE UNIQUE INDEX turn_sessions_key ON turn_sessions (turn_row, session_row)",
    "CREATE INDEX turn_sessions_session ON turn_sessions (session_row)",
    "ALTER TABLE items ADD COLUMN source TEXT NOT NULL DEFAULT 'stream'",
    "ALTER TABLE items ADD COLUMN agent_id TEXT",
    """UPDATE items SET source = 'pull' WHERE NOT EXISTS
        (SELECT 1 FROM item_sources s WHERE s.item_row = items.id AND s.source != 'pull')""",
    """CREATE TABLE item_sightings (
        id INTEGER NOT NULL PRIMARY KEY, item_row INTEGER NOT NULL, source TEXT NOT NULL, content_hash TEXT NOT NULL,
        revision INTEGER NOT NULL, run_id TEXT NOT NULL, generation INTEGER NOT NULL, seen_at_ms INTEGER NOT NULL,
        kind TEXT, status TEXT, started_at_ms INTEGER, completed_at_ms INTEGER, text TEXT, body TEXT,
        FOREIGN KEY (item_row) REFERENCES items (id))""",
    """INSERT INTO item_sightings (item_row, source, content_hash, revision, run_id, generation, seen_at_ms)
        SELECT item_row, source, content_hash, row_number() OVER (PARTITION BY item_row, source ORDER BY id), run_id,
        generation, seen_at_ms FROM item_sources s WHERE id = (SELECT min(id) FROM item_sources o
        WHERE o.item_row = s.item_row AND o.source = s.source AND o.content_hash = s.content_hash) ORDER BY id""",
    "DROP TABLE item_sources",
    "ALTER TABLE item_sightings RENAME TO item_sources",
    "CREATE UNIQUE INDEX item_sources_content ON item_sources (item_row, source, content_hash)",
    "ALTER TABLE ledger ADD COLUMN tool TEXT NOT NULL DEFAULT 'codex'",
    "DROP INDEX ledger_key",
    "CREATE UNIQUE INDEX ledger_key ON ledger (run_id, source, generation, tool, disposition)",
    "ALTER TABLE dedupe_log ADD COLUMN tool TEXT NOT NULL DEFAULT 'codex'",
    "CREATE INDEX dedupe_log_session ON dedupe_log (session_id)",
    """CREATE TABLE response_usage (
        id INTEGER NOT NULL PRIMARY KEY, session_row INTEGER NOT NULL, turn_row INTEGER, response_id TEXT NOT NULL,
        model TEXT, at_ms INTEGER, input INTEGER, cached INTEGER, cache_written INTEGER, output INTEGER,
        reasoning INTEGER, total INTEGER, cost_usd_micros INTEGER, in_file INTEGER NOT NULL,
        in_telemetry INTEGER NOT NULL, FOREIGN KEY (session_row) REFERENCES sessions (id),
        FOREIGN KEY (turn_row) REFERENCES turns (id))""",
    "CREATE INDEX response_usage_key ON response_usage (session_row, response_id)",
    "CREATE INDEX response_usage_turn ON response_usage (turn_row)",
    """CREATE TABLE events (
        id INTEGER NOT NULL PRIMARY KEY, session_row INTEGER NOT NULL, key TEXT NOT NULL, turn_id TEXT,
        name TEXT NOT NULL, at_ms INTEGER NOT NULL, sequence INTEGER, trace_id TEXT, call_id TEXT, body TEXT NOT NULL,
        FOREIGN KEY (session_row) REFERENCES sessions (id))""",
    "CREATE UNIQUE INDEX events_key ON events (session_row, key)",
    """CREATE TABLE files (
        id INTEGER NOT NULL PRIMARY KEY, path_key TEXT NOT NULL, path TEXT NOT NULL, device INTEGER NOT NULL,
        inode INTEGER NOT NULL, "offset" INTEGER NOT NULL, size INTEGER NOT NULL, head TEXT NOT NULL,
        state TEXT NOT NULL)""",
    "CREATE UNIQUE INDEX files_key ON files (path_key)",
    "CREATE INDEX files_inode ON files (device, inode)",
)

TURN_NAMES = (
    """CREATE TABLE turn_names (
        id INTEGER NOT NULL PRIMARY KEY, session_row INTEGER NOT NULL, name TEXT NOT NULL, turn_row INTEGER NOT NULL,
        FOREIGN KEY (session_row) REFERENCES sessions (id) ON DELETE CASCADE,
        FOREIGN KEY (turn_row) REFERENCES turns (id) ON DELETE CASCADE)""",
    "CREATE UNIQUE INDEX turn_names_key ON turn_names (session_row, name)",
    "CREATE INDEX turn_names_turn ON turn_names (turn_row)",
)

PURGES = (
    """CREATE TABLE purged_sessions (
        id INTEGER NOT NULL PRIMARY KEY, tool TEXT NOT NULL, session_id TEXT NOT NULL, before_ms INTEGER NOT NULL)""",
    "CREATE UNIQUE INDEX purged_sessions_key ON purged_sessions (tool, session_id)",
    "CREATE TABLE purged_turns (id INTEGER NOT NULL PRIMARY KEY, tool TEXT NOT NULL, turn_id TEXT NOT NULL)",
    "CREATE UNIQUE INDEX purged_turns_key ON purged_turns (tool, turn_id)",
)

TRACES = (
    """CREATE TABLE traces (
        id INTEGER NOT NULL PRIMARY KEY, run_id TEXT NOT NULL, receiver TEXT NOT NULL, incarnation INTEGER NOT NULL,
        n INTEGER NOT NULL, message_id TEXT NOT NULL, cause_id TEXT NOT NULL, trace_id TEXT NOT NULL,
        hop INTEGER NOT NULL, type TEXT NOT NULL, sender TEXT NOT NULL, sent_us INTEGER NOT NULL,
        at_us INTEGER NOT NULL, handled_us INTEGER NOT NULL, anchor_us INTEGER NOT NULL, size INTEGER NOT NULL,
        outcome TEXT NOT NULL, session_ids TEXT, turn_ids TEXT, item_ids TEXT, generation INTEGER, first_seq INTEGER,
        last_seq INTEGER)""",
)

AGES = ("CREATE INDEX sessions_age ON sessions ((coalesce(created_at_ms, first_seen_ms)), id)",)
"""The newest sessions are asked for most: without it every session was counted out and sorted for fifty of them."""

MIGRATIONS: tuple[Migration, ...] = (
    Migration(1, "first tables", FIRST_TABLES),
    Migration(2, "catching up", PULLS),
    Migration(3, "links", LINKS),
    Migration(4, "the baseline", BASELINE),
    Migration(5, "names of turns", TURN_NAMES),
    Migration(6, "purges", PURGES),
    Migration(7, "search", sqlite=search_index.SQLITE, postgres=search_index.POSTGRES),
    Migration(8, "message traces", TRACES),
    Migration(9, "ages of sessions", AGES),
)
"""In order, versions 1, 2, 3 … without a hole."""


def schema_version(database: Database) -> int | None:
    """The version of an open file; 0 when it has no tables at all, None when it has tables that are not ours."""
    tables = database.tables()
    if not tables:
        return 0
    if "meta" not in tables:
        return None
    try:
        row = database.run("SELECT value FROM meta WHERE key = 'schema_version'").fetchone()
    except Exception as error:  # each engine has its own class for it, and only storage/ of that engine may know it
        if "no such column" in str(error) or getattr(getattr(error, "orig", None), "sqlstate", None) == "42703":
            return None
        raise
    return int(row[0]) if row is not None and str(row[0]).isdecimal() else None


def migrate(database: Database, migrations: tuple[Migration, ...] = MIGRATIONS) -> int:
    """Bring an open file to the newest version; returns the version it had before.

    Each step commits alone, so an interruption leaves a whole older version, and the next start goes on from there.
    Errors: WrongSchema when the file is newer than `migrations`; AssertionError when `migrations` has a hole (ours).
    """
    assert [m.version for m in migrations] == list(range(1, len(migrations) + 1)), "migrations are numbered from 1"
    before = schema_version(database)
    assert before is not None, "the caller has refused files that are not ours"
    for migration in migrations[before:]:
        database.begin_write()
        try:
            if (schema_version(database) or 0) < migration.version:  # nobody else was faster
                _apply(migration, database)
            database.commit()
        except BaseException:  # a step is whole or was never begun
            database.leave()
            raise
    return before


def _apply(migration: Migration, database: Database) -> None:
    for statement in migration.on(database.dialect):
        database.run(statement)
    if migration.step is not None:
        migration.step(database)
    database.run(
        "INSERT INTO meta (key, value) VALUES ('schema_version', ?) "
        "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (str(migration.version),),
    )


def refuse_newer(version: int, path: Any, migrations: tuple[Migration, ...] = MIGRATIONS) -> None:
    """Errors: WrongSchema when `version` is beyond the last step."""
    if version > len(migrations):
        raise WrongSchema(
            f"{path} has schema version {version}, this hybrid-capture knows versions up to {len(migrations)}",
            "upgrade hybrid-capture, or move the file aside to start a new one",
        )


def refuse_older(version: int, path: Any, migrations: tuple[Migration, ...] = MIGRATIONS) -> None:
    """What a reader cannot read. Errors: WrongSchema when `version` is before the last step."""
    if version < len(migrations):
        raise WrongSchema(f"{path} has the older schema version {version}", "start capture once: it upgrades it")
