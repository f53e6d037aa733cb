"""Bringing the collector's files to their place, and back: all of them or none.

Files are renamed, never copied: mode, time and content stay, and no second copy of a secret comes to be. What is to be
moved is noted in `STATE/setup/collector-N.json` before the first one is; that note is never overwritten, and enough to
take back a migration that is done, that failed in the middle, or whose process was killed there.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from hybrid_capture.setup.collector_plan import EARLIER, Plan, Status
from hybrid_capture.setup.journal import FOLDER
from storage.whole_file import write_whole

ASIDE = ".before-migration-{}"
"""Appended to the name of an empty file that made room."""
NOTES_MAX = 1_000


@dataclass
class Note:
    """One migration: what was to be moved, in order, and how it stands."""

    number: int
    status: str = "under way"
    """`under way`, `done`, `failed` (and taken back) or `rolled back`."""
    folders: list[list[Any]] = field(default_factory=list)
    """Folders made at the new place, with their mode; outermost first."""
    renames: list[list[str]] = field(default_factory=list)
    emptied: list[list[Any]] = field(default_factory=list)
    """Folders that were left empty and taken away, with their mode; innermost first."""


Rename = Callable[[Path, Path], None]


def migrate(state_dir: Path, home: Path, plan: Plan, rename: Rename | None = None) -> tuple[Status, str]:
    """Do what was planned; after a failure in the middle everything is where it was. Errors: OSError of the note."""
    rename = rename or rename_new
    note = Note(_free_number(state_dir))
    note.renames = [[str(path), str(path) + ASIDE.format(note.number)] for path in plan.stubs]
    note.renames += [[str(move.source), str(move.target)] for move in plan.moves]
    for move in plan.moves:
        for target, source in reversed(list(zip(move.target.parents, move.source.parents, strict=False))):
            if not target.exists() and home in target.parents and str(target) not in [each[0] for each in note.folders]:
                note.folders.append([str(target), source.stat().st_mode & 0o777 if source.exists() else 0o700])
    roots = tuple(home / each for each in EARLIER)
    inside = {each for move in plan.moves for each in move.source.parents if any(map(each.is_relative_to, roots))}
    note.emptied = [[str(each), each.stat().st_mode & 0o777] for each in sorted(inside, key=lambda p: -len(p.parts))]
    keep(state_dir, note)
    try:
        for name, mode in note.folders:
            os.mkdir(name)
            os.chmod(name, mode)
        for old, new in note.renames:
            rename(Path(old), Path(new))
    except OSError as error:
        take_back(note)
        note.status = "failed"
        keep(state_dir, note)
        return "failed", f"{error.filename or 'a file'}: {error.strerror or error}; everything is where it was"
    for name, _ in note.emptied:
        _rmdir(Path(name))
    note.status = "done"
    keep(state_dir, note)
    return "migrated", ""


def roll_back(state_dir: Path) -> tuple[Status, str, Note | None]:
    """Take the latest migration back, all of it or nothing. Errors: OSError."""
    done = [note for note in notes(state_dir) if note.status in ("done", "under way")]
    if not done:
        return "not_started", "no migration was done from this state folder", None
    note = done[-1]
    ours = {target for _, target in note.renames}
    occupied = [source for source, target in note.renames if source not in ours and _both(Path(source), Path(target))]
    if occupied:
        return "failed", f"something new is at {occupied[0]}: move it away first; nothing was changed", note
    take_back(note)
    note.status = "rolled back"
    keep(state_dir, note)
    return "not_started", "", note


def take_back(note: Note) -> None:
    """Everything where it was, whatever part of the note had been done; doing it again changes nothing."""
    for name, mode in reversed(note.emptied):
        if not Path(name).exists():
            os.mkdir(name)
            os.chmod(name, mode)
    for source, target in reversed(note.renames):
        if not os.path.lexists(target):
            continue
        if os.path.lexists(source) and os.path.samefile(source, target):
            os.unlink(target)  # killed between the two steps of a rename
        elif not os.path.lexists(source):
            rename_new(Path(target), Path(source))
    for name, _ in reversed(note.folders):
        _rmdir(Path(name))


def rename_new(source: Path, target: Path) -> None:
    """Rename, unless something is there already. Errors: FileExistsError, OSError."""
    os.link(source, target, follow_symlinks=False)
    os.unlink(source)


def notes(state_dir: Path) -> list[Note]:
    """Every migration from this state folder, oldest first; a note that cannot be read is passed over."""
    found = []
    for path in (state_dir / FOLDER).glob("collector-*.json"):
        try:
            found.append(Note(**orjson.loads(path.read_bytes())))
        except (OSError, ValueError, TypeError):
            continue
    return sorted(found, key=lambda note: note.number)


def keep(state_dir: Path, note: Note) -> None:
    path = _path(state_dir, note.number)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, orjson.dumps(note, option=orjson.OPT_INDENT_2))


def _free_number(state_dir: Path) -> int:
    return next(number for number in range(1, NOTES_MAX) if not _path(state_dir, number).exists())


def _path(state_dir: Path, number: int) -> Path:
    return state_dir / FOLDER / f"collector-{number}.json"


def _both(source: Path, target: Path) -> bool:
    """Whether taking back would meet something at its old place."""
    return os.path.lexists(source) and os.path.lexists(target) and not os.path.samefile(source, target)


def _rmdir(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return  # somebody's file is in it: it stays
