"""One file of a tool, open for reading: bytes at offsets, and the texts that stand beside it. Never written, never
followed through a symlink."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from types import TracebackType

from actors.wire.gathered import LineGone
from storage.file_piece import read_piece

BESIDE_BYTES_MAX = 4 * 1024 * 1024
"""Of a text beside a transcript (a large tool output) this much is taken over; of a longer one its first part."""
BESIDE = "tool-results"
"""The folder of such texts, in the session's own folder."""


class NotAFile(OSError):
    """The path is no regular file."""


class SourceFile:
    """Use as a context manager. Errors of opening: OSError, NotAFile."""

    def __init__(self, path: str) -> None:
        self.path = path
        if not hasattr(os, "O_NOFOLLOW") and os.path.islink(path):
            raise NotAFile(f"{path} is a symbolic link")
        # Not blocking: opening a named pipe would wait for its writer.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        self._descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0))
        try:
            found = os.fstat(self._descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise NotAFile(f"{path} is no regular file")
        except OSError:
            os.close(self._descriptor)
            raise
        self.device, self.inode, self.size = found.st_dev, found.st_ino, found.st_size
        self.changed_ms = found.st_mtime_ns // 1_000_000

    def __enter__(self) -> SourceFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.close(self._descriptor)

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`, of what was there when the file was opened: what is written meanwhile
        comes with the next look."""
        length = min(length, self.size - offset)
        return read_piece(self._descriptor, length, offset) if length > 0 else b""

    def recall(self, offset: int, length: int) -> bytes:
        """Bytes that were read before. Errors: LineGone when they are not there any more."""
        found = read_piece(self._descriptor, length, offset)
        if len(found) < length:
            raise LineGone(self.path)
        return found

    def beside(self, path: str) -> str | None:
        """The text of a tool's output that stands in `<session>/tool-results/` beside this transcript.

        Only its name is taken from the transcript: what another path in it names is not read.
        """
        name = os.path.basename(path.replace("\\", "/"))
        folder = Path(self.path)
        owner = folder.parent.parent if folder.parent.name == "subagents" else folder.with_suffix("")
        if not name or name in (".", ".."):
            return None
        try:
            with SourceFile(str(owner / BESIDE / name)) as file:
                data = file.read(0, BESIDE_BYTES_MAX)
        except (OSError, ValueError):  # a name with a zero byte in it is no name
            return None
        return data.decode(errors="replace")
