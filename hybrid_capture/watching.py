"""Which folders are watched for session files, and when they were not to be."""

from __future__ import annotations

import os
from pathlib import Path

from hybrid_capture.settings import Settings
from messages.settings import WatchedFolder, WatchSettings
from storage.pauses import Pauses

CODEX_FOLDERS = ("sessions", "archived_sessions")
CLAUDE_FOLDERS = ("projects",)


def watch_settings(settings: Settings, now_ms: int) -> WatchSettings:
    """What the tree follows from this start on. Errors: OSError when the state folder cannot be written."""
    off = Pauses(settings.state_dir.absolute()).settle(
        {"codex": settings.watch_codex, "claude": settings.watch_claude}, now_ms
    )
    roots = []
    if settings.watch_codex:
        roots += [WatchedFolder(source="rollout", path=_real(codex_home(settings) / name)) for name in CODEX_FOLDERS]
    if settings.watch_claude:
        roots += [
            WatchedFolder(source="transcript", path=_real(claude_home(settings) / name)) for name in CLAUDE_FOLDERS
        ]
    return WatchSettings(roots=tuple(roots), off=off)


def codex_home(settings: Settings) -> Path:
    """Codex's own folder, as the app-server has it too."""
    given = settings.codex_home or settings.codex_environment.get("CODEX_HOME") or os.environ.get("CODEX_HOME")
    return Path(given) if given else Path.home() / ".codex"


def claude_home(settings: Settings) -> Path:
    """Claude Code's own folder."""
    given = settings.claude_home or os.environ.get("CLAUDE_CONFIG_DIR")
    return Path(given) if given else Path.home() / ".claude"


def _real(path: Path) -> str:
    return os.path.realpath(path.expanduser())
