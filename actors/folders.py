"""Looking at watched folders: in small steps through everything, at single files, and by the system's own hints.

Hints only say where to look sooner. What counts is what a look finds, so a system without hints, or one that lost some,
is only later. Links are not followed, neither to files nor to folders.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import stat
from collections.abc import Iterable, Iterator
from typing import Any

from actors.machines.tailing import FileSeen

SUFFIX = ".jsonl"
FRESH_MAX = 1_000
"""Files of new folders that one hint leads to; the rest is found by the next sweep."""
DEPTH_MAX = 8
"""Levels below a root: codex has four, claude three."""


def look_at(path: str) -> FileSeen | None:
    """The file at this path; None when there is none, or something else."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return _seen(path, found) if stat.S_ISREG(found.st_mode) else None


def is_text(path: str) -> bool:
    """Whether a path can be told: a file system takes any bytes for a name, a message and the store take text."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def as_text(path: str) -> str:
    """A path for a person, with `\\xff` where it is none."""
    return os.fsencode(path).decode(errors="backslashreplace")


def walk(roots: Iterable[str]) -> Iterator[FileSeen]:
    """Every session file below these folders, lazily: the caller decides how many at once. Folders that vanish in
    between, or may not be read, are passed over."""
    for root in roots:
        yield from _walk(root, 0)


def _walk(folder: str, depth: int) -> Iterator[FileSeen]:
    below = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if entry.name.endswith(SUFFIX) and entry.is_file(follow_symlinks=False):
                        yield _seen(entry.path, entry.stat(follow_symlinks=False))
                    elif depth < DEPTH_MAX and entry.is_dir(follow_symlinks=False):
                        below.append(entry.path)
    except OSError:
        return
    for each in sorted(below, reverse=True):  # newest days first: their names are dates
        yield from _walk(each, depth + 1)


def _seen(path: str, found: os.stat_result) -> FileSeen:
    return FileSeen(path, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns // 1_000_000)


class Hints:
    """The system's hints for one root. Without a watcher (no room for one, no such system) it never says anything."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.missing = ""
        """Why there are no hints; empty while there are."""
        self._watcher: Any = None
        try:
            from watchfiles._rust_notify import RustNotify

            # debug, force_polling, poll_delay_ms, recursive, ignore_permission_denied
            self._watcher = RustNotify([root], False, False, 300, True, True)
        except Exception as error:  # noqa: BLE001  whatever the watcher cannot, looking can
            self.missing = type(error).__name__

    def take(self) -> list[str]:
        """Session files that changed since the last time. Takes about 1 ms."""
        if self._watcher is None:
            return []
        try:
            told = self._watcher.watch(1, 1, 1, None)
        except Exception as error:  # noqa: BLE001  see above
            self.missing = type(error).__name__
            self.close()
            return []
        if not isinstance(told, set):
            return []
        paths = {path for _, path in told}
        # What was put into a folder before its own watch was there is told by nobody.
        fresh = [path for path in paths if not path.endswith(SUFFIX) and os.path.isdir(path)]
        paths.update(file.path for file in itertools.islice(walk(fresh), FRESH_MAX))
        inside = (path for path in paths if path.endswith(SUFFIX))
        return sorted(path for path in inside if os.path.realpath(os.path.dirname(path)).startswith(self.root))

    def close(self) -> None:
        """Give the watcher up."""
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            with contextlib.suppress(Exception):
                watcher.close()
