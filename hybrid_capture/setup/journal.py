"""What `--undo` needs, in `STATE/setup`: the way back of one change of one file, without a copy of the file.

It holds what the changed spans were before, unless that may be a secret (see `edits.py`), and of what was written only
fingerprints: the receiver's token stands in `STATE/otlp.token` and in the tool's configuration, nowhere else.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from hybrid_capture.problems import UNUSABLE, Problem
from hybrid_capture.setup.edits import Hunk
from hybrid_capture.setup.tool_file import digest
from storage.whole_file import NotPlain, read_plain, write_whole

BYTES_MAX = 8 * 1024 * 1024
FOLDER = "setup"


@dataclass
class Journal:
    """One change that can be taken back."""

    tool: str
    file: str
    existed: bool
    """Whether the file was there before."""
    folder_made: bool
    before: str
    """Fingerprint of the content before."""
    after: str
    """Fingerprint of the content that was written."""
    hunks: list[list[Any]]
    values: dict[str, Any]
    """What each key was before, null for one that was not there or is kept in the file itself."""
    wrote: dict[str, list[str]]
    """Fingerprints of what was written for each key, by this setup and those before."""
    wish: dict[str, Any] = field(default_factory=dict)
    """What was asked for, without the token: a later setup that says nothing else means this."""
    hook: str = ""
    """The command of the Claude hook; empty without one."""

    def way_back(self) -> tuple[Hunk, ...]:
        return tuple(Hunk(*hunk) for hunk in self.hunks)

    def is_ours(self, key: str, value: Any) -> bool:
        """Whether `value` is what was written for this key."""
        return fingerprint(value) in self.wrote.get(key, ())


def fingerprint(value: Any) -> str:
    """Of a value, whatever the order of its keys."""
    return digest(orjson.dumps(value, option=orjson.OPT_SORT_KEYS))


def path_of(state_dir: Path, tool: str, file: Path) -> Path:
    """Where the journal of this file is."""
    return state_dir / FOLDER / f"{tool}-{digest(str(file))[:16]}.json"


def load(state_dir: Path, tool: str, file: Path) -> Journal | None:
    """The journal of this file; None when nothing was set up. Errors: Problem."""
    path = path_of(state_dir, tool, file)
    try:
        content = read_plain(path, BYTES_MAX)
        return None if content is None else Journal(**orjson.loads(content))
    except (OSError, NotPlain, ValueError, TypeError):
        raise Problem(
            "JOURNAL_UNUSABLE", f"{path} cannot be read, so nothing can be taken back: remove it", UNUSABLE
        ) from None


def keep(state_dir: Path, journal: Journal) -> None:
    """Write the journal, durable. Errors: OSError."""
    path = path_of(state_dir, journal.tool, Path(journal.file))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, orjson.dumps(asdict(journal), option=orjson.OPT_INDENT_2))


def forget(state_dir: Path, journal: Journal) -> None:
    """The change was taken back."""
    path_of(state_dir, journal.tool, Path(journal.file)).unlink(missing_ok=True)
