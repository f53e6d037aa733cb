"""The redaction rules, compiled once per test process and laid into the state folders of the trees that tests start.

A tree in a fresh state folder compiles them itself, for more than a second of a core; hundreds of trees would spend
minutes on the same automaton. What a first start costs is still met wherever a test does not lay them there: the
command line's, the drills', the embedded hosts'.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@functools.cache
def _compiled() -> tempfile.TemporaryDirectory[str]:
    """The folder with the automaton; empty where RE2 stands in, which keeps nothing."""
    folder = tempfile.TemporaryDirectory(prefix="rules-")
    # Another process: this one may have compiled before, and then nothing would be written.
    code = f"from pathlib import Path; from storage.redaction import warm; warm(None, Path({folder.name!r}))"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=120)
    return folder


def lay_into(state_dir: Path) -> Path:
    """Make this state folder, as private as the runtime would, with the compiled rules in it; gives the folder."""
    cache = state_dir / "cache"
    for folder in (state_dir, cache):
        folder.mkdir(mode=0o700, exist_ok=True)
    for file in Path(_compiled().name).iterdir():
        shutil.copy2(file, cache / file.name)
    return state_dir
