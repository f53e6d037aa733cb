"""The tables that account point at no row: what they tell stays when a session goes."""

from __future__ import annotations

from storage import account_models
from storage.schema import TABLES

ACCOUNTS = {model._meta.table_name: model for model in TABLES if model.__module__ == account_models.__name__}


def test_no_account_goes_with_a_session() -> None:
    assert len(ACCOUNTS) == 12
    assert {name: model._meta.refs for name, model in ACCOUNTS.items() if model._meta.refs} == {}


def test_what_is_counted_is_counted_once_for_each_source_of_a_run() -> None:
    for name in ("staged_items", "offsets", "ledger"):
        [(fields, unique)] = ACCOUNTS[name]._meta.indexes
        assert unique
        assert fields[:3] == ("run_id", "source", "generation")
