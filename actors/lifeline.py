"""How a process makes sure that it does not outlive the one it works for. The one place that knows the platform.

Linux: the parent-death signal and pidfds. Elsewhere neither exists; `process_is_gone` is asked at every tick instead
(written for macOS, never run there).
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import signal
import sys
from pathlib import Path

import psutil

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
START_S = 2**31
"""More than a machine runs; times of 4,096 starts still tell 10 ms apart in a float."""


def _prctl(option: int, value: int) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.prctl(option, value, 0, 0, 0) == 0)


def die_with_parent(expected_parent: int | None = None) -> bool:
    """SIGKILL for this process as soon as its parent ends; false where the OS has no such thing.

    When the parent was gone before the call, `expected_parent` tells: then this process ends at once.
    """
    bound = _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if bound and expected_parent is not None and os.getppid() != expected_parent:
        os._exit(0)
    return bound


def adopt_orphans() -> bool:
    """Become the parent of every orphaned descendant, so that it can be waited for; false where impossible."""
    return _prctl(PR_SET_CHILD_SUBREAPER, 1)


def created_at(pid: int) -> float:
    """When a process was created, s; with its pid this names one process. 0.0 when there is none.

    On Linux counted from the machine's start, and apart for each start: the kernel knows no other time of birth, so the
    one since the epoch moves whenever somebody sets the clock. Elsewhere it is that one.
    """
    try:
        return _born(psutil.Process(pid))
    except psutil.Error:
        return 0.0


def process_is_gone(pid: int, created: float) -> bool:
    """Whether the process that was created then is no more; a zombie counts as gone."""
    try:
        process = psutil.Process(pid)
        same = abs(_born(process) - created) < 0.02
        return not same or bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def lives(process: psutil.Process) -> bool:
    """Whether it runs still. A zombie has ended, and so has one that goes while it is looked at."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _born(process: psutil.Process) -> float:
    if not sys.platform.startswith("linux"):
        return float(process.create_time())
    return _start_of_machine() * START_S + float(process.create_time()) - psutil.boot_time()


def _start_of_machine() -> int:
    """A number below 4,096 that another start of the machine most likely does not have; 0 where none is told."""
    with contextlib.suppress(OSError, ValueError), BOOT_ID.open() as file:
        return int(file.read(3), 16)
    return 0


def waits_for_disk(pid: int) -> bool:
    """Whether the process sleeps until the kernel is done with a disk: it cannot answer, and no signal reaches it
    before that either. False where the OS does not tell (seen on Linux alone)."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_DISK_SLEEP)
    except psutil.Error:
        return False


def exit_notice(pid: int) -> int | None:
    """A descriptor that becomes readable when the process ends; None where the OS has no such thing.

    Python may have it where the kernel has not (before Linux 5.3), or where a container's filter forbids it.

    Errors: ProcessLookupError when it is gone already.
    """
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except OSError as error:
        if error.errno in (errno.ENOSYS, errno.EPERM):
            return None
        raise
