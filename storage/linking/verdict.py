"""What one look at a repository came to, in a form that travels from the process that looked to the one that writes.

One line of JSON each, so that a line that was cut off is known as such.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

LINE_BYTES_MAX = 4 * 1024 * 1024
"""A longer line is not one of ours."""
WAIT_MS = 14 * 86_400_000
"""Commits of a session may come for this long by themselves; later, `links repair` finds them."""
FILES_MAX = 50
"""Files of one link that are told; `files_count` says how many there are."""


@dataclass(frozen=True, slots=True)
class LinkFound:
    """One commit of a session."""

    commit: str
    patch_id: str | None
    subject: str
    committed_ms: int
    state: str
    score: int
    method: str
    reason: str
    was: str | None = None
    files: list[tuple[str, int, int]] = field(default_factory=list)
    """Path, lines that match, lines that the commit changes."""
    files_count: int = 0
    ranges: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """By path: first and last lines of what the session wrote, in the file as the commit leaves it."""
    rivals: list[str] = field(default_factory=list)
    """Ids of sessions that wrote the same lines."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """All commits of one session in one repository as they are now; what was found before and is not here is gone."""

    session_row: int
    revision: int
    """Of the session's evidence that was looked at; newer evidence stays due."""
    repo: str | None
    """None when the session has no place in any repository, which `reason` explains."""
    root: str | None
    reason: str
    """Why there is no sure link, when there is none."""
    links: list[LinkFound] = field(default_factory=list)
    last: bool = True
    """The session's look ends with this verdict: others, of other repositories, came before it."""
    places: list[tuple[str, str]] = field(default_factory=list)
    """Repository and working tree that the session worked in."""


def lines_of(verdicts: Iterable[Verdict]) -> bytes:
    """Verdicts as JSON lines."""
    return b"".join(orjson.dumps(asdict(each), option=orjson.OPT_APPEND_NEWLINE) for each in verdicts)


def verdict_of(line: bytes) -> Verdict:
    """The verdict of one line. Errors: ValueError when it is none."""
    try:
        given: dict[str, Any] = orjson.loads(line)
        links = [
            LinkFound(
                **{
                    **link,
                    "files": [(path, match, of) for path, match, of in link["files"]],
                    "ranges": {path: [(first, last) for first, last in runs] for path, runs in link["ranges"].items()},
                }
            )
            for link in given.pop("links")
        ]
        places = [(repo, root) for repo, root in given.pop("places")]
        return Verdict(**given, links=links, places=places)
    except (orjson.JSONDecodeError, TypeError, KeyError, AttributeError) as error:
        raise ValueError("not a verdict") from error
