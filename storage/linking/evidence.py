"""What one stored item says about files and commits: the edits it made, the commits whose making it shows.

Pure, and cheap for the items that say nothing: `EVIDENT` is asked first. Works on redacted bodies, so nothing it gives
needs redaction of its own. Shapes: Codex `fileChange` and `commandExecution` as the app-server and as rollout files
write them, Claude Code's tool calls as `toolCall` items.
"""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from storage.linking.patches import Change, Deed, envelopes, hunk_lines, whole

EVIDENT = frozenset({"fileChange", "commandExecution", "toolCall"})
FOUND_MAX = 500
"""Edits and commits taken from one item; what is beyond is no evidence."""
PATH_CHARS_MAX = 4_096
COMMAND_CHARS_MAX = 32 * 1024
"""Of a longer command only its two ends are searched for git."""
OUTPUT_CHARS_MAX = 64 * 1024
"""Of a command's output only its end is searched for git's report of a commit: that stands at the end."""

_MADE = re.compile(
    r"^\[(?P<branch>[^\]\n]{1,200}?)(?: \([^)\n]{1,60}\))? (?P<abbrev>[0-9a-f]{7,64})\] ?(?P<subject>.*)$", re.MULTILINE
)
"""What git prints when it made a commit: `[main 1a2b3c4] Subject`, `[main (root-commit) …]`, `[detached HEAD …]`."""
# Every pattern here is bounded: commands come from a model, may be megabytes, and are read inside a transaction.
_COMMITS = re.compile(r"\bgit\b[^|;&\n]{0,400}?\s(commit|cherry-pick|revert|merge|am|rebase)\b")
_COMMIT = re.compile(r"\bgit\b[^|;&\n]{0,400}?\scommit\b")
_MESSAGE = re.compile(
    r"""(?:^|\s)(?:-[a-zA-Z]{0,8}m|--message)[ =]?("(?:[^"\\]|\\.){0,2000}"|'[^']{0,2000}'|\S{1,2000})"""
)
_HEREDOC = re.compile(r"<<-?[ \t]{0,8}(['\"]?)([A-Za-z_][A-Za-z0-9_]{0,60})\1")
_TARGET = re.compile(r"(>>?)[ \t]{0,8}('[^']{1,400}'|\"[^\"]{1,400}\"|[^\s<>|;&]{1,400})")
_TEE = re.compile(r"\btee\b[ \t]{1,8}(-a[ \t]{1,8})?('[^']{1,400}'|\"[^\"]{1,400}\"|[^\s<>|;&]{1,400})")
_GIT_IN = re.compile(r"\bgit[ \t]{1,8}-C[ \t]{1,8}('[^']{1,400}'|\"[^\"]{1,400}\"|[^\s;&]{1,400})")
_CD = re.compile(r"(?:^|[;&\n])[ \t]{0,40}cd[ \t]{1,8}('[^']{1,400}'|\"[^\"]{1,400}\"|[^\s;&]{1,400})")
_SHELL = re.compile(r"\S{0,200}sh(\.exe)? -\w{0,8}c ")
_IN_PLACE = re.compile(r"\b(?:sed\s+(?:-[a-zA-Z]*i\S*|--in-place\S*)|perl\s+-[a-zA-Z]*i\S*)\s")
_MOVES = re.compile(r"\b(?:mv|rm)\b")
_SIMPLE_CHARS_MAX = 4_096
"""A longer command is no simple one: it is not taken apart word by word."""
_UNMADE = frozenset({"declined", "inProgress", "interrupted", "cancelled"})
"""A change in this state was not made. A command that failed may have made a commit before it did."""


@dataclass(slots=True)
class Edit:
    """A change of one file, as the session made it."""

    path: str
    """Absolute wherever the item says enough for that."""
    deed: Deed
    old_path: str | None = None
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


@dataclass(slots=True)
class CommitSeen:
    """A commit that the session made, as far as the command and its output tell."""

    cwd: str | None
    abbrev: str | None
    """Git's short name of the commit, from the output; None when it printed none."""
    subject: str | None
    branch: str | None
    commanded: bool
    """The command itself names a verb of git that commits."""


Found = Edit | CommitSeen


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
        yield from _commits(command_line(body.get("command")), _text(output), _cwd(body), proved=False)
        return
    yield from shell_evidence(command_line(body.get("command")), _text(output), _cwd(body))


def command_line(command: Any) -> str:
    """The script of a command: what stands behind `bash -lc`, unquoted."""
    if isinstance(command, list):
        texts = [_text(word) for word in command]
        return texts[2] if len(texts) == 3 and re.fullmatch(r"-\w*c", texts[1]) else " ".join(texts)
    text = _text(command)
    shell = _SHELL.match(text)
    if shell is None:
        return text
    script = text[shell.end() :]
    if script[:1] == "'" == script[-1:] and len(script) > 1:
        return script[1:-1].replace("'\\''", "'").replace("'\"'\"'", "'")
    try:
        words = shlex.split(script) if len(script) <= _SIMPLE_CHARS_MAX else []
    except ValueError:
        words = []
    return words[0] if len(words) == 1 else text


# Claude Code.


