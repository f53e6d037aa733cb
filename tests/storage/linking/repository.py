"""A real repository with fixed authors and dates, and a session's items as tools write them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from messages.records import FinalItem
from tests.storage.story import message

T0_MS = 1_790_000_000_000
"""When the stories here begin."""


class Repository:
    """Runs git as a person would, only that time is an argument."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str, at_s: int = 0, zone: str = "+0000", cwd: Path | None = None) -> str:
        date = f"{T0_MS // 1000 + at_s} {zone}"
        people = {
            f"GIT_{who}_{what}": f"{who.lower()}@x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        return subprocess.run(
            # Maintenance would go on in the background, and take its lock file away while a test looks.
            ["git", "-c", "commit.gpgsign=false", "-c", "maintenance.auto=false", "-C", str(cwd or self.root), *words],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.root),
                "GIT_AUTHOR_DATE": date,
                "GIT_COMMITTER_DATE": date,
                "GIT_CONFIG_NOSYSTEM": "1",
                **people,
            },
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()  # fmt: skip

    def commit(self, subject: str, at_s: int, files: dict[str, str | None] | None = None, zone: str = "+0000") -> str:
        """Write files (None removes one), commit everything; gives the commit."""
        for name, content in (files or {}).items():
            path = self.root / name
            if content is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", subject, at_s=at_s, zone=zone)
        return self.git("rev-parse", "HEAD")


def patched(path: str | Path, *lines: str, at_s: int = 10, item: str = "c1", session: str = "t1") -> FinalItem:
    """A Codex file change: `lines` with their signs."""
    change = {"path": str(path), "kind": {"type": "update"}, "diff": "@@ -1,1 +1,1 @@\n" + "\n".join(lines)}
    return made("fileChange", {"changes": [change]}, at_s, item, session)


def ran(command: str, output: str, cwd: str | Path, at_s: int = 10, item: str = "x1", session: str = "t1") -> FinalItem:
    """A Codex command."""
    body = {"command": command, "cwd": str(cwd), "aggregatedOutput": output, "exitCode": 0}
    return made("commandExecution", body, at_s, item, session)


def made(kind: str, body: dict[str, Any], at_s: int, item: str, session: str) -> FinalItem:
    return message(
        item,
        session=session,
        kind=kind,
        status="completed",
        body=json.dumps(body),
        started_at_ms=T0_MS + at_s * 1000,
        completed_at_ms=T0_MS + at_s * 1000,
    )
