"""The disk below the store: it may have no room, and ingest may die in the very moment of a commit."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chaos.simulating.hosted import Died
from chaos.simulating.plain import PLAIN
from chaos.simulating.scratch import scratch
from storage.store import Store


class Disk:
    """Opens the real store, and stands between it and its file."""

    def __init__(self) -> None:
        self.store: Store | None = None
        self.full = False
        self.dies_in_commit = False

    def open_store(self, path: str, **given: Any) -> Store:
        """What ingest gets for `Store`."""
        place = Path(path)
        if not place.exists():
            shutil.copy(_template(), place)
        store = Store(path, redaction=PLAIN, **given)
        store._database.commit = self._committing(store._database.commit)  # type: ignore[method-assign]  # on purpose
        store._database.run("PRAGMA synchronous=OFF")
        self.store = store
        self.fill(self.full)
        return store

    def fill(self, full: bool) -> None:
        """Whether there is no room for another page, and none for the log of a write."""
        self.full = full
        if self.store is None:
            return
        database = self.store._database
        pages = database.run("PRAGMA page_count").fetchone()[0]
        database.run(f"PRAGMA max_page_count = {pages if full else 1_000_000}")

    def close(self) -> None:
        """Whoever had the file open is gone."""
        if self.store is not None:
            self.store._database.close()
            self.store = None

    def _committing(self, commit: Callable[[], Any]) -> Callable[[], Any]:
        def committed() -> Any:
            if self.dies_in_commit:
                self.dies_in_commit = False
                raise Died
            if self.full:
                raise _no_room()
            return commit()

        return committed


def _no_room() -> sqlite3.OperationalError:
    """What the driver says of a commit for which the disk has no room: the log of a write grows with each."""
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return error


_TEMPLATES: dict[Path, Path] = {}
"""An empty database by scratch folder."""


def _template() -> Path:
    """An empty database, made once per process: making one costs more than many a simulation."""
    folder = scratch()
    if folder not in _TEMPLATES:
        place = folder / "empty.sqlite3"
        Store(place, run_id="none", redaction=PLAIN).close()
        _TEMPLATES[folder] = place
    return _TEMPLATES[folder]
