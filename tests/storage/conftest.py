"""Places for stores. A test that asks for `place` runs on both engines: on a file, and on a real PostgreSQL server.

Without the server's program those marked `postgres` fail: a silent skip would let the two engines drift apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from storage.store import Store
from tests.server import PostgresServer
from tests.storage.story import open_store

ENGINES = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))
Places = Callable[[], str]


@pytest.fixture(scope="module", params=ENGINES)
def places(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Places:
    """`places()` → the path or DSN of a store that has not begun."""
    if request.param == "sqlite":
        return lambda: str(tmp_path_factory.mktemp("store") / "capture.sqlite3")
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.dsn


@pytest.fixture
def place(places: Places, tmp_path: Path) -> str:
    """Path or DSN of a store that has not begun."""
    return places()


@pytest.fixture
def store(place: str) -> Iterator[Store]:
    """An open store with nothing in it."""
    with closing(open_store(place)) as opened:
        yield opened
