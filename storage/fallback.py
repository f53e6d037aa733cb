"""Whether a person stopped the live stream for the rest of this run: a note that outlives the tree, not the host.

It is no kill switch: the next start of the runtime streams again. A tree that is built anew within the run does not.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import orjson

from storage.whole_file import NotPlain, read_plain, write_whole

BYTES_MAX = 4096


class FallbackNote:
    """The note of one state folder. `run_id` is `<host's run>.<number of the tree>`, or the host's run alone."""

    def __init__(self, folder: Path, run_id: str) -> None:
        self._path = folder / "fallback.json"
        self._run = run_id.rpartition(".")[0] or run_id

    def read(self) -> bool:
        """Whether it was written in this run. A note that cannot be read is none."""
        with contextlib.suppress(OSError, NotPlain, ValueError):
            note = orjson.loads(read_plain(self._path, BYTES_MAX) or b"null")
            return isinstance(note, dict) and note.get("run") == self._run
        return False

    def write(self, on: bool) -> None:
        """Durable on return. Errors: OSError."""
        if on:
            write_whole(self._path, orjson.dumps({"run": self._run}))
        else:
            self._path.unlink(missing_ok=True)
