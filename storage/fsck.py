"""Whether everything in a store agrees with everything else, and what of it can be worked out again.

A look finds faults; a fault that follows from other rows brings its mend. Nothing is ever made to agree by guessing: a
body whose hash is wrong, or books that do not balance, are told and left. Read `purge.py` for what removes rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import orjson
from peewee import ForeignKeyField

from storage import redaction
from storage.audit import Audit
from storage.cleaning import Cleaner
from storage.connection import Database, Writer
from storage.errors import StoreCorrupt
from storage.identity import content_hash
from storage.migrations import MIGRATIONS, schema_version
from storage.redaction import REPEATED
from storage.schema import TABLES
from storage.texts import item_text

BATCH = 200
"""Items that are read at once: a body may have 8 MiB."""
NAMED_MAX = 3
"""Faults of one kind that a text names; the rest is counted."""
INTEGRITY_MAX = 100
CHANGED = ("[REDACTED", "…")
"""Marks of a kind or status that was not stored as it was hashed."""


@dataclass(frozen=True, slots=True)
class Check:
    """What one look came to."""

    name: str
    state: Literal["ok", "wrong", "repaired"]
    text: str
    count: int = 0
    """Faults that are left, or that were mended."""


class Fault(NamedTuple):
    """Something that does not agree."""

    text: str
    mends: tuple[tuple[str, Sequence[Any]], ...] = ()
    """Statements that put it right, all or none."""


Look = Callable[[Database], Iterator[Fault]]


def examine(database: Database, repair: bool, run_id: str, at_ms: int) -> Iterator[Check]:
    """Every check, as it is done. With `repair`, on a writing connection, what can be mended is, with an audit row.

    Errors: StoreCorrupt when the file itself is damaged; StoreUnavailable.
    """
    for name, look in LOOKS:
        try:
            faults = list(look(database))
            mended = 0
            if repair and isinstance(database, Writer) and any(fault.mends for fault in faults):
                mended = _mend(database, name, faults, run_id, at_ms)
                faults = list(look(database))
        except database.errors as error:
            raise database.failure(error) from None
        if look is _search and not isinstance(database, Writer) and database.dialect == "sqlite":
            yield Check(name, "ok", "not looked at: an index can only be asked with --repair")
        elif faults:
            yield Check(name, "wrong", _told(faults), len(faults))
        else:
            yield Check(
                name, "repaired" if mended else "ok", f"{mended} mended" if mended else "as it should be", mended
            )


def steps() -> int:
    """How many checks there are."""
    return len(LOOKS)


def _mend(database: Writer, name: str, faults: list[Fault], run_id: str, at_ms: int) -> int:
    mendable = [fault for fault in faults if fault.mends]
    with database.write(lambda: None):
        for sql, params in (mend for fault in mendable for mend in fault.mends):
            database.run(sql, params)
        Audit(database, Cleaner(redaction), run_id).say(at_ms, "store_repaired", name, _told(faults))
    return len(mendable)


def _told(faults: list[Fault]) -> str:
    more = len(faults) - NAMED_MAX
    return "; ".join(fault.text for fault in faults[:NAMED_MAX]) + (f"; and {more} more" if more > 0 else "")


def _file(database: Database) -> Iterator[Fault]:
    """Pages and indexes of a file. A server looks after its own."""
    if database.dialect != "sqlite":
        return
    told = [text for (text,) in database.run(f"PRAGMA integrity_check({INTEGRITY_MAX})").fetchall() if text != "ok"]
    if any("index" not in text for text in told):
        raise StoreCorrupt(f"{database.label} is damaged: {told[0]}", "`hybrid-capture fsck --repair` sets it aside")
    for text in told:
        yield Fault(text, (("REINDEX", ()),))


def _schema(database: Database) -> Iterator[Fault]:
    version = schema_version(database)
    if version != len(MIGRATIONS):
        yield Fault(f"schema version {version} instead of {len(MIGRATIONS)}")
    there = database.tables()
    for model in TABLES:
        name = model._meta.table_name
        if name not in there:
            yield Fault(f"table {name} is missing")
            continue
        columns = {column.name for column in database.get_columns(name)}
        for field in model._meta.sorted_fields:
            if field.column_name not in columns:
                yield Fault(f"column {name}.{field.column_name} is missing")


def _keys(database: Database) -> Iterator[Fault]:
    """Rows that point at nothing: whatever they belonged to is gone, so they can only go, too."""
    for model in reversed(TABLES):
        for field in model._meta.sorted_fields:
            if not isinstance(field, ForeignKeyField):
                continue
            name, target, column = model._meta.table_name, field.rel_model._meta.table_name, field.column_name
            lost = f'{column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "{target}" p WHERE p.id = "{name}".{column})'
            (count,) = database.run(f'SELECT count(*) FROM "{name}" WHERE {lost}').fetchone()
            if count:
                mend = (f'DELETE FROM "{name}" WHERE {lost}', ())
                yield Fault(f"{count} rows of {name} have no {target}", (mend,))


def _counts(database: Database) -> Iterator[Fault]:
    sql = """SELECT t.id, t.turn_id, t.item_count, (SELECT count(*) FROM items i WHERE i.turn_row = t.id) AS there
        FROM turns t WHERE t.item_count <> (SELECT count(*) FROM items i WHERE i.turn_row = t.id)"""
    for row, turn_id, said, there in database.run(sql).fetchall():
        mend = ("UPDATE turns SET item_count = ? WHERE id = ?", (there, row))
        yield Fault(f"turn {turn_id} says {said} items and has {there}", (mend,))


def _order(database: Database) -> Iterator[Fault]:
    sql = "SELECT turn_row, ordinal, count(*) FROM items GROUP BY turn_row, ordinal HAVING count(*) > 1"
    in_order = "SELECT id, ordinal FROM items WHERE turn_row = ? ORDER BY ordinal, id"
    move = "UPDATE items SET ordinal = ? WHERE id = ?"
    for turn_row, ordinal, count in database.run(sql).fetchall():
        rows = database.run(in_order, (turn_row,)).fetchall()
        moves = tuple((move, (place, row)) for place, (row, before) in enumerate(rows, 1) if place != before)
        yield Fault(f"{count} items of one turn have place {ordinal}", moves)


def _results(database: Database) -> Iterator[Fault]:
    last = """(SELECT item_id FROM items WHERE turn_row = turns.id AND kind = 'agentMessage'
        ORDER BY ordinal DESC LIMIT 1)"""
    sql = f"""SELECT id, turn_id FROM turns WHERE status IN ('completed', 'interrupted', 'failed')
        AND coalesce(result_item_id, '') <> coalesce({last}, '')"""
    for row, turn_id in database.run(sql).fetchall():
        mend = (f"UPDATE turns SET result_item_id = {last} WHERE id = ?", (row,))
        yield Fault(f"turn {turn_id} does not point at its last answer", (mend,))


def _bodies(database: Database) -> Iterator[Fault]:
    """Hash and text of each item follow from its redacted body. What a changed body was, no hash tells."""
    sql = "SELECT id, item_id, kind, status, content_hash, text, body FROM items WHERE id > ? ORDER BY id LIMIT ?"
    after = 0
    while rows := database.run(sql, (after, BATCH)).fetchall():
        after = rows[-1][0]
        for row, item_id, kind, status, stored, text, body in rows:
            # What another item gave away is hidden in the body after its hash was taken.
            changed = any(mark in f"{kind}{status}" for mark in CHANGED) or REPEATED in body
            if not changed and content_hash(kind, status, body.encode()) != stored:
                yield Fault(f"item {item_id} is not what its hash says: import its session again")
                continue
            try:
                said = orjson.loads(body)
            except ValueError:
                yield Fault(f"the body of item {item_id} is no JSON: import its session again")
                continue
            derived = said if isinstance(said, str) else item_text(kind, said)
            # The text has the tool's own order of members, which the canonical body has no more.
            if sorted(derived.split("\n")) != sorted(text.split("\n")):
                mend = ("UPDATE items SET text = ? WHERE id = ?", (derived, row))
                yield Fault(f"the text of item {item_id} is not that of its body", (mend,))


def _ledger(database: Database) -> Iterator[Fault]:
    """The books of every run: told, never corrected. Only the note of the difference can be worked out again."""
    sql = """SELECT o.id, o.run_id, o.source, o.generation, o.received, o.difference,
        (SELECT coalesce(sum(l.count), 0) FROM ledger l
            WHERE l.run_id = o.run_id AND l.source = o.source AND l.generation = o.generation),
        (SELECT coalesce(sum(s.frames), 0) FROM staged_items s
            WHERE s.run_id = o.run_id AND s.source = o.source AND s.generation = o.generation)
        FROM offsets o ORDER BY o.id"""
    for row, run_id, source, generation, received, noted, settled, staged in database.run(sql).fetchall():
        difference = received - settled - staged
        where = f"run {run_id}, {source} {generation}"
        if noted != difference:
            mend = ("UPDATE offsets SET difference = ? WHERE id = ?", (difference, row))
            yield Fault(f"{where}: a difference of {noted} is noted, it is {difference}", (mend,))
        if difference:
            yield Fault(f"{where}: received {received}, settled {settled}, staged {staged}")
    stray = """SELECT DISTINCT l.run_id, l.source, l.generation FROM ledger l WHERE NOT EXISTS (SELECT 1 FROM offsets o
        WHERE o.run_id = l.run_id AND o.source = l.source AND o.generation = l.generation)"""
    for run_id, source, generation in database.run(stray).fetchall():
        yield Fault(f"run {run_id}, {source} {generation}: dispositions of frames that were never received")


def _search(database: Database) -> Iterator[Fault]:
    """A full-text index has the words of its rows. It can be asked on a writing connection only, so with `--repair`."""
    if database.dialect != "sqlite" or not isinstance(database, Writer):
        return
    for table in database.indexes():
        mend = (f'INSERT INTO "{table}" ("{table}") VALUES (?)', ("rebuild",))
        try:
            database.run(f'INSERT INTO "{table}" ("{table}", rank) VALUES (?, 1)', ("integrity-check",))
        except database.errors:
            yield Fault(f"the index {table} does not have the words of its rows", (mend,))


LOOKS: tuple[tuple[str, Look], ...] = (
    ("file", _file),
    ("schema", _schema),
    ("keys", _keys),
    ("counts", _counts),
    ("order", _order),
    ("results", _results),
    ("bodies", _bodies),
    ("ledger", _ledger),
    ("search", _search),
)
"""In the order in which one relies on the others."""
