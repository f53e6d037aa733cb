"""The patch format that codex's models write (`*** Begin Patch`), as the changes of a fileChange item."""

from __future__ import annotations

from typing import Any

_HEADS = {"*** Add File: ": "add", "*** Delete File: ": "delete", "*** Update File: ": "update"}
_MOVE = "*** Move to: "


def patch_changes(patch: str, cwd: str | None) -> list[dict[str, Any]]:
    """One change per file, paths absolute where `cwd` is known, sorted by path; empty for a text of another format.

    The `diff` of an added file is its content, that of an updated one the patch's own hunks: without line numbers,
    which only the file that was patched could give.
    """
    changes: list[dict[str, Any]] = []
    lines: list[str] = []
    for line in patch.splitlines():
        head = next((head for head in _HEADS if line.startswith(head)), None)
        if head is not None:
            lines = []
            kind = {"type": _HEADS[head]} | ({"move_path": None} if _HEADS[head] == "update" else {})
            changes.append({"path": _absolute(line[len(head) :].strip(), cwd), "kind": kind, "diff": lines})
        elif changes and line.startswith(_MOVE):
            changes[-1]["kind"]["move_path"] = _absolute(line[len(_MOVE) :].strip(), cwd)
        elif changes and not line.startswith("*** "):
            added = changes[-1]["kind"]["type"] == "add"
            lines.append(line[1:] if added and line.startswith("+") else line)
    for change in changes:
        change["diff"] = "".join(f"{line}\n" for line in change["diff"])
    return sorted(changes, key=lambda change: str(change["path"]))


def _absolute(path: str, cwd: str | None) -> str:
    return path if path.startswith("/") or not cwd else f"{cwd.rstrip('/')}/{path}"
