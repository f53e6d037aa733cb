"""What a shell command and its output show of files and commits, whichever tool ran it. Pure.

Every pattern here is bounded: commands come from a model, may be megabytes, and are read inside a transaction.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

from storage.linking.findings import CommitSeen, Edit, Found, joined
from storage.linking.patches import envelopes

COMMAND_CHARS_MAX = 32 * 1024
"""Of a longer command only its two ends are searched for git."""
OUTPUT_CHARS_MAX = 64 * 1024
"""Of a command's output only its end is searched for git's report of a commit: that stands at the end."""

_MADE = re.compile(
    r"^\[(?P<branch>[^\]\n]{1,200}?)(?: \([^)\n]{1,60}\))? (?P<abbrev>[0-9a-f]{7,64})\] ?(?P<subject>.*)$", re.MULTILINE
)
"""What git prints when it made a commit: `[main 1a2b3c4] Subject`, `[main (root-commit) …]`, `[detached HEAD …]`."""
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


def command_line(command: Any) -> str:
    """The script of a command: what stands behind `bash -lc`, unquoted."""
    if isinstance(command, list):
        texts = [word if isinstance(word, str) else "" for word in command]
        return texts[2] if len(texts) == 3 and re.fullmatch(r"-\w*c", texts[1]) else " ".join(texts)
    text = command if isinstance(command, str) else ""
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


def shell_evidence(command: str, output: str, cwd: str | None) -> Iterator[Found]:
    """Files written by here-documents, `apply_patch` and in-place editors, files removed or moved, commits made."""
    if "*** Begin Patch" in command:
        for edit in envelopes(command):
            yield _in(cwd, edit)
    elif "<<" in command:
        for edit in _written(command):
            yield _in(cwd, edit)
    for edit in _deeds(command):
        yield _in(cwd, edit)
    yield from commits_made(command, output, cwd, proved=True)


def commits_made(command: str, output: str, cwd: str | None, *, proved: bool) -> Iterator[CommitSeen]:
    """Commits that git reported, or that the command makes. `proved`: it ended well, so a report is not needed.

    Of a long command only its two ends are searched, of an output only its end: COMMAND_CHARS_MAX, OUTPUT_CHARS_MAX.
    """
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


def _in(cwd: str | None, edit: Edit) -> Edit:
    edit.path = joined(cwd, edit.path)
    if edit.old_path is not None:
        edit.old_path = joined(cwd, edit.old_path)
    return edit
