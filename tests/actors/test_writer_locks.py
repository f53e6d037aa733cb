"""Who has a thread open: seen in the kernel's list of locks, never by taking one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from actors import writer_locks as module
from actors.writer_locks import FOLDER, writer_locks
from chaos.scripted_locks import WriterLocks

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc/locks is Linux's own")


@linux
def test_a_held_lock_is_seen_and_a_free_or_missing_one_is_not(tmp_path: Path) -> None:
    held = writer_locks(str(tmp_path), {})
    assert held("t1") is False
    locks = WriterLocks(tmp_path)
    assert locks.take("t1")
    assert held("t1") is True
    locks.release()
    (tmp_path / FOLDER / "t1.lock").touch()  # left behind by a process that was killed
    assert held("t1") is False


@linux
def test_looking_takes_no_lock(tmp_path: Path) -> None:
    WriterLocks(tmp_path).take("warm-up")
    held = writer_locks(None, {"CODEX_HOME": str(tmp_path)})
    held("t1")
    mine, other = WriterLocks(tmp_path), WriterLocks(tmp_path)
    assert mine.take("t1")
    assert not other.take("t1")
    mine.release()


def test_where_the_system_does_not_tell_nothing_is_claimed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.sys, "platform", "darwin")
    assert writer_locks(str(tmp_path), {})("t1") is None


@linux
def test_a_list_that_cannot_be_read_claims_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "t1.lock").touch()
    monkeypatch.setattr(module, "LOCKS", tmp_path)  # a folder cannot be read as a file
    assert writer_locks(str(tmp_path), {})("t1") is None


def test_without_a_home_it_is_codexs_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".codex" / FOLDER).mkdir(parents=True)
    held = writer_locks(None, {"HOME": str(tmp_path)})
    assert held("t1") in (False, None)
