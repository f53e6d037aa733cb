"""Leftovers, and listeners that strangers can reach."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from actors import lifeline
from actors.leftovers import TREE_MARK, ScanFailed
from hybrid_capture import doctor_processes
from hybrid_capture.statefolder import StateFolder, Whereabouts

STRAY = "import sys, time; print('ready', flush=True); time.sleep(60)"
LISTENER = (
    "import socket, sys, time; s = socket.socket(); s.bind((sys.argv[1], 0)); s.listen(); "
    "print('ready', flush=True); time.sleep(60)"
)


@pytest.fixture
def start() -> Iterator[Any]:
    """`start(code, *words)`: a Python process that has said `ready`; ended by id after the test."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(code: str, *words: str, marks: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        environment = {**os.environ, **(marks or {})}
        process = subprocess.Popen([sys.executable, "-c", code, *words], stdout=subprocess.PIPE, env=environment)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def look(folder: Path, reap: bool = False) -> doctor_processes.Check:
    """What is said of the folder's processes; those of the machine that hide have a check of their own."""
    [check] = [each for each in doctor_processes.processes(folder, reap) if each.name == "processes"]
    return check


def test_a_process_of_an_earlier_run_is_found_named_and_ended_when_asked(tmp_path: Path, start: Any) -> None:
    assert look(tmp_path).state == "ok"
    process = start(STRAY, marks={TREE_MARK: str(tmp_path)})
    check = look(tmp_path)
    assert check.state == "wrong"
    assert str(process.pid) in check.text
    assert check.hint == "hybrid-capture doctor --reap"
    assert look(tmp_path / "other", reap=True).state == "ok"
    assert process.poll() is None, "another folder's process is not ours to end"
    check = look(tmp_path, reap=True)
    assert (check.state, str(process.pid) in check.text) == ("ok", True)
    assert process.wait(30) == -signal.SIGKILL


def test_a_scan_that_fails_is_not_read_as_nothing_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(_: Path) -> Any:
        raise ScanFailed("the list of processes could not be read: AccessDenied")

    monkeypatch.setattr(doctor_processes, "leftovers_of", unreadable)
    check = look(tmp_path)
    assert check.state == "wrong"
    assert "failed" in check.text


def test_what_a_killed_runtime_left_is_named(tmp_path: Path) -> None:
    (tmp_path / "sockets").mkdir()
    (tmp_path / "runtime.json").write_text('{"pid": 1}')
    (check,) = doctor_processes.leftovers(tmp_path)
    assert check.state == "note"
    assert "runtime.json" in check.text
    assert "sockets" in check.text


def test_a_living_owner_has_no_leftovers_and_must_take_connections(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "s")
    folder.take()
    try:
        folder.listen("r1", "embedded")
        assert [check.state for check in doctor_processes.leftovers(tmp_path / "s")] == ["ok"]
        assert folder.listener is not None
        folder.listener.close()
        assert [check.state for check in doctor_processes.leftovers(tmp_path / "s")] == ["ok", "wrong"]
    finally:
        folder.release()


@pytest.mark.parametrize(("address", "state"), [("127.0.0.1", "ok"), ("0.0.0.0", "wrong")])
def test_a_listener_that_others_can_reach_is_wrong(
    tmp_path: Path, start: Any, monkeypatch: pytest.MonkeyPatch, address: str, state: str
) -> None:
    process = start(LISTENER, address)
    here = Whereabouts(os.getpid(), lifeline.created_at(os.getpid()), "r1", "run", "/none", "x")
    monkeypatch.setattr(doctor_processes, "find_runtime", lambda _: here)
    monkeypatch.setattr(doctor_processes, "tree_of", lambda _: [psutil.Process(process.pid)])
    (check,) = doctor_processes.listeners(tmp_path)
    assert check.state == state
    if state == "wrong":
        assert f"pid {process.pid}" in check.text


def test_a_process_that_ends_while_it_is_looked_at_listens_nowhere(
    tmp_path: Path, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = start(LISTENER, "0.0.0.0")
    looked_at = psutil.Process(process.pid)
    process.kill()
    process.wait()
    here = Whereabouts(os.getpid(), lifeline.created_at(os.getpid()), "r1", "run", "/none", "x")
    monkeypatch.setattr(doctor_processes, "find_runtime", lambda _: here)
    monkeypatch.setattr(doctor_processes, "tree_of", lambda _: [looked_at])
    (check,) = doctor_processes.listeners(tmp_path)
    assert check.state == "ok"


def test_without_a_runtime_nothing_listens(tmp_path: Path) -> None:
    (check,) = doctor_processes.listeners(tmp_path)
    assert check.state == "ok"
    with socket.socket(socket.AF_UNIX) as nobody:
        assert nobody.fileno() > 0
