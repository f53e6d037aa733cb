"""What the kernel says of a process."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time

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
