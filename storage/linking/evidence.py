"""What one stored item says about files and commits: the edits it made, the commits whose making it shows.

Pure, and cheap for the items that say nothing: `EVIDENT` is asked first. Works on redacted bodies, so nothing it gives
needs redaction of its own. Shapes: Codex `fileChange` and `commandExecution` as the app-server and as rollout files
write them, Claude Code's tool calls as `toolCall` items. What a shell command shows is in `shell_commands.py`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from storage.linking.findings import CommitSeen, Edit, Found, local_path
from storage.linking.patches import envelopes, hunk_lines, whole
from storage.linking.shell_commands import command_line, commits_made, shell_evidence

EVIDENT = frozenset({"fileChange", "commandExecution", "toolCall"})
FOUND_MAX = 500
"""Edits and commits taken from one item; what is beyond is no evidence."""
PATH_CHARS_MAX = 4_096
_UNMADE = frozenset({"declined", "inProgress", "interrupted", "cancelled"})
"""A change in this state was not made. A command that failed may have made a commit before it did."""


def evidence_of(kind: str, status: str | None, body: dict[str, Any], *, lines: bool = True) -> list[Found]:
    """Everything that an item shows, at most `FOUND_MAX`. Odd shapes give less, never an exception.

    Without `lines` edits say which file and how, and leave out what: the dearer half.
    """
    if kind not in EVIDENT or status in _UNMADE or (status == "failed" and kind == "fileChange"):
        return []
    body = {**body, "status": status}
    shown = {
        "fileChange": lambda: _file_change(body, lines),
        "commandExecution": lambda: _command(body),
        "toolCall": lambda: _tool_call(body, lines),
    }[kind]()
    found: list[Found] = []
    for one in shown:
        if isinstance(one, CommitSeen) or 0 < len(one.path) <= PATH_CHARS_MAX:
            found.append(one)
        if len(found) >= FOUND_MAX:
            break
    return found


# Codex.


def _file_change(body: dict[str, Any], lines: bool) -> Iterator[Found]:
    """`changes` is a list in the app-server's items and an object by path in rollout files."""
    changes = body.get("changes")
    if isinstance(changes, dict):
        changes = [{"path": path, **change} for path, change in changes.items() if isinstance(change, dict)]
    for change in _objects(changes):
        kind = _object(change.get("kind")) or change
        deed = _text(kind.get("type"))
        path = local_path(_text(change.get("path")))
        if not lines:
            change = {}
        diff = _text(change.get("diff")) or _text(change.get("unified_diff"))
        content = _text(change.get("content")) or diff
        if deed == "add":
            yield Edit(path, "add", added=whole(content))
        elif deed == "delete":
            yield Edit(path, "delete", removed=whole(content))
        elif deed == "update":
            moved = local_path(_text(kind.get("move_path")) or _text(kind.get("movePath")))
            added, removed = hunk_lines(diff)
            yield Edit(moved or path, "update", path if moved else None, added, removed)


def _command(body: dict[str, Any]) -> Iterator[Found]:
    output = body.get("aggregatedOutput", body.get("aggregated_output"))
    if body["status"] == "failed" or body.get("exitCode", body.get("exit_code")) not in (0, None):
        yield from commits_made(command_line(body.get("command")), _text(output), _cwd(body), proved=False)
        return
    yield from shell_evidence(command_line(body.get("command")), _text(output), _cwd(body))


# Claude Code.


def _tool_call(body: dict[str, Any], lines: bool) -> Iterator[Found]:
    """`tool`, `arguments`, `cwd`; `result` is what the model saw of it, `toolUseResult` the tool's own account."""
    name, given, told = _text(body.get("tool")), _object(body.get("arguments")), _object(body.get("toolUseResult"))
    path = _text(told.get("filePath")) or _text(given.get("file_path")) or _text(given.get("notebook_path"))
    if name == "Bash":
        output = "\n".join(_text(each) for each in (body.get("result"), told.get("stdout"), told.get("stderr")))
        if body["status"] == "failed":
            yield from commits_made(_text(given.get("command")), output, _cwd(body), proved=False)
        else:
            yield from shell_evidence(_text(given.get("command")), output, _cwd(body))
    elif body["status"] == "failed":
        return
    elif name in ("Edit", "MultiEdit", "Write", "NotebookEdit") and path:
        yield Edit(path, "update") if not lines and name != "Write" else _edit(name, path, given, told)
    elif name == "apply_patch":
        yield from envelopes(_text(given.get("input")) or _text(given.get("patch")))


def _edit(name: str, path: str, given: dict[str, Any], told: dict[str, Any]) -> Edit:
    """The structured patch of the result says what really changed; the call's own strings say what was wanted."""
    added: list[str] = []
    removed: list[str] = []
    for hunk in _objects(told.get("structuredPatch")):
        lines = hunk.get("lines")
        more, less = hunk_lines("\n".join(["@@", *map(_text, lines if isinstance(lines, list) else [])]))
        added += more
        removed += less
    if added or removed:
        return Edit(path, "update", None, added, removed)
    if name == "Write":
        return Edit(path, "add", added=whole(_text(told.get("content")) or _text(given.get("content"))))
    if name == "NotebookEdit":
        return Edit(path, "update", added=[_notebook_line(line) for line in whole(_text(given.get("new_source")))])
    for edit in _objects(given.get("edits")) or [given]:
        old, new = whole(_text(edit.get("old_string"))), whole(_text(edit.get("new_string")))
        more, less = _changed(old, new)
        added += more
        removed += less
    return Edit(path, "update", None, added, removed)


def _changed(old: list[str], new: list[str]) -> tuple[list[str], list[str]]:
    """Lines that only one side has; the model repeats neighbours on both to say where."""
    both = Counter(old) & Counter(new)
    return _without(new, both), _without(old, both)


def _without(lines: list[str], some: Counter[str]) -> list[str]:
    left = Counter(some)
    found = []
    for line in lines:
        if left[line] > 0:
            left[line] -= 1
        else:
            found.append(line)
    return found


def _notebook_line(line: str) -> str:
    """A source line as it stands in an .ipynb file: a JSON string of a list."""
    return json.dumps(line + "\n", ensure_ascii=False)


def _cwd(body: dict[str, Any]) -> str | None:
    return local_path(_text(body.get("cwd"))) or None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
