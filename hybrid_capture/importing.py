"""`hybrid-capture import`: rollouts and transcripts that are there already, into the store, in bounded slices.

One writer per store: the verb takes the state folder as a runtime would, and refuses while one runs. Position and rows
of a slice are one transaction, so Ctrl-C or SIGKILL lose nothing and the next run goes on where this one stood; a file
that is stored to its end changes nothing. A file with a problem is told and left, the others go on.
"""

from __future__ import annotations

import gc
import os
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from actors.folders import is_text
from actors.machines.file_slices import Rules
from hybrid_capture.console import Screen
from hybrid_capture.import_progress import ImportProgress
from hybrid_capture.import_reader import GC_ALLOCATIONS, FileEnd, Part, Reader, Wanted, read_file
from hybrid_capture.import_report import Report
from hybrid_capture.moments import now_ms
from hybrid_capture.problems import DONE, INTERRUPTED, UNUSABLE, WRONG, Problem
from hybrid_capture.settings import Settings
from hybrid_capture.statefolder import FolderTaken, StateFolder
from messages.baseline import FileFound, FilesWanted, RecordsRefused
from messages.records import ItemStored
from storage.errors import StoreError
from storage.linking.git import Git, GitFailed
from storage.linking.look import Looker
from storage.redaction import warm
from storage.store import Store

SLICE_BYTES = 1024 * 1024
"""Of a file, read at once: larger costs memory."""
TOGETHER_BYTES = 4 * 1024 * 1024
"""Stored in one transaction, of one file or of many: smaller waits for the disk more often."""
TOGETHER_S = 0.5
"""The longest that a transaction takes more in: who wants to write beside an import waits a second for its turn."""
APART_BYTES = 8 * 1024 * 1024
"""From this much on, reading and storing are two processes; below, starting one costs more than it saves."""
ASK_FILES = 256
"""Files whose positions are asked for at once."""
SUFFIX = ".jsonl"


@dataclass(slots=True)
class Found:
    """A file to import."""

    path: str
    device: int
    inode: int
    size: int


def import_paths(settings: Settings, paths: Sequence[Path], screen: Screen, *, links: bool = True) -> int:
    """Import files and folders; the exit code. Errors: Problem, FolderUnusable, StoreError."""
    report = Report()
    files = list(_found(paths, report))
    if not files:
        for each in report.problems:
            screen.note(f"{each['path']}: {each['problem']}")
        raise Problem("NOTHING_TO_IMPORT", "there is nothing to import: give rollout or transcript files, or folders")
    folder = StateFolder(settings.state_dir)
    try:
        folder.take()
    except FolderTaken as error:
        text = (
            f"{error}. What lies below the folders that it watches it stores by itself; for anything else stop it "
            "with `hybrid-capture stop`, import, and start it again"
        )
        raise Problem("FOLDER_TAKEN", text, UNUSABLE) from None
    try:
        return _import(settings, files, report, screen, links)
    finally:
        folder.release()


def _import(settings: Settings, files: list[Found], report: Report, screen: Screen, links: bool) -> int:
    run_id = f"{now_ms():x}-{secrets.token_hex(3)}.1"
    cache = settings.state_dir.absolute() / "cache"
    rules = Rules(SLICE_BYTES, settings.limits.line_bytes_max, settings.timing.file_quiet_ms)
    interrupted = False
    size = sum(file.size for file in files)
    with ExitStack() as held:
        # The reader first: both load the rules, each on its core.
        reader = held.enter_context(Reader(rules, cache)) if size >= APART_BYTES else None
        warm(None, cache)
        held.callback(gc.set_threshold, *gc.get_threshold())
        gc.set_threshold(GC_ALLOCATIONS)
        store = Store(settings.store, run_id=run_id, limits=settings.limits)
        held.callback(store.close)
        begun_s = time.monotonic()
        with ImportProgress(screen, len(files), size) as progress:
            try:
                _Job(store, rules, report, progress).all(files, reader)
                report.seconds = time.monotonic() - begun_s
                if links and store.links_due():
                    progress.say("looking at git")
                    report.linked = _link(settings.store, store)
            except KeyboardInterrupt:
                interrupted = True
        report.seconds = report.seconds or time.monotonic() - begun_s
        for book in store.ledger_rows():
            report.dispositions.update(book.dispositions)
    report.tell(screen, interrupted)
    return INTERRUPTED if interrupted else WRONG if report.problems_count else DONE


class _Kept(NamedTuple):
    """What a slice came to, for the report: the slice itself is dropped at once."""

    path: str
    offset: int
    size: int
    items: int
    sessions: set[str]


