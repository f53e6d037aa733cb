"""One store for all tests of exports: they only read it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.exporting.sessions import Sessions
from tests.storage.exporting.desk import Desk


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(Path(tmp_path_factory.mktemp("desk")))


@pytest.fixture
def sessions(desk: Desk) -> Iterator[Sessions]:
    with Sessions(desk.database) as opened:
        yield opened
