"""What a session has to show in one repository: its changes in order, the commits that it made, where it worked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from storage.linking.findings import Deed
from storage.linking.history import FileDiff
from storage.linking.lines import CREATED, DELETED, MOVED, counted, weight

ADDED, REMOVED = "+", "-"
"""Before each bare line, so that one table holds both."""
TEXT_CHARS_MAX = 200_000
"""Of what a session wrote into one file, for the comparison by words."""


class Change(NamedTuple):
    """One edit of a session, its path relative to the repository."""

    at_ms: int
    path: str
    deed: Deed
    old_path: str | None
    lines: Counter[str]
    """Signed bare lines."""
    text: str = ""
    """The added lines as they are."""


class Order(NamedTuple):
    """A commit that a session's command made."""

    at_ms: int | None
    abbrev: str | None
    subject: str | None
    commanded: bool


@dataclass(slots=True)
class Claim:
    """All of one session in one repository."""

    key: int
    changes: list[Change]
    orders: list[Order] = field(default_factory=list)
    roots: frozenset[str] = frozenset()
    """Working trees that it worked in."""
    branches: frozenset[str] = frozenset()
    former: dict[str, str | None] = field(default_factory=dict)
    """Commits that it was linked to before, with their patch ids: they may live on under other names."""


def signed(added: Iterable[str], removed: Iterable[str]) -> Counter[str]:
    """Both sides of a change in one table."""
    lines = Counter({ADDED + line: count for line, count in counted(added).items()})
    lines.update({REMOVED + line: count for line, count in counted(removed).items()})
    return lines


def signed_file(file: FileDiff) -> Counter[str]:
    """A commit's change of one file, with what happened to the file itself."""
    lines = signed(file.added, file.removed)
    if file.status == "D":
        lines[ADDED + DELETED] = 1
    elif file.status == "R":
        lines[ADDED + MOVED] = 1
    elif file.status == "A" and not any(weight(line[1:]) for line in lines):
        lines[ADDED + CREATED] = 1
    return lines


class Standing:
    """What stands of a session's changes at a time. Goes forward only: `advance` before each look."""

    def __init__(self, changes: Iterable[Change]) -> None:
        self._waiting = sorted(changes, key=lambda change: change.at_ms, reverse=True)
        self.lines: dict[str, Counter[str]] = {}
        """By path: what a commit of the session's work would show."""
        self.texts: dict[str, str] = {}
        self.touched: dict[str, int] = {}
        """Files changed in a way that the session does not tell, and when."""
        self._moved: dict[str, str] = {}

    def advance(self, until_ms: int) -> None:
        """Play every change up to a time."""
        while self._waiting and self._waiting[-1].at_ms <= until_ms:
            self._play(self._waiting.pop())

    def name_now(self, path: str) -> str:
        """What the session calls a file now that it once called `path`."""
        seen = set()
        while path in self._moved and path not in seen:
            seen.add(path)
            path = self._moved[path]
        return path

    def _play(self, change: Change) -> None:
        if change.deed == "touch":
            self.touched[change.path] = change.at_ms
            return
        if change.old_path is not None and change.old_path != change.path:
            self._moved[change.old_path] = change.path
            self._moved.pop(change.path, None)
            self.lines[change.path] = self.lines.pop(change.old_path, Counter())
            self.lines[change.path][ADDED + MOVED] = 1
            self.texts[change.path] = self.texts.pop(change.old_path, "")
        lines = self.lines.setdefault(change.path, Counter())
        if change.deed in ("add", "delete"):
            for line in [each for each in lines if each[0] == ADDED]:
                del lines[line]
            self.texts.pop(change.path, None)
        for line, count in change.lines.items():
            _take(lines, line, count)
        if change.deed == "delete":
            lines[ADDED + DELETED] = 1
        elif change.deed == "add" and not any(weight(line[1:]) for line in lines):
            lines[ADDED + CREATED] = 1
        if change.text:
            text = f"{self.texts.get(change.path, '')}\n{change.text}"
            self.texts[change.path] = text[-TEXT_CHARS_MAX:]


def _take(lines: Counter[str], line: str, count: int) -> None:
    """A line that is put back takes away its removal, and a line removed again takes away that it was added."""
    opposite = (REMOVED if line[0] == ADDED else ADDED) + line[1:]
    undone = min(count, lines.get(opposite, 0))
    if undone:
        lines[opposite] -= undone
        if not lines[opposite]:
            del lines[opposite]
    if count > undone:
        lines[line] += count - undone
