"""The file that an export becomes: whole under its name at the end, or not there at all."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


class OutRefused(Exception):
    """The file cannot be written as asked; the text says what to do."""


@contextlib.contextmanager
def whole_file(path: Path, *, force: bool) -> Iterator[BinaryIO]:
    """A file to write; it takes its name (mode 0600) when the block ends well, and leaves nothing otherwise.

    Errors: OutRefused when something is there already and `force` is not given, or is no plain file; OSError.
    """
    _refuse(path, force)
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if force:
            os.replace(beside, path)
        else:
            _name_new(beside, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()


def _refuse(path: Path, force: bool) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISREG(found.st_mode):
        raise OutRefused(f"{path} is there and is no plain file: give another name with --out")
    if not force:
        raise OutRefused(f"{path} is there already: give another name with --out, or --force to replace it")


def _name_new(beside: Path, path: Path) -> None:
    """A name that somebody took meanwhile is theirs."""
    try:
        os.link(beside, path)
    except FileExistsError:
        raise OutRefused(f"{path} was made meanwhile: give another name with --out") from None
    except OSError:  # a file system without hard links
        _refuse(path, force=False)
        os.replace(beside, path)
