"""The tables, as peewee sees them."""

from __future__ import annotations

from storage.schema import TABLES


def test_every_table_has_a_name_of_its_own_and_says_what_it_holds() -> None:
    names = [model._meta.table_name for model in TABLES]
    assert len(set(names)) == len(names)
    assert all(model.__doc__ for model in TABLES)


def test_a_table_comes_after_those_it_points_at() -> None:
    for number, model in enumerate(TABLES):
        assert {field.rel_model for field in model._meta.refs} <= set(TABLES[:number])
