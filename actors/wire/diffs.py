"""What a file change would do, as text for a person: one unified diff per file, bounded. Not redacted.

Upstream gives the hunks of an updated file as a diff, and of one that is added or deleted the content alone (codex
0.169); the older `applyPatchApproval` names the files as members of an object (codex until 2025).
"""

from __future__ import annotations

from typing import Any

DIFF_CHARS_MAX = 128 * 1024
"""Characters of one change, all files together; the rest is left out."""
FILES_MAX = 200


def diff_of(changes: Any) -> str:
    """The text; empty when there is nothing that has the form of a change."""
    parts: list[str] = []
    room = DIFF_CHARS_MAX
    for path, kind, text, moved in _files(changes)[:FILES_MAX]:
        before = "/dev/null" if kind == "add" else path
        after = "/dev/null" if kind == "delete" else moved or path
        mark = {"add": "+", "delete": "-"}.get(kind, "")
        body = text[:room]
        if mark:
            body = "".join(f"{mark}{line}\n" for line in body.splitlines())
        part = f"--- {before}\n+++ {after}\n{body}{'' if body.endswith(chr(10)) or not body else chr(10)}"
        parts.append(part)
        room -= len(part)
        if room <= 0:
            break
    return "".join(parts)[:DIFF_CHARS_MAX]


def _files(changes: Any) -> list[tuple[str, str, str, str]]:
    """Path, kind, text and new path of each file, whatever is missing left out."""
    if isinstance(changes, dict):
        changes = [{"path": path, **change} for path, change in changes.items() if isinstance(change, dict)]
    if not isinstance(changes, list):
        return []
    found = []
    for change in changes:
        if not isinstance(change, dict) or not isinstance(change.get("path"), str):
            continue
        kind = change.get("kind", change)
        word = kind.get("type") if isinstance(kind, dict) else kind
        texts = (change.get(name) for name in ("diff", "unified_diff", "content"))
        moved = kind.get("move_path") if isinstance(kind, dict) else None
        text = next((each for each in texts if isinstance(each, str)), "")
        found.append((change["path"], str(word), text, moved if isinstance(moved, str) else ""))
    return found
