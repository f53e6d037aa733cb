from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from actors.transport import private_folder, system_base
from actors.transport.datagram import DatagramTransport
from actors.transport.endpoint import Settings
from actors.transport.private_folder import FolderNotPrivateError
from actors.transport.system_base import SealedSystemBase, start_system, sweep, transport_class
from actors.transport.tcp import TcpTransport
from tests.actors.transport import cast
from tests.actors.transport.cast import Note
from tests.actors.transport.stage_hands import (
    descendants,
    eventually,
    no_more_descriptors_than,
    open_descriptors,
)
from tests.leaks import files_below


def gone(before: set[int]) -> bool:
    return not set(descendants()) - before


@pytest.mark.parametrize("start_method", ["fork", "spawn"])
def test_a_system_starts_answers_and_leaves_nothing_but_its_log(
    tmp_path: Path, transport: str, start_method: system_base.StartMethod
) -> None:
    before = set(descendants())
    fds = open_descriptors()
    environment = {key: value for key, value in os.environ.items() if key != "TZ"}
    for _ in range(2):
        system = start_system(
            tmp_path / "run",
            allow=cast.WIRE,
            start_method=start_method,
            transport=transport,  # type: ignore[arg-type]
        )
        probe = system.createActor(cast.Probe)
        assert system.ask(probe, Note("echo", 1), 20).value == 1
        system.shutdown()
        eventually(lambda: gone(before), what="processes to leave")
        assert os.listdir(tmp_path / "run") == ["thespian.log"]
    assert stat.S_IMODE(os.stat(tmp_path / "run").st_mode) == 0o700
    assert {key: value for key, value in os.environ.items() if key != "TZ"} == environment
    if start_method == "fork":
        no_more_descriptors_than(fds)


def test_the_key_is_not_on_a_command_line_in_the_environment_or_on_disk(
    tmp_path: Path, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = b"find-me-if-you-can-0123456789abc"
    before = set(descendants())
    settings = Settings(private_folder.prepare(tmp_path / "run"), key=key)
    base = SealedSystemBase(settings, transport_class(transport), "spawn")  # type: ignore[arg-type]
    try:
        for pid in set(descendants()) - before:
            for name in ("cmdline", "environ"):
                told = b""
                with suppress(FileNotFoundError, ProcessLookupError):  # the admin's own starter may just be leaving
                    told = Path(f"/proc/{pid}/{name}").read_bytes()
                assert key not in told
                assert key.hex().encode() not in told
        assert [name for name, content in files_below(tmp_path / "run").items() if key in content] == []
    finally:
        base.shutdown()
    eventually(lambda: gone(before), what="processes to leave")


def test_what_a_crash_left_is_swept_at_the_next_start(tmp_path: Path, transport: str) -> None:
    folder = Path(private_folder.prepare(tmp_path / "run"))
    kind = transport_class(transport)  # type: ignore[arg-type]
    pid = os.fork()
    if pid == 0:
        from actors.transport.endpoint import Endpoint, new_address

        kind(Endpoint(Settings(str(folder)), new_address(), child=False))
        os._exit(0)
    os.waitpid(pid, 0)
    left = [name for name in os.listdir(folder) if name != "thespian.log"]
    assert len(left) == 1
    before = set(descendants())
    system = start_system(folder, transport=transport)  # type: ignore[arg-type]
    assert left[0] not in os.listdir(folder)
    system.shutdown()
    eventually(lambda: gone(before), what="processes to leave")


def test_a_folder_that_is_not_private_starts_nothing(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "elsewhere")
    before = set(descendants())
    with pytest.raises(FolderNotPrivateError):
        start_system(tmp_path / "run")
    assert gone(before)


def test_after_its_admin_was_killed_a_shutdown_is_quick_and_leaves_no_descriptor(
    tmp_path: Path, transport: str
) -> None:
    before, fds = set(descendants()), open_descriptors()
    system = start_system(tmp_path / "run", transport=transport)  # type: ignore[arg-type]
    mine = {pid: process for pid, process in descendants().items() if pid not in before}
    for process in mine.values():
        with suppress(psutil.NoSuchProcess):  # the admin's own starter may just be leaving
            process.kill()
    eventually(lambda: gone(before), what="the killed to go")
    system.shutdown()
    no_more_descriptors_than(fds)
    assert os.listdir(tmp_path / "run") == ["thespian.log"]


def test_actors_warnings_go_to_a_private_file_and_nothing_to_the_terminal(
    tmp_path: Path, transport: str, capfd: pytest.CaptureFixture[str]
) -> None:
    before = set(descendants())
    system = start_system(tmp_path / "run", allow=cast.WIRE, transport=transport)  # type: ignore[arg-type]
    probe = system.createActor(cast.Probe)
    system.ask(probe, Note("raise"), 20)
    eventually(lambda: (tmp_path / "run" / "actors.log").exists(), what="the actors' log")
    system.shutdown()
    eventually(lambda: gone(before), what="processes to leave")
    assert capfd.readouterr() == ("", "")


def test_the_names_of_the_transports_lead_to_them() -> None:
    assert transport_class("datagram") is DatagramTransport
    assert transport_class("tcp") is TcpTransport
    assert (system_base.START_METHOD, system_base.TRANSPORT) == ("fork", "datagram")


def test_sweeping_tells_how_many_live(tmp_path: Path, transport: str) -> None:
    from tests.actors.transport.stage_hands import Wire

    wire = Wire(tmp_path / "run", transport_class(transport))  # type: ignore[arg-type]
    for _ in range(3):
        wire.endpoint()
    assert sweep(wire.settings.folder) == 3
    wire.close()
    assert sweep(wire.settings.folder) == 0
