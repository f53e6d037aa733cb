"""What a patch adds and removes, from the forms that tools write: unified hunks, and the `apply_patch` envelope.

Pure. Nothing here raises on odd text: a line that fits no form is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from storage.linking.findings import Deed, Edit

_ENVELOPE = re.compile(r"^\*\*\* (Add File|Update File|Delete File|Move to): (.+?)\s*$")
BEGIN, END = "*** Begin Patch", "*** End Patch"


def hunk_lines(diff: str) -> tuple[list[str], list[str]]:
    """Added and removed lines of unified hunks, with or without file headers."""
    added: list[str] = []
    removed: list[str] = []
    inside = not diff.startswith(("---", "diff "))
    for line in diff.split("\n"):
        if line.startswith("@@"):
            inside = True
        elif line.startswith("diff --git "):
            inside = False
        elif not inside:
            continue
        elif line.startswith("+"):
            added.append(line[1:])
        elif line.startswith("-"):
            removed.append(line[1:])
    return added, removed


def envelopes(text: str) -> Iterator[Edit]:
    """The changes of every `*** Begin Patch` … `*** End Patch` in a text, e.g. in a shell command's here-document.
    Paths are as the patch names them."""
    change: Edit | None = None
    inside = False
    for line in text.split("\n"):
        mark = line.strip()
        if mark in (BEGIN, END):
            if change is not None:
                yield change
            change, inside = None, mark == BEGIN
            continue
        if not inside:
            inside = mark.endswith(BEGIN)  # the first line of a here-document may follow a quote
            continue
        head = _ENVELOPE.match(line)
        if head is None:
            if change is not None and line.startswith("+"):
                change.added.append(line[1:])
            elif change is not None and line.startswith("-"):
                change.removed.append(line[1:])
        elif head[1] == "Move to":
            if change is not None:
                change.old_path, change.path = change.path, head[2]
        else:
            if change is not None:
                yield change
            deeds: dict[str, Deed] = {"Add File": "add", "Update File": "update", "Delete File": "delete"}
            change = Edit(head[2], deeds[head[1]])
    if change is not None:
        yield change


def whole(content: str) -> list[str]:
    """The lines of a whole file."""
    return content.split("\n")
