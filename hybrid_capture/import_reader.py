"""The reading half of an import in a process of its own: decodes and redacts slices while the other half stores them.

At most `AHEAD` slices wait; then the reader does. Both halves share nothing but a pipe, in which slices stand redacted
beside what they came from; nothing of it reaches a disk. When one half dies the other ends.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from actors.machines.file_slices import MISREAD, NotOurs, Rules, Slice, is_same, next_slice
from actors.source_file import SourceFile
from actors.wire.gathered import LineGone
from hybrid_capture.problems import Problem
from messages.baseline import FilePosition
from storage.preparing import Key, Prepared, prepare
from storage.redaction import warm

AHEAD = 3
"""Slices of about 1 MiB that are read and not stored yet."""
TOLD_MAX = 64
"""Slices and ends of files that wait to be sent; `AHEAD` bounds the slices among them."""
GC_ALLOCATIONS = 100_000
"""New objects before cycles are looked for."""


class Wanted(NamedTuple):
    """A file to read, and how far it is stored."""

    path: str
    stored: FilePosition | None


class Part(NamedTuple):
    """A slice with its items redacted."""

    slice: Slice
    ready: dict[Key, Prepared]


class FileEnd(NamedTuple):
    """A file is read to its end, or has a problem."""

    begun: int
    done: int
    size: int
    problem: str = ""


def read_file(wanted: Wanted, rules: Rules, *, prepared: bool) -> Iterator[Part | FileEnd]:
    """One file's slices, then its end; never raises for anything that is wrong with the file."""
    begun = done = size = 0
    stored = wanted.stored
    try:
        with SourceFile(wanted.path) as file:
            if stored is not None and not is_same(file, stored):
                stored = None
            size = file.size
            begun = done = stored.offset if stored else 0
            while (part := next_slice(file, stored, rules, time.time_ns() // 1_000_000)) is not None:
                yield Part(part, prepare(part.got.items) if prepared else {})
                stored, done = part.position, part.position.offset
    except NotOurs:
        yield FileEnd(begun, done, size, "it is neither a Codex rollout nor a Claude Code transcript")
    except LineGone:
        yield FileEnd(begun, done, size, "it was cut while it was read: import it again")
    except OSError as error:
        yield FileEnd(begun, done, size, error.strerror or str(error))
    except Exception as error:  # noqa: BLE001  the fault is ours, but all other files would go along
        yield FileEnd(begun, done, size, f"{MISREAD} ({type(error).__name__})")
    else:
        yield FileEnd(begun, done, size)


class Reader:
    """The other process. A context manager."""

    def __init__(self, rules: Rules, cache: Path) -> None:
        context = multiprocessing.get_context("spawn")  # a progress bar has a thread, and forking it along is unsafe
        self._pipe, other = context.Pipe()
        self._credit: Any = context.Semaphore(AHEAD)
        plain = (rules.slice_bytes, rules.line_bytes_max, rules.quiet_ms)
        self._process = context.Process(target=_run, args=(other, self._credit, plain, cache), daemon=True)
        self._process.start()
        other.close()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.close()
        self._process.kill()
        self._process.join(5)

    def all(self, files: Sequence[Wanted]) -> Iterator[Part | FileEnd]:
        """The slices of these files in order, each file's end behind its last. Errors: Problem when the reader died."""
        try:
            self._pipe.send(list(files))
            ends = 0
            while ends < len(files):
                said: Part | FileEnd = self._pipe.recv()
                if isinstance(said, FileEnd):
                    ends += 1
                else:
                    self._credit.release()
                yield said
        except (EOFError, OSError):
            raise Problem("READER_DIED", "the process that reads the files died: run the import again") from None


def _run(pipe: Connection, credit: Any, plain: tuple[int, int, int], cache: Path) -> None:
    """The reader's life: until the pipe ends. Ctrl-C is the writer's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warm(None, cache)
    # What a slice comes to has no cycles and is gone with it: looking for some cost a tenth of the time.
    gc.freeze()
    gc.set_threshold(GC_ALLOCATIONS)
    rules = Rules(*plain)
    # A slice is larger than a pipe's buffer: without a thread that sends, nothing is read while the other half stores.
    told: queue.Queue[Part | FileEnd] = queue.Queue(TOLD_MAX)
    threading.Thread(target=_send, args=(pipe, told), daemon=True).start()
    with contextlib.suppress(EOFError, OSError):
        while True:
            for wanted in pipe.recv():
                for said in read_file(wanted, rules, prepared=True):
                    if isinstance(said, Part):
                        credit.acquire()
                    told.put(said)


def _send(pipe: Connection, told: queue.Queue[Part | FileEnd]) -> None:
    """Say what was read, in order. Whatever ends this ends the process, or the other half would wait for ever."""
    try:
        while True:
            pipe.send(told.get())
    finally:
        os._exit(1)
