"""The tables, as peewee sees them."""

from __future__ import annotations

from storage.models import TABLES


def test_every_table_has_a_name_of_its_own_and_says_what_it_holds() -> None:
    names = [model._meta.table_name for model in TABLES]
    assert len(set(names)) == len(names)
    assert all(model.__doc__ for model in TABLES)


def test_canonical_tables_carry_no_time_of_writing() -> None:
    for model in TABLES:
        if model._meta.table_name in ("turns", "items", "usage"):
            assert not {"at_ms", "updated_at_ms", "seen_at_ms"} & set(model._meta.columns)
