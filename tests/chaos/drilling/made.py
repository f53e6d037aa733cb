"""Samples and experiments as tests need them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from chaos.drilling.journal import DISTRIBUTION, lines, write_samples

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def head(drill: str = "kill-ingest", **fields: Any) -> dict[str, Any]:
    """What a drill's samples belong to."""
    return {
        "drill": drill, "part": drill.partition("-")[2], "ends": "HYBRID_ACTIVE", "timing": "patient",
        "server": "scripted", "seed": 1, "version": version(DISTRIBUTION), "machine": "a machine",
        "began": NOW.isoformat(), **fields,
    }  # fmt: skip


def row(n: int = 1, active: float | None = 20.0, **fields: Any) -> dict[str, Any]:
    """One repetition."""
    phases = {"noticed": 5.0, "visible": 10.0, "restarted": 15.0, "active": active, "caught_up": None}
    return {"n": n, "phases": phases, "failures": [], "silent_drops": 0, "completed": 100, "orphans": 0, **fields}


def put(folder: Path, name: str, about: dict[str, Any], rows: Sequence[dict[str, Any]]) -> Path:
    """A sealed file of raw samples."""
    path = folder / f"{name}.samples.jsonl"
    write_samples(path, lines(about, rows))
    return path
