"""The optional hook of Claude Code: a script in the state folder that tells where a transcript is.

What it writes, one JSON object a line in `STATE/hints.jsonl` (0600, at most 64 KiB; `actors/hints.py` reads it):

    {"v":1,"tool":"claude","at_ms":…,"session_id":"…","transcript_path":"/…/ID.jsonl","cwd":"/…",
     "hook_event_name":"SessionStart"}

A hint is never needed: a transcript in a watched folder is found without it. It finds those that are elsewhere, and
sooner. It is not believed either: who reads it checks the path.
"""

from __future__ import annotations

import shlex
import sys
from importlib import resources
from pathlib import Path

from storage.whole_file import write_whole

FOLDER = "hooks"
SCRIPT = "claude_transcript.py"


def script_path(state_dir: Path) -> Path:
    return state_dir / FOLDER / SCRIPT


def command(state_dir: Path, python: Path | None = None) -> str:
    """What Claude Code is told to call: an interpreter that reads no site packages (a third of the start)."""
    return shlex.join([str(python or sys.executable), "-I", "-S", str(script_path(state_dir))])


def install(state_dir: Path) -> None:
    """Put the script in its place, both for their owner only. Errors: OSError."""
    path = script_path(state_dir)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = resources.files("hybrid_capture.setup").joinpath("hook_script.py").read_bytes()
    write_whole(path, content, mode=0o700)


def uninstall(state_dir: Path) -> None:
    """Take it away."""
    path = script_path(state_dir)
    path.unlink(missing_ok=True)
    try:
        path.parent.rmdir()
    except OSError:
        return  # it was not there, or holds something else
