"""The writer locks of the scripted app-server: one file per thread that it has open, held by `flock`.

As in the real program a death frees the lock and leaves the file; a polite end removes it.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from storage import file_lock


class WriterLocks:
    """The locks that this process holds on one CODEX_HOME."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "thread-writer-locks"
        self._held: dict[str, int] = {}

    def take(self, thread_id: str) -> bool:
        """Hold the thread from now on; false when another process does."""
        if thread_id in self._held:
            return True
        self._folder.mkdir(exist_ok=True)
        fd = os.open(self._path(thread_id), os.O_RDWR | os.O_CREAT, 0o600)
        if not file_lock.take(fd):
            os.close(fd)
            return False
        self._held[thread_id] = fd
        return True

    def release(self) -> None:
        """Give all of them up."""
        for thread_id, fd in self._held.items():
            with contextlib.suppress(OSError):
                self._path(thread_id).unlink()
            os.close(fd)
        self._held.clear()

    def _path(self, thread_id: str) -> Path:
        return self._folder / f"{thread_id}.lock"
