"""A whole copy of a store in one file, taken beside a live writer, without what was deleted.

The copy appears under its name when it is complete and checked, and never takes the place of another file.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from peewee import PeeweeException

from storage.database import open_reader
from storage.dsn import is_dsn
from storage.errors import StoreNotWritable, StoreUnavailable
from storage.sqlite import Sqlite, failure
from storage.whole_file import flush_folder

PART = ".part"
_CHECK = "PRAGMA quick_check(1)"


@dataclass(frozen=True, slots=True)
class Backup:
    """What was written."""

    path: Path
    bytes_count: int
    sessions: int
    items: int


def back_up(place: str | Path, to: Path) -> Backup:
    """Copy the store at `place` to the file `to`, mode 0600.

    Errors: NothingCaptured, StoreCorrupt, StoreUnavailable (the disk is full); StoreNotWritable when `to` exists,
    cannot be written, or the store is on a server, which has a tool of its own for that.
    """
    if is_dsn(place):
        raise StoreNotWritable(
            "a store on a PostgreSQL server is backed up by the server's own tool",
            'run pg_dump --format=custom --file=FILE "$HYBRID_CAPTURE_DATABASE", and pg_restore to get it back',
        )
    to = Path(os.path.abspath(to))
    if os.path.lexists(to):
        raise StoreNotWritable(f"{to} exists already", "give another name, or move it away")
    source = open_reader(place)
    part = to.with_name(to.name + PART)
    try:
        _begin(part)
        try:
            source.run("PRAGMA query_only = OFF")  # it forbids this, too; the file itself is opened for reading only
            source.run("VACUUM INTO ?", (str(part),))
            counts = _checked(part)
            _finish(part, to)
        except PeeweeException as error:
            found = source.failure(error)
            raise (failure(error, to) if isinstance(found, StoreUnavailable) else found) from None
    except OSError as error:
        raise StoreNotWritable(f"cannot write {to}: {error.strerror}", "give a place that can be written") from None
    finally:
        source.close()
        with suppress(OSError):
            part.unlink()
    return Backup(to, to.stat().st_size, *counts)


def _begin(part: Path) -> None:
    """An empty private file, which VACUUM INTO fills: it would make one that others can read."""
    with suppress(FileNotFoundError):
        part.unlink()  # of a backup that was killed
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _checked(part: Path) -> tuple[int, int]:
    """How many sessions and items are in the copy. Errors: StoreCorrupt when it is not whole."""
    copy = open_reader(part)
    assert isinstance(copy, Sqlite)
    try:
        (told,) = copy.run(_CHECK).fetchone()
        if told != "ok":
            raise StoreNotWritable(f"the copy is not whole: {told}", "see the disk, and try again")
        counts = (copy.run(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("sessions", "items"))
        return next(counts), next(counts)
    finally:
        copy.close()


def _finish(part: Path, to: Path) -> None:
    """Give it its name, unless somebody has taken that meanwhile."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    try:
        os.link(part, to)
    except FileExistsError:
        raise StoreNotWritable(f"{to} exists already", "give another name, or move it away") from None
    except OSError:  # a file system without hard links, as a memory stick has
        if os.path.lexists(to):
            raise StoreNotWritable(f"{to} exists already", "give another name, or move it away") from None
        os.rename(part, to)
    flush_folder(to.parent)
