"""Hyperscan's compiled automaton between two starts."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import Any


class AutomatonFile:
    """The compiled automaton in a private folder, so that the next start loads it in ms instead of compiling for 0.7 s.

    The name holds a hash of every pattern, flag and the engine's version; the engine itself refuses a file of another
    platform. A file that does not load, or that others could have written, is compiled anew and replaced.
    """

    def __init__(self, folder: Path, expressions: list[bytes], flags: list[int], version: str) -> None:
        digest = hashlib.sha256(repr((expressions, flags, version)).encode()).hexdigest()[:32]
        self._path = folder / f"redaction-{digest}.hs"

    def load(self, hs: Any) -> Any:
        """The automaton, or None."""
        try:
            state = self._path.stat()
            mine = not hasattr(os, "getuid") or (state.st_uid == os.getuid() and not state.st_mode & 0o022)
            return hs.loadb(self._path.read_bytes(), hs.HS_MODE_BLOCK) if mine else None
        except FileNotFoundError:
            return None
        except Exception:  # noqa: BLE001  whatever is wrong with the file, compiling is the answer
            return None

    def save(self, hs: Any, database: Any) -> None:
        """Keep it for the next start; a folder that cannot be written only costs time."""
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside = self._path.with_suffix(f".{os.getpid()}")
            with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(hs.dumpb(database))
            os.replace(beside, self._path)
