"""What one commit has of one session's work: the lines that both have, file by file, and how sure it is that the files
are the same."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from storage.linking.claims import ADDED, Standing, signed
from storage.linking.history import Commit, FileDiff
from storage.linking.lines import bare
from storage.linking.shingles import likeness, shingles

EXACT, FOLDED, TAIL = 1.0, 0.98, 0.9
"""The same path; the same but for case and Unicode form; only the same name in another folder."""
LIKE_WEIGHT_MIN = 2.0
"""What a session must have written into a file for a comparison by words."""
RANGES_MAX = 200
"""Runs of lines of one file that are told."""
TOUCH_MS = 6 * 3_600_000
"""A change of unknown content is worth a look at commits of its file for this long."""

Diffs = Sequence[tuple[FileDiff, Counter[str]]]


@dataclass(slots=True)
class Overlap:
    """Empty when nothing is shared."""

    taken: dict[str, Counter[str]] = field(default_factory=dict)
    """By the session's path: signed lines that both have."""
    room: dict[str, Counter[str]] = field(default_factory=dict)
    """By the same path: all lines that the commit has."""
    files: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By the commit's path: lines that match, lines that it changes."""
    ranges: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """By the commit's path: first and last line of what the session wrote, as the commit leaves the file."""
    share: float = 0.0
    """The largest part, by weight, that the match is of a file's change on either side."""
    nearness: float = 0.0
    """Of the paths, where most of the weight is."""
    whole_files: int = 0
    """Files in which the commit adds exactly what the session added."""
    new_files: int = 0
    """Of those, files that the commit begins."""
    like: float = 0.0
    touched: bool = False

    def __bool__(self) -> bool:
        return bool(self.taken or self.like or self.touched)


class Names:
    """Which file of a session a file of a commit is, whatever it was called in between."""

    def __init__(self, commits: Sequence[Commit]) -> None:
        self._former: dict[str, set[str]] = defaultdict(set)
        self._later: dict[str, set[str]] = defaultdict(set)
        self._commits: dict[str, list[int]] = defaultdict(list)
        """Numbers of the commits that have a file of this folded name, with its folder or without."""
        for number, commit in enumerate(commits):
            for file in commit.files:
                names = {fold(file.path), fold(file.old_path)}
                for name in names | {name.rpartition("/")[2] for name in names}:
                    self._commits[name].append(number)
                if file.old_path != file.path:
                    self._former[file.path].add(file.old_path)
                    self._later[fold(file.old_path)].add(fold(file.path))

    def commits(self, paths: Iterable[str]) -> list[int]:
        """Numbers of the commits that can have something of a session with these paths, in order."""
        names = {fold(path) for path in paths}
        waiting = list(names)
        while waiting:
            new = self._later.get(waiting.pop(), set()) - names
            names |= new
            waiting += new
        names |= {name.rpartition("/")[2] for name in names}
        return sorted({number for name in names for number in self._commits.get(name, ())})

    def find(self, file: FileDiff, paths: Mapping[str, object]) -> tuple[str, float] | None:
        """The session's path and its nearness."""
        names = [file.path, file.old_path, *self._earlier(file.path)]
        for name in names:
            if name in paths:
                return name, EXACT
        folded = {fold(path): path for path in paths}
        for name in names:
            if fold(name) in folded:
                return folded[fold(name)], FOLDED
        same = [path for path in paths if fold(path).rpartition("/")[2] == fold(file.path).rpartition("/")[2]]
        return (same[0], TAIL) if len(same) == 1 else None

    def _earlier(self, path: str) -> list[str]:
        found: list[str] = []
        waiting = [path]
        while waiting and len(found) < 20:
            new = [name for name in self._former.get(waiting.pop(), ()) if name not in found and name != path]
            found += new
            waiting += new
        return found


def fold(path: str) -> str:
    """The path as a file system that ignores case and Unicode form sees it."""
    return unicodedata.normalize("NFC", path).casefold()


