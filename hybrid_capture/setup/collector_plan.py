"""What it takes to bring the folders of an earlier telemetry collector to where they belong. Looks, changes nothing.

Earlier: `~/.codex/otel-collector` and `~/.agents/otel/collector`. Now: `~/.agents/otel-collector`. A folder counts as
there when it holds a file that is not empty: an empty stub at the new place hides no migration that is still due.
"""

from __future__ import annotations

import filecmp
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

EARLIER = (Path(".codex/otel-collector"), Path(".agents/otel/collector"))
NOW = Path(".agents/otel-collector")
ENTRIES_MAX = 10_000
"""Files and folders of one earlier folder; more is deferred, since that is no collector's folder."""

Status = Literal["not_started", "migrated", "deferred", "failed"]


@dataclass(frozen=True, slots=True)
class Move:
    """One file on its way."""

    source: Path
    target: Path
    mode: int
    size: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, and how it stands."""

    status: Status
    reason: str
    moves: tuple[Move, ...] = ()
    stubs: tuple[Path, ...] = ()
    """Empty files at the new place that have to make room."""
    left: tuple[Path, ...] = ()
    """Files that are at the new place already, byte for byte; they stay where they are."""


class _Refused(Exception):
    """Something is there that is never moved. The text names it."""


def plan(home: Path, commands: Iterable[str] = ()) -> Plan:
    """How the migration stands below this home. `commands`: command lines of running programs. Errors: OSError.

    `failed` here means that it would fail: there are symbolic links or devices, which are never followed or moved.
    """
    now = home / NOW
    try:
        _refuse_links(home, NOW)
        there = {path.relative_to(now): path for path in _files(now)}
        sources = [(home / each, path) for each in EARLIER for path in _earlier(home, each)]
    except _Refused as why:
        return Plan("failed", str(why))
    if not sources:
        filled = any(path.stat().st_size for path in there.values())
        return Plan("migrated", "") if filled else Plan("not_started", "no earlier collector folder holds anything")
    moves: dict[Path, Move] = {}
    stubs: list[Path] = []
    left: list[Path] = []
    conflicts: list[Path] = []
    for folder, source in sources:
        relative = source.relative_to(folder)
        about = source.stat()
        rival = moves[relative].source if relative in moves else there.get(relative)
        if rival is not None and rival.stat().st_size == 0 and rival is there.get(relative):
            stubs.append(rival)
        elif rival is not None:
            (left if filecmp.cmp(source, rival, shallow=False) else conflicts).append(source)
            continue
        moves[relative] = Move(source, now / relative, stat.S_IMODE(about.st_mode), about.st_size)
    if conflicts:
        names = ", ".join(str(path) for path in conflicts[:5])
        return Plan("deferred", f"another file of that name is there already, and differs: {names}")
    busy = [folder for folder in EARLIER if any(str(home / folder) in command for command in commands)]
    if busy:
        return Plan("deferred", f"a program that runs names {home / busy[0]}: stop it first")
    if not moves:
        return Plan("migrated", "", left=tuple(left))
    if len({_device(path) for path in [now, *(move.source for move in moves.values())]}) > 1:
        return Plan("deferred", f"the earlier folder and {now} are on different filesystems: move it by hand")
    return Plan("not_started", "", tuple(moves.values()), tuple(stubs), tuple(left))


def _earlier(home: Path, folder: Path) -> Iterator[Path]:
    """The files of an earlier folder; none when all of them are empty."""
    _refuse_links(home, folder)
    found = list(_files(home / folder))
    if any(path.stat().st_size for path in found):
        yield from found


def _refuse_links(home: Path, folder: Path) -> None:
    for path in [home / folder, *(home / folder).parents]:
        if path == home:
            return
        if path.is_symlink():
            raise _Refused(f"{path} is a symbolic link: replace it by what it points to, or remove it")


def _files(folder: Path) -> Iterator[Path]:
    """Every file below, in order of their names. Errors: _Refused for anything but files and folders."""
    seen = 0
    waiting = [folder] if folder.exists() else []
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in sorted(entries, key=lambda each: each.name):
                seen += 1
                if seen > ENTRIES_MAX:
                    raise _Refused(f"{folder} holds more than {ENTRIES_MAX:,} entries: move it by hand")
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                elif entry.is_file(follow_symlinks=False):
                    yield Path(entry.path)
                else:
                    what = "a symbolic link" if entry.is_symlink() else "neither file nor folder"
                    raise _Refused(f"{entry.path} is {what}: remove it first")


def _device(path: Path) -> int:
    """The filesystem on which this path is, or would be."""
    while not path.exists():
        path = path.parent
    return path.stat().st_dev
