"""What a run left is found by the marks it carries and by the note, and nothing else is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from actors import leftovers, lifeline
from actors.leftovers import (
    TREE_MARK,
    Ended,
    ScanFailed,
    belonging,
    below_app_server,
    end,
    end_app_server,
    marks,
    note,
    noted,
    told,
)

WAITING = "print('ready', flush=True); import time; time.sleep(60)"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {WAITING!r}], start_new_session=True)"
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start() -> Iterator[Start]:
    """A process with these variables, once it, or its child, waits; whatever is left of it is ended by id."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(code: str = WAITING, **variables: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, **variables}
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
            process.kill()
        process.communicate()


def test_everything_with_the_folders_mark_belongs_to_it_however_deep_and_in_whichever_session(
    tmp_path: Path, start: Start
) -> None:
    process = start(PARENT, **{TREE_MARK: str(tmp_path)})
    start(**{TREE_MARK: str(tmp_path / "other")})
    start()
    below = psutil.Process(process.pid).children(recursive=True)
    assert len(below) == 1
    assert os.getsid(below[0].pid) != os.getsid(process.pid)
    assert {each.pid for each in belonging(str(tmp_path)).processes} == {process.pid, below[0].pid}


def test_only_what_is_below_an_app_server_has_a_generation(tmp_path: Path, start: Start) -> None:
    start(**{TREE_MARK: str(tmp_path)})
    command = start(**marks(str(tmp_path), "run/1"))
    assert [each.pid for each in below_app_server(str(tmp_path)).processes] == [command.pid]


def test_a_noted_process_is_found_without_a_mark_unless_its_pid_is_anothers_by_now(
    tmp_path: Path, start: Start
) -> None:
    process = start()
    note(str(tmp_path), process.pid, lifeline.created_at(process.pid))
    assert [each.pid for each in belonging(str(tmp_path)).processes] == [process.pid]
    assert [each.pid for each in below_app_server(str(tmp_path)).processes] == [process.pid]
    note(str(tmp_path), process.pid, lifeline.created_at(process.pid) - 60)
    assert noted(str(tmp_path)) is None
    assert belonging(str(tmp_path)).processes == ()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"pid": "x"}', b'{"pid": 1}', b"\xff" * 9_000])
def test_a_note_that_cannot_be_read_names_nobody(tmp_path: Path, content: bytes) -> None:
    (tmp_path / leftovers.NOTE).write_bytes(content)
    assert noted(str(tmp_path)) is None


def test_what_is_ended_is_gone_when_the_call_returns(tmp_path: Path, start: Start) -> None:
    process = start(**{TREE_MARK: str(tmp_path)})
    found = belonging(str(tmp_path)).processes
    assert str(process.pid) in told(found)
    assert end(found, 30.0) == []
    assert belonging(str(tmp_path)).processes == ()


def test_a_left_app_server_is_ended_and_told_and_the_rest_of_the_tree_goes_on(tmp_path: Path, start: Start) -> None:
    actor = start(**{TREE_MARK: str(tmp_path)})
    command = start(**marks(str(tmp_path), "run/1"))
    names = told([psutil.Process(command.pid)])
    assert end_app_server(str(tmp_path)) == Ended("leftovers_ended", names)
    assert end_app_server(str(tmp_path)) is None
    assert [each.pid for each in belonging(str(tmp_path)).processes] == [actor.pid]


def test_a_failed_scan_for_an_app_server_is_told_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: Start
) -> None:
    command = start(**marks(str(tmp_path), "run/1"))
    monkeypatch.setattr(leftovers.psutil, "process_iter", lambda: iter(()))
    ended = end_app_server(str(tmp_path))
    assert ended is not None
    assert (ended.kind, command.poll()) == ("scan_failed", None)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the name is the program's")
def test_a_name_that_was_cut_in_the_middle_of_a_letter_is_told_as_text(start: Start) -> None:
    named = f"import ctypes; ctypes.CDLL(None).prctl(15, b'gr\\xc3', 0, 0, 0); {WAITING}"
    process = psutil.Process(start(named).pid)
    assert process.name() == "gr\udcc3"
    assert told([process]) == f"{process.pid} (gr?)"


def test_the_caller_and_those_above_it_are_never_found(tmp_path: Path) -> None:
    code = f"from actors.leftovers import belonging; print(len(belonging({str(tmp_path)!r}).processes))"
    environment = {**os.environ, TREE_MARK: str(tmp_path)}
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, check=True)
    assert said.stdout == b"0\n"


def test_a_list_that_misses_ourselves_or_cannot_be_read_is_a_failure_not_an_empty_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers.psutil, "process_iter", lambda: iter(()))
    with pytest.raises(ScanFailed, match="does not even name this one"):
        belonging(str(tmp_path))

    def closed() -> Any:
        raise psutil.AccessDenied(1)

    monkeypatch.setattr(leftovers.psutil, "process_iter", closed)
    with pytest.raises(ScanFailed, match="AccessDenied"):
        belonging(str(tmp_path))


def test_a_process_that_hides_its_environment_is_counted_and_not_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: Start
) -> None:
    process = start(**{TREE_MARK: str(tmp_path)})
    real = psutil.Process.environ

    def hidden(self: psutil.Process) -> dict[str, str]:
        if self.pid == process.pid:
            raise psutil.AccessDenied(self.pid)
        return real(self)

    monkeypatch.setattr(psutil.Process, "environ", hidden)
    found = belonging(str(tmp_path))
    assert found.processes == ()
    assert found.hidden >= 1