def overlap_of(
    diffs: Diffs,
    standing: Standing,
    gone: Mapping[str, Counter[str]],
    names: Names,
    committed_ms: int,
    weight: Callable[[str], float],
) -> Overlap:
    """What a commit with these diffs has of what stands, without what is `gone` into earlier commits."""
    found = Overlap()
    heaviest = 0.0
    ended = [file.path for file, _ in diffs if file.status == "D" and file.path in standing.lines]
    for file, lines in diffs:
        touched_ms = standing.touched.get(file.path)
        if touched_ms is not None and 0 <= committed_ms - touched_ms <= TOUCH_MS:
            found.touched = True
        named = names.find(file, standing.lines)
        if named is None and ended and file.status == "A":
            # Renamed and changed so much that git sees an end and a beginning.
            named = max(ended, key=lambda path: _sum(standing.lines[path] & lines, weight)), TAIL
        if named is None:
            continue
        path, nearness = named
        left = standing.lines[path] - gone[path] if path in gone else standing.lines[path]
        taken = left & lines
        worth = _sum(taken, weight)
        ours, theirs = _sum(left, weight), _sum(lines, weight)
        if worth > 0:
            found.taken[path] = found.taken.get(path, Counter()) + taken
            found.room[path] = found.room.get(path, Counter()) + lines
            found.files[file.path] = (sum(taken.values()), sum(lines.values()))
            found.ranges[file.path] = _ranges(file, taken)
            found.share = max(found.share, worth / ours, worth / theirs)
            whole = nearness == EXACT and _added(left, weight) == _added(lines, weight) != {}
            found.whole_files += whole
            found.new_files += whole and file.status == "A"
            if worth > heaviest:
                heaviest, found.nearness = worth, nearness
        if nearness == EXACT and ours >= LIKE_WEIGHT_MIN and worth < ours / 2:
            _compare_words(found, file, path, left, standing, ours >= _sum(standing.lines[path], weight) / 2)
    return found


def _compare_words(
    found: Overlap, file: FileDiff, path: str, left: Counter[str], standing: Standing, fresh: bool
) -> None:
    """Only where most of what the session wrote is not in an earlier commit."""
    if not fresh or not file.added:
        return
    like = likeness(shingles(standing.texts.get(path, "")), shingles("\n".join(file.added)))
    if like > found.like:
        found.like = like
    if like >= 0.5:
        found.taken[path] = Counter({line: count for line, count in left.items() if line[0] == ADDED})
        found.files[file.path] = (round(like * len(file.added)), len(file.added) + len(file.removed))
        found.ranges[file.path] = _ranges(file, signed(file.added, ()))


def ranges_elsewhere(
    ranges: Mapping[str, list[tuple[int, int]]], here: Commit, there: Commit
) -> dict[str, list[tuple[int, int]]]:
    """Where the lines of these ranges stand in another commit with the same patch."""
    found = {}
    theirs = {file.path: file for file in there.files}
    for file in here.files:
        runs = ranges.get(file.path, [])
        written = [
            line
            for number, line in zip(file.numbers, file.added, strict=False)
            if any(first <= number <= last for first, last in runs)
        ]
        if written and file.path in theirs:
            found[file.path] = _ranges(theirs[file.path], signed(written, ()))
    return found


def _ranges(file: FileDiff, taken: Counter[str]) -> list[tuple[int, int]]:
    """Runs of added lines that are taken; empty lines between two of them belong along."""
    left = Counter(taken)
    found: list[tuple[int, int]] = []
    blank_since: int | None = None
    for number, line in zip(file.numbers, file.added, strict=False):
        key = ADDED + bare(line)
        if key == ADDED:
            blank_since = number if blank_since is None else blank_since
            continue
        if left[key] > 0:
            left[key] -= 1
            joins = found and found[-1][1] + 1 in (number, blank_since)
            found[-1:] = [(found[-1][0], number)] if joins else [*found[-1:], (number, number)]
        blank_since = None
    return found[:RANGES_MAX]


def _sum(lines: Counter[str], weight: Callable[[str], float]) -> float:
    return sum(weight(line) * count for line, count in lines.items())


def _added(lines: Counter[str], weight: Callable[[str], float]) -> dict[str, int]:
    return {line: count for line, count in lines.items() if line[0] == ADDED and weight(line) > 0}
