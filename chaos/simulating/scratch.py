"""Where simulations keep their files: in memory where the system has such a place, and gone with the process."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")
_FOLDERS: dict[str, Path] = {}


def scratch() -> Path:
    """The scratch folder of this process; inside that of its parent, if it was forked from one that has one."""
    if "root" not in _FOLDERS:
        where = SHARED_MEMORY if SHARED_MEMORY.is_dir() and os.access(SHARED_MEMORY, os.W_OK) else None
        _FOLDERS["root"] = Path(tempfile.mkdtemp(prefix="hybrid-capture-simulation-", dir=where))
        atexit.register(shutil.rmtree, _FOLDERS["root"], ignore_errors=True)
    own = _FOLDERS["root"] / str(os.getpid())
    own.mkdir(exist_ok=True)
    return own
