"""What the kernel says of a process."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from actors import lifeline

WAITS = "import ctypes; libc = ctypes.CDLL(None); libc.vfork() or libc.sleep(60)"
"""A parent sleeps uninterruptibly, as for a disk, until its child of `vfork` begins another program or ends."""


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="elsewhere nobody can look at a zombie without collecting it")
def test_a_process_lives_until_it_ends_whether_or_not_somebody_has_collected_it() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    seen = psutil.Process(process.pid)
    assert lifeline.lives(seen)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert seen.status() == psutil.STATUS_ZOMBIE
    assert not lifeline.lives(seen)
    process.communicate(timeout=30)
    assert not lifeline.lives(seen)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere a time of birth does not move")
def test_a_clock_that_is_set_makes_nobody_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """`btime` of /proc/stat, from which the time since the epoch is worked out, is the clock's time less the uptime."""
    created = lifeline.created_at(os.getpid())
    booted = psutil.boot_time()
    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: booted + 3_600)
    assert lifeline.created_at(os.getpid()) == pytest.approx(created, abs=0.001)
    assert not lifeline.process_is_gone(os.getpid(), created)
    assert lifeline.process_is_gone(os.getpid(), created - 0.03)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere times count from the epoch")
def test_what_was_born_at_the_same_time_after_another_start_of_the_machine_is_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    created = lifeline.created_at(os.getpid())
    told = lifeline.BOOT_ID.read_text()
    (tmp_path / "boot_id").write_text(f"{int(told[:3], 16) ^ 1:03x}{told[3:]}")
    monkeypatch.setattr(lifeline, "BOOT_ID", tmp_path / "boot_id")
    assert lifeline.process_is_gone(os.getpid(), created)
    monkeypatch.setattr(lifeline, "BOOT_ID", tmp_path / "none")
    assert not lifeline.process_is_gone(os.getpid(), lifeline.created_at(os.getpid()))


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="there is none to be refused")
@pytest.mark.parametrize("refused", [errno.ENOSYS, errno.EPERM])
def test_a_kernel_without_notices_of_an_end_is_one_that_has_none(monkeypatch: pytest.MonkeyPatch, refused: int) -> None:
    def open_(pid: int) -> int:
        raise OSError(refused, os.strerror(refused))

    monkeypatch.setattr(os, "pidfd_open", open_)
    assert lifeline.exit_notice(os.getpid()) is None


def test_who_works_or_is_gone_does_not_wait_for_a_disk() -> None:
    assert not lifeline.waits_for_disk(os.getpid())
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait(30)
    assert not lifeline.waits_for_disk(process.pid)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the OS does not tell")
def test_who_sleeps_where_no_signal_reaches_it_waits_for_a_disk() -> None:
    process = subprocess.Popen([sys.executable, "-c", WAITS], start_new_session=True)
    try:
        end = time.monotonic() + 30
        while not lifeline.waits_for_disk(process.pid) and time.monotonic() < end:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.01)
        assert lifeline.waits_for_disk(process.pid)
    finally:
        os.killpg(process.pid, 9)
        process.wait(30)
