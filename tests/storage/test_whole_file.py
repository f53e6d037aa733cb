"""A small file is whole whenever somebody dies while writing it, and is never read through a link."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage import whole_file
from storage.whole_file import LockBusy, NotPlain, exclusively, read_plain, write_whole
from tests.systems import posix

STEPS = ("open", "fsync", "replace", "fsync the folder")


@posix
def test_it_is_private_and_replaces_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old, and readable for all")
    path.chmod(0o644)
    write_whole(path, b"new")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o600)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file"]


def test_what_a_crash_left_beside_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "file.new").write_bytes(b"half")
    write_whole(tmp_path / "file", b"whole")
    assert (tmp_path / "file").read_bytes() == b"whole"


@pytest.mark.parametrize("step", range(len(STEPS)), ids=STEPS)
def test_a_write_that_fails_at_any_step_leaves_the_old_file_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    path = tmp_path / "file"
    write_whole(path, b"old")
    calls: list[str] = []

    def failing(name: str, number: int, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **given: Any) -> Any:
            calls.append(name)
            if number == step and calls.count(name) == (2 if step == 3 else 1):
                raise OSError(28, "No space left on device")
            return real(*args, **given)

        return call

    for name, number in (("open", 0), ("fsync", 1), ("replace", 2), ("fsync", 3)):
        if number == step:
            monkeypatch.setattr(whole_file.os, name, failing(name, number, getattr(os, name)))
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == (b"new" if step == 3 else b"old")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file"]


@posix
@pytest.mark.parametrize("step", [0, 1, 2, 3, 4])
def test_a_writer_that_is_killed_at_any_step_leaves_the_old_file_or_the_new(tmp_path: Path, step: int) -> None:
    path = tmp_path / "file"
    write_whole(path, b"old")
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from storage import whole_file\n"
        "left = [int(sys.argv[2])]\n"
        "def dying(real):\n"
        "    def call(*args, **given):\n"
        "        if left[0] == 0: os.kill(os.getpid(), signal.SIGKILL)\n"
        "        left[0] -= 1\n"
        "        return real(*args, **given)\n"
        "    return call\n"
        "for name in ('open', 'fsync', 'replace'): setattr(whole_file.os, name, dying(getattr(os, name)))\n"
        "whole_file.write_whole(Path(sys.argv[1]), b'new')\n"
    )
    told = subprocess.run([sys.executable, "-c", code, str(path), str(step)], cwd=Path.cwd(), timeout=30, check=False)
    assert told.returncode == -signal.SIGKILL
    assert path.read_bytes() == (b"old" if step < 3 else b"new")
    write_whole(path, b"next")
    assert path.read_bytes() == b"next"


def test_a_file_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert read_plain(tmp_path / "none", 10) is None


@posix
def test_links_pipes_folders_and_giants_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"x" * 11)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name, said in (
        ("real", "larger"), ("link", "symbolic link"), ("dangling", "symbolic link"), ("pipe", "regular"),
    ):  # fmt: skip
        with pytest.raises(NotPlain, match=said):
            read_plain(tmp_path / name, 10)
    with pytest.raises((NotPlain, IsADirectoryError)):
        read_plain(tmp_path / "folder", 10)


@posix
def test_the_lock_lets_one_in_at_a_time_and_dies_with_its_holder(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with exclusively(lock, 1.0), pytest.raises(LockBusy), exclusively(lock, 0.02):
        pass
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom storage.whole_file import exclusively\n"
        "with exclusively(Path(sys.argv[1]), 1.0):\n    print('in', flush=True); time.sleep(60)\n"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(lock)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "in\n"
    with pytest.raises(LockBusy), exclusively(lock, 0.02):
        pass
    threading.Timer(0.05, holder.kill).start()
    with exclusively(lock, 10.0):
        pass
    holder.wait()
    holder.stdout.close()
    assert lock.stat().st_mode & 0o777 == 0o600
