"""The whole runtime on a real PostgreSQL server: it captures, waits for one that is away, and tells no password."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest

from storage.reader import Reader
from tests.leaks import files_below
from tests.live.house import House
from tests.server import PostgresServer
from tests.unhurried import unhurried

pytestmark = [pytest.mark.live, pytest.mark.postgres]
Build = Callable[..., House]


def content_of(folder: Path) -> bytes:
    return b"".join(files_below(folder).values())


def test_a_turn_is_captured_and_survives_a_server_that_was_away(build: Build, postgres_server: PostgresServer) -> None:
    dsn = postgres_server.dsn()
    with build(database=dsn, timing=unhurried(probe_interval_ms=200)) as house:
        house.active()
        thread = house.thread()
        assert house.turn(thread, "SCN:plain hello")["status"] == "completed"
        assert not list(house.settings.state_dir.glob("*.sqlite3*"))
        _nobody_sees(postgres_server.password, house)

        postgres_server.kill()
        try:
            down = house.until_status(lambda s: s["mode"] == "FAILURE", "FAILURE")
            assert "there is no connection" in down["mode_reason"]
            turn = house.begin(thread, "SCN:plain while the server is away")
        finally:
            postgres_server.start()
        assert house.stored(turn)["status"] == "completed"
        house.active()
        ledger = house.ledger()
        assert ledger["balanced"]
        assert not any(name.startswith("dropped") for name in ledger["dispositions"])
        _nobody_sees(postgres_server.password, house)
    with Reader(dsn) as reader:
        stored = reader.session(thread)
        assert stored is not None
        assert [each["status"] for each in stored["turns"]] == ["completed", "completed"]
        assert len(reader.transitions()) > 5
        assert reader.ledger()["balanced"]
    assert postgres_server.password.encode() not in content_of(house.settings.state_dir)


def _nobody_sees(password: str, house: House) -> None:
    """Status, events, process list, files of the state folder."""
    told: list[Any] = [house.runtime.status(), house.runtime.command({"command": "getTransitions"})]
    assert password.encode() not in orjson.dumps(told, default=str)
    for process in house.everything() | {psutil.Process()}:
        with contextlib.suppress(psutil.NoSuchProcess):
            assert not any(password in word for word in process.cmdline())
    assert password.encode() not in content_of(house.settings.state_dir)
