"""Replaced spans of a text, and the way back.

The way back holds only what was replaced, never the whole file: a configuration may hold secrets that are none of ours.
Where the replaced part may hold one itself, it is not copied anywhere either: it stays in the very file, in a form that
the tool passes over, and the way back says only how it stands there (`kept`).
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

KEPT = "\x00kept\x00"
"""In `before`: what the new text keeps of the old one comes here. No text file may hold NUL characters."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A span of the old text and what stands there afterwards."""

    start: int
    end: int
    text: str
    before: str | None = None
    """How the old text is built again from what `text` keeps of it (see KEPT); None: it is simply remembered."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """The way back of one edit: a span of the new text, and what stood there before."""

    at: int
    length: int
    before: str


def apply(old: str, edits: Sequence[Edit]) -> tuple[str, tuple[Hunk, ...]]:
    """The new text, and the way back. Edits are in order and do not overlap; several may insert at one place."""
    parts: list[str] = []
    hunks: list[Hunk] = []
    done = length = 0
    for edit in edits:
        assert done <= edit.start <= edit.end, "edits overlap or are out of order"
        parts += [old[done : edit.start], edit.text]
        length += edit.start - done
        hunks.append(Hunk(length, len(edit.text), old[edit.start : edit.end] if edit.before is None else edit.before))
        length += len(edit.text)
        done = edit.end
    return "".join([*parts, old[done:]]), tuple(hunks)


def take_back(new: str, hunks: Sequence[Hunk], kept_in: Callable[[str], str]) -> str:
    """The old text, when `new` is what `apply` gave; `kept_in` finds in a span what it keeps of the old text."""
    parts: list[str] = []
    done = 0
    for hunk in hunks:
        now = new[hunk.at : hunk.at + hunk.length]
        before = hunk.before.replace(KEPT, kept_in(now)) if KEPT in hunk.before else hunk.before
        parts += [new[done : hunk.at], before]
        done = hunk.at + hunk.length
    return "".join([*parts, new[done:]])


def line_edits(old: str, new: str) -> list[Edit]:
    """The edits that lead from one text to the other, in whole lines."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    starts = [0]
    for line in before:
        starts.append(starts[-1] + len(line))
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    return [
        Edit(starts[i1], starts[i2], "".join(after[j1:j2]))
        for tag, i1, i2, j1, j2 in matcher.get_opcodes()
        if tag != "equal"
    ]


def shown(old: str, new: str, name: str) -> list[str]:
    """The change as lines of a diff, without any line that stays."""
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), name, name, n=0, lineterm="")
    return [line for line in lines if not line.startswith("@@")]