def _tool_call(body: dict[str, Any], lines: bool) -> Iterator[Found]:
    """`tool`, `arguments`, `cwd`; `result` is what the model saw of it, `toolUseResult` the tool's own account."""
    name, given, told = _text(body.get("tool")), _object(body.get("arguments")), _object(body.get("toolUseResult"))
    path = _text(told.get("filePath")) or _text(given.get("file_path")) or _text(given.get("notebook_path"))
    if name == "Bash":
        output = "\n".join(_text(each) for each in (body.get("result"), told.get("stdout"), told.get("stderr")))
        if body["status"] == "failed":
            yield from _commits(_text(given.get("command")), output, _cwd(body), proved=False)
        else:
            yield from shell_evidence(_text(given.get("command")), output, _cwd(body))
    elif body["status"] == "failed":
        return
    elif name in ("Edit", "MultiEdit", "Write", "NotebookEdit") and path:
        yield Edit(path, "update") if not lines and name != "Write" else _edit(name, path, given, told)
    elif name == "apply_patch":
        yield from map(_from_patch, envelopes(_text(given.get("input")) or _text(given.get("patch"))))


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


# Shell commands of both.


def shell_evidence(command: str, output: str, cwd: str | None) -> Iterator[Found]:
    """Files written by here-documents, `apply_patch` and in-place editors, files removed or moved, commits made."""
    if "*** Begin Patch" in command:
        for change in envelopes(command):
            yield _in(cwd, _from_patch(change))
    elif "<<" in command:
        for edit in _written(command):
            yield _in(cwd, edit)
    for edit in _deeds(command):
        yield _in(cwd, edit)
    yield from _commits(command, output, cwd, proved=True)


def _commits(command: str, output: str, cwd: str | None, *, proved: bool) -> Iterator[CommitSeen]:
    if "git" not in command and "[" not in output:
        return
    if len(command) > COMMAND_CHARS_MAX:  # what is long is a here-document; git stands before it or behind
        command = f"{command[: COMMAND_CHARS_MAX // 2]}\n{command[-COMMAND_CHARS_MAX // 2 :]}"
    commanded = _COMMITS.search(command) is not None
    folder = _git_folder(command, cwd)
    made = list(_MADE.finditer(output[-OUTPUT_CHARS_MAX:])) if "] " in output else []
    for one in made:
        yield CommitSeen(folder, one["abbrev"], one["subject"].strip() or None, one["branch"], commanded)
    if not made and proved and _COMMIT.search(command):
        message = _MESSAGE.search(command)
        if message is not None:
            yield CommitSeen(folder, None, message[1].strip("\"'").split("\n")[0].strip() or None, None, True)


def _git_folder(command: str, cwd: str | None) -> str | None:
    """Where git worked: `git -C DIR`, or the last `cd DIR` before it."""
    named = _GIT_IN.search(command) or _CD.search(command)
    return joined(cwd, named[1].strip("'\"")) if named else cwd


def _written(command: str) -> Iterator[Edit]:
    """`cat > FILE <<'EOF'`, `tee FILE <<EOF`: the body is the file's content, or joins its end."""
    lines = command.split("\n")
    at = 0
    while at < len(lines):
        line, mark = lines[at], _HEREDOC.search(lines[at])
        at += 1
        if mark is None:
            continue
        body = []
        while at < len(lines) and lines[at].strip() != mark[2]:
            body.append(lines[at])
            at += 1
        at += 1
        edit = _into(line[:_SIMPLE_CHARS_MAX], body)
        if edit is not None:
            yield edit


def _into(line: str, body: list[str]) -> Edit | None:
    """Where the text of a here-document goes, when the line says it plainly."""
    tee = _TEE.search(line)
    target = tee or (_TARGET.search(line) if re.search(r"\bcat\b", line) else None)
    if target is None:
        return None
    joins, path = bool(tee[1]) if tee else target[1] == ">>", target[2].strip("'\"")
    if "$" in path or path.startswith(("/dev/", "&")):
        return None
    return Edit(path, "update" if joins else "add", added=body)


def _deeds(command: str) -> Iterator[Edit]:
    """`git mv`, `git rm`, `mv`, `rm` and in-place editors, from commands that are simple enough to be sure of."""
    if len(command) > _SIMPLE_CHARS_MAX or not re.search(r"\b(mv|rm|sed|perl)\b", command):
        return
    for part in re.split(r"&&|;|\n", command.split("<<")[0]):
        if not _MOVES.search(part) and not _IN_PLACE.search(part):
            continue  # most are `sed -n 1,80p FILE`, and taking one apart word by word costs as much as redacting it
        try:
            words = shlex.split(part)
        except ValueError:
            continue
        if words[:1] == ["git"]:
            words = words[1:]
        plain = [word for word in words[1:] if not word.startswith("-")]
        if any(mark in word for word in words for mark in "|<>$*?"):
            continue
        if words[:1] == ["mv"] and len(plain) == 2:
            yield Edit(plain[1], "update", plain[0])
        elif words[:1] == ["rm"] and not any("r" in word.lower() for word in words[1:] if word.startswith("-")):
            yield from (Edit(path, "delete") for path in plain)
        elif _IN_PLACE.search(part) and plain:
            yield from (Edit(path, "touch") for path in plain[1:])  # the first is the script


def _from_patch(change: Change) -> Edit:
    return Edit(change.path, change.deed, change.old_path, change.added, change.removed)


def _in(cwd: str | None, edit: Edit) -> Edit:
    edit.path = joined(cwd, edit.path)
    if edit.old_path is not None:
        edit.old_path = joined(cwd, edit.old_path)
    return edit


def joined(cwd: str | None, path: str) -> str:
    """`path` from where it was said; as it is when nobody knows where that was."""
    if not cwd or path.startswith(("/", "~")) or re.match(r"[A-Za-z]:[\\/]", path):
        return path
    return f"{cwd.rstrip('/')}/{path}"


def local_path(path: str) -> str:
    """The path of a `file:` URL, which rollout files write; any other path as it is."""
    return unquote(urlsplit(path).path) if path.startswith("file://") else path


def _cwd(body: dict[str, Any]) -> str | None:
    return local_path(_text(body.get("cwd"))) or None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
