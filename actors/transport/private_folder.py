"""The 0700 folder of a system: socket files, Thespian's own log, the actors' log. Never the key.

A crash leaves socket files behind; `sweep` removes those nobody answers on, at every start and after every stop.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import thespian.system.utilis as thespian_log

THESPIAN_LOG: Final = "thespian.log"
ACTORS_LOG: Final = "actors.log"
SWEPT_MAX: Final = 10_000
"""Files looked at by one sweep; the rest waits for the next start."""


class FolderNotPrivateError(OSError):
    """The folder exists and is not ours alone."""


def prepare(folder: Path) -> str:
    """Make the folder, or check it; give its absolute path.

    Errors: FolderNotPrivateError when it is a link, not a folder, or another user's. Wider permissions on a folder of
    our own are taken away rather than refused: it holds nothing yet.
    """
    path = Path(os.path.abspath(folder))
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    seen = os.lstat(path)
    if not stat.S_ISDIR(seen.st_mode):
        raise FolderNotPrivateError(f"{path} is not a folder of its own")
    if hasattr(os, "getuid"):
        if seen.st_uid != os.getuid():
            raise FolderNotPrivateError(f"{path} belongs to user {seen.st_uid}")
        os.chmod(path, 0o700)
    return str(path)


def keep_thespian_log_in(folder: str) -> None:
    """Send Thespian's own log of this process into the folder, before it writes its first line.

    Left alone it writes to the system's temporary folder, readable by all. The variable THESPLOG_FILE would do too, but
    would stay behind in the environment of a process that embeds us, so the place it is read into is set instead. With
    two systems in one process the later one has the host's lines.
    """
    path = os.path.join(folder, THESPIAN_LOG)
    with suppress(OSError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    assert hasattr(thespian_log, "_thesplog_file"), "thespian moved its log setting; it is pinned for this"
    thespian_log._thesplog_file = path
    thespian_log._thesplog_old_file = path + ".old"


def log_definitions(folder: str) -> dict[str, Any]:
    """A logging set-up for the actors: warnings into a small file in the folder, nothing on the terminal."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": "storage.redaction_log.RedactingFormatter",
                "fmt": "%(asctime)s %(process)d %(levelname)s %(name)s %(message)s",
            }
        },
        "handlers": {
            "file": {
                "class": "logging.handlers.RotatingFileHandler",
                "filename": os.path.join(folder, ACTORS_LOG),
                "maxBytes": 1024 * 1024,
                "backupCount": 1,
                "delay": True,
                "formatter": "line",
            }
        },
        "root": {"level": "WARNING", "handlers": ["file"]},
    }


def sweep(folder: str, suffix: str, answers: Callable[[str], bool]) -> int:
    """Remove socket files (names of 16 hex digits and `suffix`) on which nobody `answers`; how many others are left."""
    left = 0
    with suppress(OSError), os.scandir(folder) as entries:
        for seen, entry in enumerate(entries):
            if seen >= SWEPT_MAX:
                break
            if not is_token_file(entry.name, suffix):
                continue
            if answers(entry.path):
                left += 1
                continue
            with suppress(OSError):
                os.unlink(entry.path)
    return left


def is_token_file(name: str, suffix: str) -> bool:
    """Whether `name` is that of one of our socket files, finished or just being put in place."""
    name = name.removesuffix(FRESH_SUFFIX)
    if not name.endswith(suffix):
        return False
    name = name.removesuffix(suffix)
    return len(name) == 16 and all(digit in "0123456789abcdef" for digit in name)


FRESH_SUFFIX: Final = ".new"
"""Carried by a file until it is renamed into place."""
