"""How a process makes sure that it does not outlive the one it works for. The one place that knows the platform.

Linux: the parent-death signal and pidfds. Elsewhere neither exists; `process_is_gone` is asked at every tick instead
(written for macOS, never run there).
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

import psutil

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


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
    """Creation time of a process, s since the epoch; 0.0 when there is none."""
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return 0.0


def process_is_gone(pid: int, created: float) -> bool:
    """Whether the process that was created then is no more; a zombie counts as gone."""
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - created) < 0.02
        return not same or bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def lives(process: psutil.Process) -> bool:
    """Whether it runs still. A zombie has ended, and so has one that goes while it is looked at."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def waits_for_disk(pid: int) -> bool:
    """Whether the process sleeps until the kernel is done with a disk: it cannot answer, and no signal reaches it
    before that either. False where the OS does not tell (seen on Linux alone)."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_DISK_SLEEP)
    except psutil.Error:
        return False


def exit_notice(pid: int) -> int | None:
    """A descriptor that becomes readable when the process ends; None where the OS has no such thing.

    Errors: ProcessLookupError when it is gone already.
    """
    if not hasattr(os, "pidfd_open"):
        return None
    return os.pidfd_open(pid)
