"""What doctor says of the receiver when no runtime lives."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from hybrid_capture.doctor_sources import sources
from hybrid_capture.doorway import PORT_FILE, open_doorway
from tests.ports import reserved, standard_port_taken


def test_a_port_that_is_free_and_one_that_is_taken_are_told_apart_and_nothing_is_written(tmp_path: Path) -> None:
    with standard_port_taken():  # nobody else's port is closed and opened here
        doorway = open_doorway(tmp_path, None)
    before = sorted(tmp_path.iterdir())
    (taken,) = sources(tmp_path)
    assert (taken.name, taken.state) == ("source otlp", "wrong")
    assert str(doorway.port) in taken.text
    doorway.close()
    with reserved(doorway.port):
        (free,) = sources(tmp_path)
    assert free.state == "ok"
    assert sorted(tmp_path.iterdir()) == before == [tmp_path / PORT_FILE]


def test_a_folder_without_a_history_needs_no_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [check.state for check in sources(tmp_path / "new")] == ["ok"]
    monkeypatch.setenv("HYBRID_CAPTURE_OTLP", "false")
    assert [check.state for check in sources(tmp_path / "new")] == ["note"]


def test_the_first_start_takes_a_free_port_and_the_next_ones_keep_it(tmp_path: Path) -> None:
    with standard_port_taken():
        first = open_doorway(tmp_path, None)
    port = first.port
    first.close()
    again = open_doorway(tmp_path, None)
    assert (again.port, again.fault) == (port, "")
    again.close()
    with socket.create_server(("127.0.0.1", port)):
        refused = open_doorway(tmp_path, None)
        assert (refused.listener, refused.address) == (None, "")
        assert f"port {port}" in refused.fault
    anywhere = open_doorway(tmp_path, 0)
    assert anywhere.listener is not None
    anywhere.close()
    kept = open_doorway(tmp_path, None)
    assert kept.port == port, "a port for once is not remembered"
    kept.close()
