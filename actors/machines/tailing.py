"""Following files: which is read next, how far it is stored, and what to do when it changes. Pure.

The shell looks at folders and says what it saw; a file that changed is read in slices, one slice on its way at a time,
each from where the store says that it stands. Nothing is remembered of a file but what was seen of it last.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from actors.machines.baseline import Draft, Lane
from actors.machines.effects import NOTHING, Effects, Send
from actors.machines.file_slices import Slice
from messages.baseline import FileFound, FilePosition, FilesTold, FilesWanted, RecordsKept, RecordsRefused
from messages.records import AuditNote, KeepAudit

ASK_MAX = 256
"""Files whose positions are asked for at once."""
POSITIONS_MAX = 512
"""Files whose position is remembered after they were read to their end; of others the store is asked again."""
FILES_MAX = 200_000
"""Files that are followed; further ones are left, and told."""


class FileSeen(NamedTuple):
    """A file as it was found by a look at it. A tuple, since a sweep makes and compares one for every file there is."""

    path: str
    device: int
    inode: int
    size: int
    changed_ms: int
    """When it was last written (wall clock)."""


@dataclass(slots=True)
class Tailing:
    """The state of the machine."""

    lane: Lane
    quiet_ms: int
    resend_ms: int
    seen: dict[str, FileSeen] = field(default_factory=dict)
    unsettled: set[str] = field(default_factory=set)
    """Files that were read while they were still written: once they are quiet, an open turn of theirs ends."""
    unasked: OrderedDict[str, FileSeen] = field(default_factory=OrderedDict)
    asked: FilesWanted | None = None
    asked_ms: int = 0
    asks: int = 0
    positions: OrderedDict[str, FilePosition | None] = field(default_factory=OrderedDict)
    """How far files are stored; None: not at all."""
    ready: deque[str] = field(default_factory=deque)
    """Files to read, those that changed just now first."""
    waiting: set[str] = field(default_factory=set)
    """The same, to look up; and the one whose slice is on its way."""
    over: bool = False
    """Whether it was told that there are more files than are followed."""

    @property
    def idle(self) -> bool:
        """Whether nothing is on its way or waits."""
        return self.lane.idle and not self.ready and self.asked is None

    @property
    def behind(self) -> int:
        """Files that wait to be read."""
        return len(self.ready) + len(self.unasked) + (len(self.asked.files) if self.asked else 0)

    def look(self, files: Iterable[FileSeen], wall_ms: int, mono_ms: int, *, soon: bool = False) -> Effects:
        """These files are there now. `soon`: somebody said that they changed, so they come first."""
        effects: Effects = NOTHING
        for file in files:
            before = self.seen.get(file.path)
            settles = file.path in self.unsettled and wall_ms - file.changed_ms >= self.quiet_ms
            if before == file and not settles:
                continue
            if before is None and len(self.seen) >= FILES_MAX:
                effects = effects or self._too_many(file.path, wall_ms)
                continue
            self.seen[file.path] = file
            if wall_ms - file.changed_ms < self.quiet_ms:
                self.unsettled.add(file.path)
            else:
                self.unsettled.discard(file.path)
            self._want(file, soon)
        return (*effects, *self._ask(mono_ms))

    def _too_many(self, path: str, wall_ms: int) -> Effects:
        """Told once: the files that are followed leave no room for others until some of them are gone."""
        if self.over:
            return NOTHING
        self.over = True
        text = f"{FILES_MAX} files are followed, and there are more: {path} is the first that is not; `import` reads it"
        note = AuditNote(kind="source_files_over", subject="watched folders", text=text, at_ms=wall_ms)
        return (Send("ingest", KeepAudit(n=0, notes=(note,))),)

    def gone(self, paths: Iterable[str], wall_ms: int) -> Effects:
        """These files are not there any more. What of them is stored stays; it is noted, and no error."""
        lost, count = 0, 0
        for path in paths:
            file, position = self.seen.pop(path, None), self.positions.pop(path, None)
            self.unsettled.discard(path)
            self.unasked.pop(path, None)
            if file is None:
                continue
            count += 1
            waits = path in self.waiting or (position is not None and position.offset < file.size)
            lost += waits
        if not count:
            return NOTHING
        text = f"{count} files were deleted or moved away; what was stored of them stays"
        if lost:
            text += f"; {lost} of them may have had lines that were not stored yet"
        note = AuditNote(kind="source_files_gone", subject="watched folders", text=text, at_ms=wall_ms)
        return (Send("ingest", KeepAudit(n=0, notes=(note,))),)

    def told(self, heard: FilesTold, mono_ms: int) -> Effects:
        """How far the files that were asked for are stored."""
        if self.asked is None or (heard.incarnation, heard.n) != (self.asked.incarnation, self.asked.n):
            return NOTHING
        stored = {position.path: position for position in heard.positions}
        for file in self.asked.files:
            self._remember(file.path, stored.get(file.path))
            self._queue(file.path, soon=False)
        self.asked = None
        return self._ask(mono_ms)

    def next(self) -> tuple[str, FilePosition | None] | None:
        """The file to read now and how far it is stored; None while a slice is on its way, or nothing waits."""
        while self.lane.idle and self.ready:
            path = self.ready.popleft()
            self.waiting.discard(path)
            if path not in self.positions:
                file = self.seen.get(path)
                if file is not None:
                    self.unasked[path] = file
                continue
            return path, self.positions[path]
        return None

    def read(self, path: str, part: Slice, mono_ms: int) -> Effects:
        """A slice of the file goes to the store."""
        got = part.got
        self.waiting.add(path)
        draft = Draft(
            tool=part.kind.tool, source=part.kind.source, received=got.received, counts=got.counts,
            sessions=got.sessions, turns=got.turns, items=got.items, usage=got.usage, audit=got.audit,
            position=part.position, size=got.consumed,
        )  # fmt: skip
        return self.lane.offer(draft, (path, part.position), mono_ms)

    def failed(self, path: str) -> None:
        """The file could not be read: it is looked at again when it changes."""
        self.positions.pop(path, None)

    def kept(self, heard: RecordsKept, mono_ms: int) -> Effects:
        """A slice is durable: the file goes on from behind it."""
        tickets, effects = self.lane.kept(heard, mono_ms)
        for path, position in map(_ticket, tickets):
            self._remember(path, position)
            self.waiting.discard(path)
            self._queue(path, soon=True)
        return effects

    def refused(self, heard: RecordsRefused, mono_ms: int) -> Effects:
        """A slice that does not fit on what is stored: the store is asked anew."""
        for path, _ in map(_ticket, self.lane.refused(heard, mono_ms)):
            self.waiting.discard(path)
            self.positions.pop(path, None)
            if path in self.seen:
                self.unasked[path] = self.seen[path]
        return self._ask(mono_ms)

    def ingest_returned(self, mono_ms: int) -> Effects:
        """A new ingest knows nothing of what was on its way."""
        return (*self.lane.ingest_returned(mono_ms), *self._again(mono_ms))

    def tick(self, mono_ms: int) -> Effects:
        """Time passed: send again what got no answer."""
        late = self.asked is not None and mono_ms - self.asked_ms >= self.resend_ms
        return (*self.lane.tick(mono_ms), *(self._again(mono_ms) if late else self._ask(mono_ms)))

    def _want(self, file: FileSeen, soon: bool) -> None:
        if file.path in self.positions:
            self._queue(file.path, soon)
        else:
            self.unasked[file.path] = file
            if soon:
                self.unasked.move_to_end(file.path, last=False)

    def _queue(self, path: str, soon: bool) -> None:
        if path in self.waiting:
            return
        self.waiting.add(path)
        if soon:
            self.ready.appendleft(path)
        else:
            self.ready.append(path)

    def _remember(self, path: str, position: FilePosition | None) -> None:
        self.positions[path] = position
        self.positions.move_to_end(path)
        while len(self.positions) > POSITIONS_MAX:
            old = next((each for each in self.positions if each not in self.waiting), None)
            if old is None:
                return
            del self.positions[old]

    def _ask(self, mono_ms: int) -> Effects:
        if self.asked is not None or not self.unasked or len(self.ready) >= ASK_MAX:
            return NOTHING
        files: list[FileFound] = []
        while self.unasked and len(files) < ASK_MAX:
            path, file = self.unasked.popitem(last=False)
            files.append(FileFound(path=path, device=file.device, inode=file.inode))
        self.asks += 1
        self.asked = FilesWanted(incarnation=self.lane.incarnation, n=self.asks, files=tuple(files))
        return self._again(mono_ms)

    def _again(self, mono_ms: int) -> Effects:
        if self.asked is None:
            return NOTHING
        self.asked_ms = mono_ms
        return (Send("ingest", self.asked),)


def _ticket(ticket: Hashable) -> tuple[str, FilePosition]:
    assert isinstance(ticket, tuple), "a ticket that is not ours"
    return ticket
