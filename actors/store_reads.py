"""The facade's way to what is stored: reads on connections of their own, in threads, so that the facade never waits.

A thread and not a process: SQLite lets go of the interpreter while it works, and pages are small. What takes longer
than its deadline is interrupted inside the engine; a disk that hangs costs a thread, and the facade answers all the
same, because it counts what waits (`reads_waiting_max`) and what is late (`read_deadline_ms`) itself.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from actors.machines.effects import ReadStore
from messages.facade import RefusalCode
from messages.renderer_reads import GetIngestConfig
from messages.renderer_words import Command, Data
from messages.settings import TreeSettings
from storage.config import ConfigFile
from storage.errors import NothingCaptured, StoreError
from storage.pages import Pages, config_of
from storage.paging import BadPage, fitting
from storage.redaction import redact

THREADS = 2
"""So that one slow search does not hold up a list."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What a read came to: its data as JSON, or why there is none."""

    key: str
    data: str | None
    code: RefusalCode = "FAILED"
    text: str = ""


class StoreReads:
    """Reads on their way."""

    def __init__(self, settings: TreeSettings) -> None:
        self._settings = settings
        self._deadline_s = settings.limits.read_deadline_ms / 1000
        self._asked: queue.SimpleQueue[tuple[ReadStore, float]] = queue.SimpleQueue()
        self._finished: queue.SimpleQueue[Finished] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._pipe: tuple[int, int] | None = None

    def watched(self) -> list[int]:
        """The descriptor that is readable when some are finished; none before the first is asked for."""
        return [] if self._pipe is None else [self._pipe[0]]

    def ask(self, effect: ReadStore) -> None:
        """Have it read; the machine sees to it that not too many wait."""
        if self._pipe is None:
            self._pipe = os.pipe()
            for end in self._pipe:
                os.set_blocking(end, False)
        if len(self._threads) < THREADS:
            thread = threading.Thread(target=self._work, name="hybrid-capture-reads", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._asked.put((effect, time.monotonic() + self._deadline_s))

    def finished(self) -> list[Finished]:
        """What was finished since, in the order in which it was."""
        assert self._pipe is not None, "nothing was asked for"
        with contextlib.suppress(BlockingIOError):
            os.read(self._pipe[0], 4096)
        found: list[Finished] = []
        with contextlib.suppress(queue.Empty):
            while True:
                found.append(self._finished.get_nowait())
        return found

    def _work(self) -> None:
        """One thread's life. The connection is given up whenever nothing waits: the file may be replaced meanwhile."""
        pages: Pages | None = None
        while True:
            if pages is not None and self._asked.empty():
                pages.close()
                pages = None
            effect, due_s = self._asked.get()
            try:
                if time.monotonic() >= due_s:
                    continue  # the facade has given it up
                if pages is None and not isinstance(effect.command, GetIngestConfig):
                    pages = Pages(self._settings.database)
                done = self._read(effect, pages, due_s)
            except NothingCaptured:
                done = Finished(effect.key, None, "AWAY", "nothing is stored yet: try again in a moment")
            except StoreError as error:
                late = time.monotonic() >= due_s
                text = "the store did not answer in time: ask for less" if late else redact(str(error)).text
                done = Finished(effect.key, None, "TIMED_OUT" if late else "AWAY", text)
            except BadPage as error:
                done = Finished(effect.key, None, error.code, str(error))
            except Exception as error:  # noqa: BLE001  a fault of one read is answered; the thread goes on
                done = Finished(effect.key, None, "FAILED", redact(f"the read failed: {type(error).__name__}").text)
            self._finished.put(done)
            assert self._pipe is not None, "it was made before this thread"
            with contextlib.suppress(BlockingIOError):  # a full pipe wakes as well
                os.write(self._pipe[1], b"\n")

    def _read(self, effect: ReadStore, pages: Pages | None, due_s: float) -> Finished:
        bytes_max = self._settings.limits.read_answer_bytes_max
        command: Command = effect.command
        if pages is None:
            data: Data = config_of(ConfigFile(Path(self._settings.state_dir)).load())
        else:
            data = pages.read(command, due_s, bytes_max)
        return Finished(effect.key, fitting(data, bytes_max))
