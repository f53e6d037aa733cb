"""Who owns a state folder, and how another process finds the runtime in it: by a Unix socket, or on loopback."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hybrid_capture.statefolder import FolderTaken, NotRunning, StateFolder, connect, find_runtime


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[StateFolder]:
    """One that is taken."""
    taken = StateFolder(tmp_path / "state")
    taken.take()
    yield taken
    taken.release()


def reached(listener: socket.socket, path: Path) -> bytes:
    """What somebody who looks in the folder says to the one who listens."""
    with connect(find_runtime(path), 30.0) as link:
        link.sendall(b"hello")
        theirs, _ = listener.accept()
        with theirs:
            return theirs.recv(5)


def test_a_runtime_is_found_by_its_folder_and_nobody_when_it_has_left(folder: StateFolder) -> None:
    listener, token = folder.listen("r1", "run")
    here = find_runtime(folder.path)
    assert (here.run_id, here.kind, here.token) == ("r1", "run", token)
    assert Path(here.address).stat().st_mode & 0o777 == 0o600
    assert (folder.path / "runtime.json").stat().st_mode & 0o777 == 0o600
    assert reached(listener, folder.path) == b"hello"
    folder.release()
    with pytest.raises(NotRunning, match="hybrid-capture run"):
        find_runtime(folder.path)


def test_without_unix_sockets_it_listens_on_loopback_and_is_found_the_same_way(
    folder: StateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    listener, _ = folder.listen("r1", "run")
    assert listener.family == socket.AF_INET
    assert find_runtime(folder.path).address == f"127.0.0.1:{listener.getsockname()[1]}"
    assert reached(listener, folder.path) == b"hello"
    monkeypatch.undo()


def test_a_folder_has_one_owner(folder: StateFolder) -> None:
    with pytest.raises(FolderTaken):
        StateFolder(folder.path).take()


@pytest.mark.parametrize("content", [b"", b'{"pid": 1', b"[]", b'{"pid": 1}'])
def test_a_whereabouts_file_that_was_cut_off_is_nobody(folder: StateFolder, content: bytes) -> None:
    (folder.path / "runtime.json").write_bytes(content)
    with pytest.raises(NotRunning):
        find_runtime(folder.path)


def test_whoever_does_not_answer_is_not_running(folder: StateFolder) -> None:
    folder.listen("r1", "run")
    here = find_runtime(folder.path)
    Path(here.address).unlink()
    with pytest.raises(NotRunning, match="does not answer"):
        connect(here, 30.0)
