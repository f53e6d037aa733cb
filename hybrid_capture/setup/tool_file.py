"""The configuration file of a tool: somebody else's, so it is read carefully and replaced whole."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from hybrid_capture.problems import UNUSABLE, Problem
from storage.whole_file import NotPlain, read_plain, write_whole

BYTES_MAX = 4 * 1024 * 1024
NEW_MODE = 0o600
"""Of a file that was not there: it will hold a token."""
SUFFIX = ".hybrid-capture.new"


@dataclass(frozen=True, slots=True)
class Found:
    """What was there."""

    path: Path
    content: bytes | None
    """None: no such file."""
    mode: int = NEW_MODE

    @property
    def text(self) -> str:
        """Errors: Problem."""
        try:
            return (self.content or b"").decode()
        except UnicodeDecodeError:
            raise _refused(f"{self.path} is no UTF-8 text: correct it first") from None


def find(path: Path) -> Found:
    """Read the file. Errors: Problem for a link, a device, a file of another user, one that is too large."""
    try:
        if path.parent.is_symlink():
            raise _refused(f"{path.parent} is a symbolic link: give the folder itself with --home")
        content = read_plain(path, BYTES_MAX)
        if content is None:
            return Found(path, None)
        about = path.lstat()
    except NotPlain as why:
        raise _refused(f"{path} {why}: setup changes only a plain file, so change it where it really is") from None
    except OSError as error:
        raise _refused(f"{path} cannot be read ({error.strerror})") from None
    if hasattr(os, "geteuid") and about.st_uid != os.geteuid():
        raise _refused(f"{path} belongs to another user: run setup as its owner")
    return Found(path, content, stat.S_IMODE(about.st_mode))


def replace(found: Found, text: str) -> bool:
    """Put `text` in the place of what was found; tells whether the folder had to be made.

    Errors: Problem when somebody changed the file meanwhile, or it cannot be written; then the old content stands.
    """
    if find(found.path).content != found.content:
        raise _refused(f"{found.path} was changed by somebody else just now: run setup again")
    try:
        made = not found.path.parent.exists()
        found.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(found.path, text.encode(), found.mode, SUFFIX)
    except OSError as error:
        raise _refused(f"{found.path} cannot be written ({error.strerror})") from None
    return made


def remove(found: Found, *, with_folder: bool) -> None:
    """Take the file away; with its folder, when that is empty then."""
    found.path.unlink(missing_ok=True)
    if with_folder:
        try:
            found.path.parent.rmdir()
        except OSError:
            return  # the tool put something there meanwhile


def digest(content: bytes | str) -> str:
    """A fingerprint."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def _refused(text: str) -> Problem:
    return Problem("FILE_REFUSED", text, UNUSABLE)
