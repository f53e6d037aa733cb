"""A lock is one process's at a time, and nobody's when its holder is gone: by this system's way, and by Windows'."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from storage import file_lock

HOLDER = (
    "import os, sys; from storage.file_lock import take; fd = os.open(sys.argv[1], os.O_RDWR);"
    "print(take(fd), flush=True); sys.stdin.read()"
)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def descriptor(tmp_path: Path) -> Iterator[int]:
    opened = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    yield opened
    os.close(opened)


def test_what_another_process_holds_is_free_the_moment_it_dies(descriptor: int, tmp_path: Path) -> None:
    words = [sys.executable, "-c", HOLDER, str(tmp_path / "lock")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        assert not file_lock.take(descriptor)
        holder.kill()
    assert file_lock.take(descriptor)


def test_windows_locks_the_first_byte_and_a_refusal_is_no_fault(
    descriptor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int, int]] = []

    def locking(of: int, how: int, count: int) -> None:
        asked.append((of, how, count))
        if len(asked) > 1:
            raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=locking, LK_NBLCK=2))  # type: ignore[arg-type]  # stands for it
    assert file_lock.take(descriptor)
    assert not file_lock.take(descriptor)
    assert asked == [(descriptor, 2, 1)] * 2
