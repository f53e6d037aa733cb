"""The canonical tables: what was captured, and nothing of when it was written."""

from __future__ import annotations

from storage import models
from storage.schema import TABLES

CAPTURED = [model for model in TABLES if model.__module__ == models.__name__]


def test_canonical_tables_carry_no_time_of_writing() -> None:
    canonical = {model._meta.table_name: set(model._meta.columns) for model in CAPTURED}
    for name in ("turns", "items", "usage"):
        assert not {"at_ms", "updated_at_ms", "seen_at_ms"} & canonical[name]


def test_everything_captured_hangs_on_a_session() -> None:
    hanging = {models.SessionRow}
    for model in CAPTURED:
        if hanging & {field.rel_model for field in model._meta.refs}:
            hanging.add(model)
    assert hanging == set(CAPTURED)
