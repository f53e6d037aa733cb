"""Somebody of the same user speaks to every socket of a running tree: nothing happens but a row in the audit."""

from __future__ import annotations

import os
import pickle
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from hybrid_capture.statefolder import connect, find_runtime
from tests.live.house import PATIENCE_S, House

pytestmark = pytest.mark.live
Build = Callable[..., House]


class _Run:
    """Unpickled, it would make a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.mkdir, (str(self.path),))


def test_unsealed_datagrams_run_nothing_are_audited_and_capture_goes_on(house: House, tmp_path: Path) -> None:
    trap = tmp_path / "executed"
    folder = Path(find_runtime(house.runtime.state_dir).address).parent
    sockets = [path for path in folder.glob("tree*/*") if path.is_socket()]
    assert len(sockets) >= 7, "root, admin, logger, supervisor and leaves have one each"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as intruder:
        for path in sockets:
            for payload in (pickle.dumps(_Run(trap)), os.urandom(300), b""):
                intruder.sendto(payload, str(path))
    assert house.turn(house.thread(), "SCN:plain hello")["status"] == "completed"
    assert not trap.exists()
    told = {"ingest", "stager", "auth", "sidecar", "facade"}  # each ping brings the counts of one actor along
    query = "SELECT subject FROM audit WHERE kind = 'transport_reject'"
    house.until_rows(query, lambda rows: {who for (who,) in rows} >= told)


def test_a_renderer_without_the_token_is_hung_up_on(house: House) -> None:
    here = find_runtime(house.runtime.state_dir)
    for first in (b'{"op":"say","body":"{}"}\n', b'{"op":"hello","token":"guess"}\n', os.urandom(100) + b"\n"):
        with connect(here, PATIENCE_S) as link:
            link.sendall(first)
            link.settimeout(PATIENCE_S)
            assert link.recv(100) == b""
    assert house.turn(house.thread(), "SCN:plain hello")["status"] == "completed"
