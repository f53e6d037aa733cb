from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.transport.datagram import DatagramTransport
from actors.transport.tcp import TcpTransport
from tests.actors.transport import cast
from tests.actors.transport.stage_hands import Stage, Wire, become_subreaper, on_stage

PLAIN = {"datagram": DatagramTransport, "tcp": TcpTransport}
TAPPED = {"datagram": cast.TappedDatagram, "tcp": cast.TappedTcp}


@pytest.fixture(scope="session", autouse=True)
def _subreaper() -> None:
    become_subreaper()


@pytest.fixture(params=["datagram", "tcp"])
def transport(request: pytest.FixtureRequest) -> str:
    """Every test that asks for this runs on both."""
    return str(request.param)


@pytest.fixture
def stage(tmp_path: Path, transport: str) -> Iterator[Stage]:
    """A running system, forked."""
    with on_stage(tmp_path / "run", PLAIN[transport]) as made:
        yield made


@pytest.fixture
def wire(tmp_path: Path, transport: str) -> Iterator[Wire]:
    """Bare endpoints in this process."""
    made = Wire(tmp_path / "run", PLAIN[transport])
    yield made
    made.close()


@pytest.fixture
def tapped(tmp_path: Path, transport: str) -> Iterator[Stage]:
    """A running system, forked, whose frames are recorded."""
    with on_stage(tmp_path / "run", TAPPED[transport]) as made:
        yield made
