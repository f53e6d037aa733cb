"""The file half of the baseline actor: looks at the watched folders and performs what `machines/tailing.py` decides."""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from actors.folders import Hints, as_text, is_text, look_at, walk
from actors.hints import FILE as HINTS_FILE
from actors.hints import take_hints
from actors.machines.baseline import Lane
from actors.machines.effects import Effects, Send
from actors.machines.file_slices import MISREAD, NotOurs, Rules, next_slice
from actors.machines.standing import Now
from actors.machines.tailing import FileSeen, Tailing
from actors.source_file import SourceFile
from actors.wire.gathered import LineGone
from messages.baseline import FilesTold, RecordsKept, RecordsRefused
from messages.lifecycle import Begin
from messages.otlp import SourceProbed
from messages.records import AuditNote, KeepAudit
from messages.settings import WatchSettings

POLL_MS = 200
"""Between two looks at hints and at files that were written lately."""
QUIET_POLL_MS = 1_000
"""Between two looks at hints while no file was written lately, unless probes are told more often: the first line of a
session may come a second later, and five looks a second are most of what an idle baseline takes of a processor."""
SWEEP_MS = 60_000
"""Between two looks at everything; hints make it sooner where there are any."""
STEP_FILES = 400
"""Files of one step of a sweep: about 4 ms."""
HOT_MS = 600_000
HOT_MAX = 64
"""Files written within this time are looked at in every poll, the newest so many."""
SLICE_BYTES = 256 * 1024
WORK_MS = 20
"""Reading goes on for so long before other messages are heard."""
TROUBLES_MAX = 100
"""Files that cannot be read and are named in the audit; with the last of them it says that further ones are not."""


