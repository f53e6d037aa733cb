"""The full-text index over items, one per engine, right in every transaction.

SQLite: an FTS5 table without content of its own. Items tell it what they say, once per message; a trigger takes out
what is deleted, whichever verb purges, and `reclaim` of the engine takes those words off the disk. (Tried: triggers for
all of it. FTS5 then writes its buffer out with every row, which took 2.5 times as long.) PostgreSQL: a generated
tsvector. Both take words as runs of letters and digits, so that a part of a path or of a name is found. Read
`search.py` for how it is asked.
"""

from __future__ import annotations

from storage.connection import Database

INDEXED_CHARS_MAX = 65_536
"""Of each item's text that can be found. Command outputs are longer at times; what is beyond is stored, not found."""

SQLITE = (
    f"CREATE VIEW item_words AS SELECT id, substr(text, 1, {INDEXED_CHARS_MAX}) AS text FROM items",
    """CREATE VIRTUAL TABLE item_search USING fts5 (text, content = 'item_words', content_rowid = 'id', columnsize = 0,
        tokenize = 'unicode61 remove_diacritics 2')""",
    "INSERT INTO item_search (item_search) VALUES ('rebuild')",
    f"""CREATE TRIGGER item_search_remove AFTER DELETE ON items BEGIN
        INSERT INTO item_search (item_search, rowid, text)
        VALUES ('delete', old.id, substr(old.text, 1, {INDEXED_CHARS_MAX})); END""",
)
# Only ASCII is taken apart here: which other characters are letters is for the server's locale to say.
_BETWEEN = r"[\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+"
POSTGRES = (
    f"""ALTER TABLE items ADD COLUMN words tsvector GENERATED ALWAYS AS (to_tsvector('simple',
        regexp_replace(left(text, {INDEXED_CHARS_MAX}), '{_BETWEEN}', ' ', 'g'))) STORED""",
    "CREATE INDEX items_words ON items USING gin (words)",
)

_ADD = "INSERT INTO item_search (rowid, text) VALUES (?, ?)"
_TAKE = "INSERT INTO item_search (item_search, rowid, text) VALUES ('delete', ?, ?)"


class SearchIndex:
    """What items say, on its way into the index. Runs inside the caller's transaction; `forget()` after a rollback,
    `settle()` when a message is through."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._explicit = database.dialect == "sqlite"
        self._said: dict[int, tuple[str | None, str]] = {}
        """By item row, what the index has of it and what it says now."""

    def forget(self) -> None:
        """What was said did not come to be."""
        self._said.clear()

    def add(self, item_row: int, text: str) -> None:
        """A new item."""
        if self._explicit:
            self._said[item_row] = (None, text)

    def replace(self, item_row: int, text: str) -> bool:
        """The same when what the item said before is not written yet; false when it is, and has to be told."""
        known = self._said.get(item_row)
        if known is not None:
            self._said[item_row] = (known[0], text)
        return known is not None or not self._explicit

    def change(self, item_row: int, before: str, text: str) -> None:
        """An item that says something else."""
        self._said[item_row] = (before, text)

    def settle(self) -> None:
        """Write what was said."""
        said = [(row, before, text) for row, (before, text) in self._said.items() if before != text]
        old = [(row, before[:INDEXED_CHARS_MAX]) for row, before, _ in said if before is not None]
        self._database.run_many(_TAKE, old)
        self._database.run_many(_ADD, [(row, text[:INDEXED_CHARS_MAX]) for row, _, text in said])
        self._said.clear()
