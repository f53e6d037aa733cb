"""What evidence is made of: an edit of a file, a commit that was seen to be made, the paths that they name. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote, urlsplit

Deed = Literal["add", "update", "delete", "touch"]
"""`add` is the whole new content, `touch` a change whose content is not known."""


@dataclass(slots=True)
class Edit:
    """A change of one file, as the session made it."""

    path: str
    """Absolute wherever the item says enough for that."""
    deed: Deed
    old_path: str | None = None
    """Where the file was before, when it was moved."""
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


@dataclass(slots=True)
class CommitSeen:
    """A commit that the session made, as far as the command and its output tell."""

    cwd: str | None
    abbrev: str | None
    """Git's short name of the commit, from the output; None when it printed none."""
    subject: str | None
    branch: str | None
    commanded: bool
    """The command itself names a verb of git that commits."""


Found = Edit | CommitSeen


def joined(cwd: str | None, path: str) -> str:
    """`path` from where it was said; as it is when nobody knows where that was."""
    if not cwd or path.startswith(("/", "~")) or re.match(r"[A-Za-z]:[\\/]", path):
        return path
    return f"{cwd.rstrip('/')}/{path}"


def local_path(path: str) -> str:
    """The path of a `file:` URL, which rollout files write; any other path as it is."""
    if not path.startswith("file://"):
        return path
    try:
        return unquote(urlsplit(path).path)
    except ValueError:  # `file://[` is no URL, and what a model calls a path is anything
        return path
