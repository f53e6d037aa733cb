"""A small file that is whole at every instant, and the lock of those who change it.

Written beside, flushed, renamed, the folder flushed: who reads sees the old content or the new, also after a SIGKILL or
a power cut at any step. What a crash leaves beside is removed by the next write.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from storage import file_lock

LOOK_S = 0.005


class LockBusy(Exception):
    """Another process held the lock for the whole time."""


class NotPlain(Exception):
    """The path is a symbolic link, a device, a folder, or too large. The text continues a sentence: `is a …`."""


def write_whole(path: Path, content: bytes, mode: int = 0o600, suffix: str = ".new") -> None:
    """Replace the file by `content` with this mode, durable when this returns. One writer at a time: see `exclusively`.

    `suffix` names the file beside it while it is written; a file of that name is taken for what a crash left.

    Errors: OSError. Before the rename the old file stands; after it (only the folder's flush can fail) the new one.
    """
    beside = path.with_name(path.name + suffix)
    with contextlib.suppress(FileNotFoundError):
        beside.unlink()
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if hasattr(os, "fchmod"):
                os.fchmod(descriptor, mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:  # a signal, too, must leave no half file beside the whole one
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Make durable which names stand in a folder: who was renamed, linked or removed. Errors: OSError.

    Windows opens no folders, and writes names down by itself.
    """
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_plain(path: Path, bytes_max: int) -> bytes | None:
    """The whole content; None when there is no such file. Never follows a link and never waits at a pipe.

    Errors: NotPlain, OSError.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        if stat.S_ISLNK(path.lstat().st_mode):
            raise NotPlain("is a symbolic link")
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NotPlain("is not a regular file")
        content = file.read(bytes_max + 1)
    if len(content) > bytes_max:
        raise NotPlain(f"is larger than {bytes_max:,} bytes")
    return content


@contextlib.contextmanager
def exclusively(path: Path, wait_s: float) -> Iterator[None]:
    """Hold the lock file at `path` (made with mode 0600); the OS gives it back when its holder dies.

    Errors: LockBusy after `wait_s`; OSError.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        end = time.monotonic() + wait_s
        while not file_lock.take(descriptor):
            if time.monotonic() >= end:
                raise LockBusy
            time.sleep(LOOK_S)
        yield
    finally:
        os.close(descriptor)
