"""A session's links, and all that led to them, go with it."""

from __future__ import annotations

from storage import link_models
from storage.linking.verdict import LinkFound, Verdict
from storage.schema import TABLES
from storage.store import Store
from tests.storage.linking.repository import patched
from tests.storage.story import Stream, rows

NAMES = [model._meta.table_name for model in TABLES if model.__module__ == link_models.__name__]
RUNS = {"a.py": [(3, 4)]}
FOUND = LinkFound("c1", "p", "Work", 5, "linked", 90, "hunks", "2 lines match", None, [("a.py", 2, 2)], 1, RUNS, [])


def filled(store: Store) -> list[str]:
    """The tables of links that have a row."""
    return [name for name in NAMES if rows(store, f"SELECT 1 FROM {name}")]


def test_every_table_of_links_is_empty_once_its_session_is_gone(store: Store) -> None:
    Stream(store).send(1, items=[patched("a.py", "+x = 1")])
    store.keep_links([Verdict(1, 1, "/r/.git", "/r", "", [FOUND], True, [("/r/.git", "/r")])], 9)
    assert filled(store) == NAMES
    for table in ("item_sources", "items", "turns", "sessions"):
        store._database.run(f"DELETE FROM {table}")
    assert filled(store) == []
