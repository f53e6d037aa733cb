"""Hints where transcripts are, from the optional hook of Claude Code: `STATE/hints.jsonl`, read once and taken away.

    {"v":1,"tool":"claude","at_ms":1784000000000,"session_id":"…","transcript_path":"/…/ID.jsonl",
     "agent_transcript_path":"/…/agent-ID.jsonl","cwd":"/…","hook_event_name":"SessionStart"}

Written by `hybrid_capture/setup/hook_script.py`, one line an event, at most 64 KiB: what comes while nobody reads is
left out. So a hint is never needed and never believed: it says where to look sooner, or outside of watched folders.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

FILE = "hints.jsonl"
BYTES_MAX = 64 * 1024
"""Of the whole file; more was not written by the hook, and is not read."""
PATHS_MAX = 256
"""Of one taking; sessions beyond that are found by the ordinary search."""
SUFFIX = ".jsonl"


@dataclass(frozen=True, slots=True)
class Hint:
    """One transcript that somebody says is there."""

    session_id: str
    path: Path
    """Absolute, and ends in `.jsonl`; that it exists, and is no link, is for the reader to see."""


def take_hints(state_dir: Path) -> tuple[Hint, ...]:
    """The hints since the last time, each path once, oldest first; empty when there are none.

    Something else than a plain file is taken away unread. Errors: OSError when the folder cannot be written.

    The file is renamed before it is read: a line that a hook writes in that instant may be lost, and the next event of
    the session says the same.
    """
    taken = state_dir / (FILE + ".taken")
    try:
        os.replace(state_dir / FILE, taken)
    except FileNotFoundError:
        return ()
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with os.fdopen(os.open(taken, flags), "rb") as file:
            content = file.read(BYTES_MAX)
    except OSError:
        content = b""
    taken.unlink()
    found = {hint.path: hint for line in content.split(b"\n") for hint in _hints(line)}
    return tuple(found.values())[:PATHS_MAX]


def _hints(line: bytes) -> Iterator[Hint]:
    try:
        told: Any = orjson.loads(line)
    except orjson.JSONDecodeError:
        return
    if not isinstance(told, dict) or told.get("v") != 1 or told.get("tool") != "claude":
        return
    session_id = told.get("session_id")
    for name in ("transcript_path", "agent_transcript_path"):
        path = told.get(name)
        if isinstance(path, str) and isinstance(session_id, str) and _could_be(path):
            yield Hint(session_id, Path(path))


def _could_be(path: str) -> bool:
    return path.endswith(SUFFIX) and "\x00" not in path and os.path.isabs(path) and ".." not in Path(path).parts
