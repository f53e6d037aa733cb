"""What the kernel says of a process."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time

import pytest

from actors import lifeline

WAITS = "import ctypes; libc = ctypes.CDLL(None); libc.vfork() or libc.sleep(60)"
"""A parent sleeps uninterruptibly, as for a disk, until its child of `vfork` begins another program or ends."""


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
