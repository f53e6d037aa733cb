"""Whether some process has a thread of this Codex home open for writing.

Codex 0.169 takes an exclusive `flock` on `thread-writer-locks/<thread>.lock` for as long as it has a thread loaded; a
death frees it, and only a polite end removes the file. Taking the lock to see whether it is free would refuse a codex
that opens the thread in that moment, so the kernel's own list is read instead.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

LOCKS = Path("/proc/locks")
LOOKS = 3
"""Before a lock counts as free. The kernel tells a long list page by page, and passes one over where an earlier one is
given back between two pages."""
FOLDER = "thread-writer-locks"


def writer_locks(codex_home: str | None, environment: Mapping[str, str]) -> Callable[[str], bool | None]:
    """The question for one Codex home: thread id in; held, free, or None where the system does not tell."""
    home = codex_home or environment.get("CODEX_HOME") or os.path.join(environment.get("HOME", "~"), ".codex")
    folder = Path(home).expanduser() / FOLDER
    return lambda thread_id: _held(folder / f"{thread_id}.lock")


def _held(lock: Path) -> bool | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        inode = lock.stat().st_ino
        return any(_listed(inode) for _ in range(LOOKS))
    except FileNotFoundError:
        return False
    except OSError:
        return None


def _listed(inode: int) -> bool:
    """Errors: OSError."""
    # `18: FLOCK  ADVISORY  WRITE 19047 fe:00:2204024 0 EOF`. The device is not compared: layered and network file
    # systems show another one here than `stat` does.
    places = (line.split() for line in LOCKS.read_text().splitlines())
    return any("FLOCK" in words and any(word.endswith(f":{inode}") for word in words) for words in places)