class FileTail:
    """Everything that the baseline does with files. `perform` sends what was decided; `wake` comes back."""

    def __init__(self, begin: Begin, perform: Callable[[Effects], None], wake: Callable[[int, str], None]) -> None:
        timing, limits = begin.settings.timing, begin.settings.limits
        self._watch, self._state_dir = begin.settings.watch, begin.settings.state_dir
        self._perform, self._wake = perform, wake
        self._probe_ms = timing.probe_interval_ms
        self._quiet_ms = max(POLL_MS, min(QUIET_POLL_MS, timing.probe_interval_ms // 2))
        self._rules = Rules(SLICE_BYTES, limits.line_bytes_max, timing.file_quiet_ms, off_times(self._watch))
        lane = Lane(begin.incarnation, timing.resend_ms)
        self.machine = Tailing(lane, timing.file_quiet_ms, timing.resend_ms)
        self._roots = {root.path: root.source for root in self._watch.roots}
        self._existed: set[str] = set()
        self._hints: dict[str, Hints] = {}
        self._sweep: Iterator[FileSeen] | None = None
        self._found: set[str] = set()
        self._sweep_due = self._probe_due = self._polled = 0
        self._hot = False
        """A file was written lately, or a hint says so."""
        self._woken = False
        self._troubles: dict[str, str] = {}

    @property
    def wanted(self) -> bool:
        """Whether there is anything to watch."""
        return bool(self._roots)

    def start(self, now: Now) -> None:
        """Begin to look."""
        if self.wanted:
            self._sweep_due = now.mono
            self._schedule(1)

    def close(self) -> None:
        """Look no more."""
        for hints in self._hints.values():
            hints.close()
        self._hints.clear()

    def heard(self, message: FilesTold | RecordsKept | RecordsRefused, now: Now) -> None:
        """An answer of ingest."""
        if isinstance(message, FilesTold):
            self._perform(self.machine.told(message, now.mono))
        elif isinstance(message, RecordsKept):
            self._perform(self.machine.kept(message, now.mono))
        else:
            self._perform(self.machine.refused(message, now.mono))
        self._work(now)

    def ingest_returned(self, now: Now) -> None:
        """A new ingest knows nothing of what was on its way."""
        self._perform(self.machine.ingest_returned(now.mono))

    def woke(self, now: Now) -> None:
        """Time to look."""
        self._woken = False
        if now.mono - self._polled >= POLL_MS:
            self._polled = now.mono
            self._poll(now)
        self._step(now)
        self._perform(self.machine.tick(now.mono))
        self._work(now)
        if now.mono >= self._probe_due:
            self._probe_due = now.mono + self._probe_ms
            self._tell()
        busy = self._sweep is not None or self.machine.ready
        self._schedule(5 if busy else POLL_MS if self._hot or not self.machine.idle else self._quiet_ms)

    def _schedule(self, after_ms: int) -> None:
        if not self._woken:
            self._woken = True
            self._wake(after_ms, "files")

    # Looking.

    def _poll(self, now: Now) -> None:
        if any(root not in self._hints and os.path.isdir(root) for root in self._roots):
            self._sweep_due = min(self._sweep_due, now.mono)  # a tool was used for the first time
        changed = [path for hints in self._hints.values() for path in hints.take()]
        if os.path.exists(os.path.join(self._state_dir, HINTS_FILE)):
            with contextlib.suppress(OSError):  # a hint is never needed
                changed += [str(hint.path) for hint in take_hints(Path(self._state_dir))]
        # Not all files: a look through 15,000 of them five times a second took most of an idle baseline's time.
        written = (self.machine.seen[path] for path in self.machine.unsettled if path in self.machine.seen)
        recent = (file for file in written if now.wall - file.changed_ms < HOT_MS)
        hot = sorted(recent, key=lambda file: -file.changed_ms)[:HOT_MAX]
        self._hot = bool(hot or changed)
        seen, gone = [], []
        for path in dict.fromkeys([*changed, *(file.path for file in hot)]):
            file = look_at(path)
            if file is not None:
                seen.append(file)
            elif path in self.machine.seen:
                gone.append(path)
        self._perform(self.machine.look(self._nameable(seen, now), now.wall, now.mono, soon=True))
        self._perform(self.machine.gone(gone, now.wall))

    def _step(self, now: Now) -> None:
        """One step through everything. What the whole sweep did not find is gone."""
        if self._sweep is None:
            if now.mono < self._sweep_due:
                return
            self._watch_roots()
            self._sweep, self._found = walk(self._roots), set()
        files = list(itertools.islice(self._sweep, STEP_FILES))
        self._found.update(file.path for file in files)
        self._perform(self.machine.look(self._nameable(files, now), now.wall, now.mono))
        if len(files) < STEP_FILES:
            self._sweep, self._sweep_due = None, now.mono + SWEEP_MS
            below = tuple(f"{root}{os.sep}" for root in self._roots)
            lost = [path for path in self.machine.seen if path not in self._found and path.startswith(below)]
            self._perform(self.machine.gone((path for path in lost if look_at(path) is None), now.wall))
            self._found = set()

    def _nameable(self, files: list[FileSeen], now: Now) -> list[FileSeen]:
        """Those whose path is text. No message can name the others: one of them ended the actor, again and again."""
        nameable = [file for file in files if is_text(file.path)]
        if len(nameable) < len(files):
            for file in files:
                if not is_text(file.path):
                    self._trouble(file.path, "its path is no UTF-8: rename it", now)
        return nameable

    def _watch_roots(self) -> None:
        for root in self._roots:
            if not os.path.isdir(root):
                if root in self._hints:
                    self._hints.pop(root).close()
            else:
                self._existed.add(root)
                if root not in self._hints:
                    self._hints[root] = Hints(root)

    # Reading.

    def _work(self, now: Now) -> None:
        """Read until a slice is on its way, nothing waits, or it took long enough."""
        end = time.monotonic() + WORK_MS / 1000
        while (found := self.machine.next()) is not None:
            path, stored = found
            try:
                with SourceFile(path) as file:
                    part = next_slice(file, stored, self._rules, now.wall)
            except NotOurs:
                self._trouble(path, "it is neither a Codex rollout nor a Claude Code transcript", now)
            except (OSError, LineGone) as error:
                self._trouble(path, getattr(error, "strerror", None) or "it changed while it was read", now)
            except Exception as error:  # noqa: BLE001  a fault of ours, but all other files and telemetry would go along
                self._trouble(path, f"{MISREAD} ({type(error).__name__})", now)
            else:
                if part is not None:
                    self._perform(self.machine.read(path, part, now.mono))
                self._troubles.pop(path, None)
            if time.monotonic() >= end:
                break
        if self.machine.ready and self.machine.lane.idle:
            self._schedule(1)

    def _trouble(self, path: str, text: str, now: Now) -> None:
        self.machine.failed(path)
        if path not in self._troubles and os.path.lexists(path):
            self._troubles[path] = text
            if len(self._troubles) <= TROUBLES_MAX:
                more = (
                    " (further files that cannot be read are not named)" if len(self._troubles) == TROUBLES_MAX else ""
                )
                note = AuditNote(kind="source_file_unread", subject=as_text(path), text=text + more, at_ms=now.wall)
                self._perform((Send("ingest", KeepAudit(n=0, notes=(note,))),))

    # Telling.

    def _tell(self) -> None:
        for source in dict.fromkeys(self._roots.values()):
            roots = [root for root, of in self._roots.items() if of == source]
            vanished = [root for root in roots if root in self._existed and not os.path.isdir(root)]
            unreadable = [root for root in roots if os.path.isdir(root) and not os.access(root, os.R_OK | os.X_OK)]
            if vanished:
                told = f"the watched folder {vanished[0]} vanished: put it back, or switch its watching off"
            elif unreadable:
                told = f"the watched folder {unreadable[0]} cannot be read: see its permissions"
            elif not any(os.path.isdir(root) for root in roots):
                told = f"there is no {roots[0]} yet"
            else:
                told = "watched" if not self.machine.behind else "watched, catching up"
            healthy = not vanished and not unreadable
            self._perform((Send("supervisor", SourceProbed(source=source, healthy=healthy, reason=told)),))


def off_times(watch: WatchSettings) -> Callable[[str, int], bool]:
    """Whether capture of a tool was switched off at a time."""
    times = [(each.tool, each.from_ms, each.to_ms) for each in watch.off]
    if not times:
        return lambda tool, at_ms: False
    return lambda tool, at_ms: any(
        of == tool and begun <= at_ms and (ended is None or at_ms < ended) for of, begun, ended in times
    )