class _Job:
    """One run over all files."""

    def __init__(self, store: Store, rules: Rules, report: Report, progress: ImportProgress) -> None:
        self._store, self._rules, self._report, self._progress = store, rules, report, progress
        self._numbers: Counter[str] = Counter()

    def all(self, files: list[Found], reader: Reader | None) -> None:
        for first in range(0, len(files), ASK_FILES):
            some = files[first : first + ASK_FILES]
            asked = tuple(FileFound(path=each.path, device=each.device, inode=each.inode) for each in some)
            told = self._store.file_positions(FilesWanted(incarnation=1, n=1, files=asked))
            stored = {position.path: position for position in told.positions}
            wanted = [Wanted(each.path, stored.get(each.path)) for each in some]
            parts = reader.all(wanted) if reader is not None else self._here(wanted)
            left = iter(some)
            while self._several(left, parts):
                pass

    def _several(self, files: Iterator[Found], parts: Iterator[Part | FileEnd]) -> bool:
        """Keep what comes in one transaction, and count it when that is through; false when nothing is left."""
        kept: list[_Kept | FileEnd] = []
        size, until_s = 0, time.monotonic() + TOGETHER_S
        with self._store.together():
            for said in parts:
                kept.append(said if isinstance(said, FileEnd) else self._keep(said))
                size += 0 if isinstance(said, FileEnd) else said.slice.got.consumed
                if size >= TOGETHER_BYTES or time.monotonic() >= until_s:
                    break
        for each in kept:
            if isinstance(each, FileEnd):
                self._ended(next(files), each)
            else:
                self._count(each)
        return bool(kept)

    def _here(self, wanted: list[Wanted]) -> Iterator[Part | FileEnd]:
        for each in wanted:
            yield from read_file(each, self._rules, prepared=False)

    def _keep(self, said: Part) -> _Kept:
        part = said.slice
        self._numbers[part.kind.source] += 1
        message = part.message(1, self._numbers[part.kind.source])
        kept = self._store.keep_prepared(message, said.ready, now_ms())
        if isinstance(kept.reply, RecordsRefused):
            raise Problem("REFUSED", f"{part.position.path}: {kept.reply.text}")
        announced = (each for each in kept.announce if isinstance(each, ItemStored))
        items = sum(each.decision == "accepted" for each in announced)
        named = (part.got.sessions, part.got.turns, part.got.items)
        sessions = {each.session_id for records in named for each in records}
        return _Kept(part.position.path, part.position.offset, part.got.consumed, items, sessions)

    def _count(self, kept: _Kept) -> None:
        self._report.items += kept.items
        self._report.sessions |= kept.sessions
        self._report.bytes_count += kept.size
        self._progress.at(kept.path, kept.offset)

    def _ended(self, found: Found, end: FileEnd) -> None:
        self._progress.file_done(found.size)
        if end.problem:
            self._report.problem(found.path, end.problem)
            return
        self._report.files += 1
        self._report.unchanged += end.done == end.begun and end.begun > 0
        self._report.torn += end.done < end.size


def _found(paths: Sequence[Path], report: Report) -> Iterator[Found]:
    """Every file to import, each once; what cannot be is in the report."""
    seen: set[tuple[int, int]] = set()
    for path in paths:
        for each in _below(path, report):
            try:
                facts = os.stat(each)
            except OSError as error:
                report.problem(each, error.strerror or str(error))
                continue
            if (facts.st_dev, facts.st_ino) in seen:
                continue
            seen.add((facts.st_dev, facts.st_ino))
            if not is_text(each):
                report.problem(each, "its path is no UTF-8: rename it")
            elif facts.st_size:
                yield Found(each, facts.st_dev, facts.st_ino, facts.st_size)


def _below(path: Path, report: Report) -> Iterator[str]:
    """The file itself, or the `.jsonl` files of a folder in order. Links inside a folder are not followed."""
    real = os.path.realpath(path)
    if not os.path.isdir(real):
        if os.path.exists(real):
            yield real
        else:
            report.problem(str(path), "there is no such file or folder")
        return
    count = 0
    for folder, folders, names in os.walk(
        real, onerror=lambda error: report.problem(error.filename, str(error.strerror))
    ):
        folders.sort()
        for name in sorted(names):
            each = os.path.join(folder, name)
            if name.endswith(SUFFIX) and not os.path.islink(each):
                count += 1
                yield each
    if not count:
        report.problem(str(path), f"there is no {SUFFIX} file in this folder")


def _link(place: str, store: Store) -> bool:
    """Hold what the sessions changed against git. False where there is no git."""
    try:
        looker = Looker(place, Git())
        for verdicts in looker.round(now_ms()):
            store.keep_links(verdicts, now_ms())
    except (GitFailed, StoreError):
        return False
    return True
