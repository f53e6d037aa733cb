"""How far an import is: a bar for a person at a terminal, a JSON line now and then for a program."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any

from hybrid_capture.console import Screen, plain

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

EVERY_S = 0.5
"""Between two JSON lines."""
NAME_CHARS = 40


class ImportProgress:
    """Use as a context manager."""

    def __init__(self, screen: Screen, files: int, bytes_count: int) -> None:
        self._screen, self._files, self._bytes = screen, files, bytes_count
        self._done_files = self._before = self._inside = 0
        self._told_s = 0.0
        self._name = ""
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> ImportProgress:
        if not self._screen.json and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
            from rich.progress import TransferSpeedColumn as Speed

            columns: tuple[Any, ...] = (
                TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), Speed(),
                TimeRemainingColumn(),
            )  # fmt: skip
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task("", total=self._bytes)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()

    def at(self, path: str, offset: int) -> None:
        """So much of this file is stored."""
        self._name, self._inside = plain(path)[-NAME_CHARS:], offset
        self._show()

    def file_done(self, size: int) -> None:
        """The file is through, whatever came of it."""
        self._done_files, self._before, self._inside = self._done_files + 1, self._before + size, 0
        self._show()

    def say(self, what: str) -> None:
        """Another kind of work has begun."""
        self._name = what
        self._show(always=True)

    def _show(self, *, always: bool = False) -> None:
        done = self._before + self._inside
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, description=self._name)
        elif self._screen.json and (always or time.monotonic() - self._told_s >= EVERY_S):
            self._told_s = time.monotonic()
            told = {"files_done": self._done_files, "files": self._files, "bytes_done": done, "bytes": self._bytes}
            self._screen.record({"event": "progress", "doing": self._name, **told})
