from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from thespian.system import multiprocCommon

from actors.transport import system_base
from actors.transport.datagram import DatagramTransport
from actors.transport.tcp import TcpTransport
from tests.actors.transport import cast
from tests.actors.transport.stage_hands import Stage, Wire, on_stage, subreaper

PLAIN = {"datagram": DatagramTransport, "tcp": TcpTransport}
TAPPED = {"datagram": cast.TappedDatagram, "tcp": cast.TappedTcp}


@pytest.fixture(autouse=True)
def _subreaper() -> Iterator[None]:
    with subreaper():
        yield


@pytest.fixture(autouse=True)
def _patience() -> Iterator[None]:
    """Nobody is given up only because the machine has other work: Thespian gives an admin 5 s to come up (two new
    interpreters, when it is spawned), and we give the last processes 1 s to leave."""
    with pytest.MonkeyPatch.context() as patient:
        patient.setattr(multiprocCommon, "MAX_ADMIN_STARTUP_DELAY", timedelta(seconds=60))
        patient.setattr(system_base, "LEAVING_S_MAX", 30.0)
        yield


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
