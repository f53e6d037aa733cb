from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from actors.transport import lifetime
from tests.actors.transport.stage_hands import Wire, no_more_descriptors_than, open_descriptors


def test_a_process_that_ends_takes_its_socket_files_along(tmp_path: Path, transport: str) -> None:
    program = textwrap.dedent(f"""
        from pathlib import Path
        from actors.transport.endpoint import Endpoint, Settings, new_address
        from actors.transport.system_base import transport_class
        kept = transport_class({transport!r})(Endpoint(Settings({str(tmp_path)!r}), new_address(), child=False))
        assert len([p for p in Path({str(tmp_path)!r}).iterdir() if p.name != "thespian.log"]) == 1
    """)
    subprocess.run([sys.executable, "-c", program], check=True, timeout=90, cwd=Path(__file__).parents[3])
    assert {path.name for path in tmp_path.iterdir()} == {"thespian.log"}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_has_none_of_its_parents_descriptors_and_removes_none_of_its_files(wire: Wire) -> None:
    before = set(os.listdir("/proc/self/fd"))
    one, two = wire.endpoint(), wire.endpoint()
    assert wire.exchange(one, two, "warm") == "warm"
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            one.close()
            two.close()
            status = 0 if set(os.listdir("/proc/self/fd")) <= before else 2
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0
    assert wire.exchange(one, two, "still") == "still"
    assert one._owns_file()
    assert two._owns_file()


def test_a_closed_transport_is_not_kept(wire: Wire) -> None:
    one = wire.endpoint()
    assert id(one) in lifetime._LIVE
    one.close()
    assert id(one) not in lifetime._LIVE


def test_a_transport_nobody_keeps_gives_its_descriptors_back(wire: Wire) -> None:
    before = open_descriptors()
    for _ in range(5):
        wire.endpoint()
    wire.made.clear()
    no_more_descriptors_than(before)
