"""A store that is damaged is set aside under another name, never deleted, and a fresh one is begun in its place.

What it held comes back from where it came: the app-server's history, rollout files, transcripts. All offsets are in
the store itself, so a fresh one reads every source from its beginning. Only files: a server's database is its owner's.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from storage import redaction
from storage.audit import Audit
from storage.cleaning import Cleaner
from storage.database import open_reader, open_writer
from storage.dsn import is_dsn
from storage.errors import NotOurs, StoreCorrupt
from storage.whole_file import flush_folder

MARK = ".damaged-"
BESIDE = ("-shm", "-wal", "-journal")
"""What belongs to a file. It goes first: a crash in between leaves a file that is judged anew."""
FRESH = ".fresh"
"""How the store that takes the place is called until it is whole."""
INCIDENT = "store_set_aside"
"""The kind of its audit row."""
_INCIDENT = "SELECT text FROM audit WHERE run_id = ? AND kind = ? ORDER BY id DESC LIMIT 1"
NAMES_MAX = 1_000
"""Stores that one second can set aside."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """What was done."""

    path: Path
    """Where the damaged file stands now, with its -wal beside it."""
    text: str
    """The incident as a sentence, for audit, status and transition."""


def begin_anew(place: str | Path, damage: StoreCorrupt, run_id: str, at_ms: int) -> SetAside:
    """Set the damaged store at `place` aside and begin a fresh one, whose audit begins with the incident.

    The fresh one is made beside it and takes its place in one step: whoever dies in between leaves either the damaged
    one or a fresh one that tells of it, never an empty one that looks like a first start.

    Errors: `damage` itself when this is not a store of ours, or none that we may move; OSError; those of `open_writer`.
    """
    if is_dsn(place) or isinstance(damage, NotOurs):
        raise damage
    path = Path(os.path.abspath(place))
    away = _free_name(path, at_ms)
    done = SetAside(
        away, f"{damage.reason}; it stands aside as {away.name}, and a fresh store is filled from its sources"
    )
    fresh = path.with_name(f"{path.name}{FRESH}")
    for suffix in ("", *BESIDE):
        Path(f"{fresh}{suffix}").unlink(missing_ok=True)  # of a try that died
    database = open_writer(fresh)
    try:
        with database.write(lambda: None):
            Audit(database, Cleaner(redaction), run_id).say(at_ms, INCIDENT, away.name, done.text)
    finally:
        database.close()  # which writes its log into the file
    for suffix in BESIDE:
        with suppress(FileNotFoundError):
            os.rename(f"{path}{suffix}", f"{away}{suffix}")
    with suppress(FileNotFoundError):
        _second_name(path, away)
    os.replace(fresh, path)
    flush_folder(path.parent)
    return done


def set_aside_by(place: str | Path, run_id: str) -> str:
    """The incident, when this run set a store aside; empty when it did not. Its numbers mean nothing to the fresh one.

    Errors: those of `open_reader`.
    """
    if not standing_aside(place):
        return ""
    database = open_reader(place)
    try:
        row = database.run(_INCIDENT, (run_id, INCIDENT)).fetchone()
    finally:
        database.close()
    return "" if row is None else str(row[0])


def standing_aside(place: str | Path) -> list[Path]:
    """Damaged stores beside this one that nobody has looked after yet, oldest first."""
    if is_dsn(place):
        return []
    path = Path(os.path.abspath(place))
    found = path.parent.glob(f"{path.name}{MARK}*")
    return sorted(each for each in found if not each.name.endswith(BESIDE))


def _second_name(path: Path, away: Path) -> None:
    """Let the file keep its place until another takes it; where a file can have one name only, move it."""
    try:
        os.link(path, away)
    except FileNotFoundError:
        raise
    except OSError:
        os.rename(path, away)


def _free_name(path: Path, at_ms: int) -> Path:
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at_ms / 1000))
    names = (f"{path.name}{MARK}{stamp}{'' if n == 1 else f'-{n}'}" for n in range(1, NAMES_MAX))
    return next(away for away in map(path.with_name, names) if not away.exists())
