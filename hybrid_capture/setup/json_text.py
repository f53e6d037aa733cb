"""JSON as it stands in a file: where its members are, and edits that leave everything else as it was written.

The standard library's scanner does the reading; what it does not tell is where things stand.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from hybrid_capture.setup.edits import Edit

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class Part:
    """A member of an object, or an element of an array (whose key is empty)."""

    key: str
    start: int
    """Where the member begins, with its key."""
    value_at: int
    end: int
    value: Any


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is laid out."""

    indent: str
    """Of one level; empty: everything on one line."""
    end: str
    """Of a line."""

    def between(self, depth: int) -> str:
        """What stands before something at this depth."""
        return self.end + self.indent * depth if self.indent else ""


def layout_of(text: str) -> Layout:
    """The layout of an object's text; two spaces where there is none to follow."""
    first = re.match(r"\s*\{[ \t]*(\r?\n)([ \t]+)\S", text)
    if first:
        return Layout(first[2], first[1])
    return Layout("" if re.match(r"\s*\{[^\n]*\S[^\n]*\}\s*$", text) and len(text.strip()) > 2 else "  ", "\n")


def parts(text: str, at: int) -> list[Part]:
    """The members of the object, or the elements of the array, that begins at `at`. The text is valid JSON."""
    is_object = text[at] == "{"
    assert is_object or text[at] == "[", "no container begins here"
    found: list[Part] = []
    here = _skip(text, at + 1)
    while text[here] not in "}]":
        start, key = here, ""
        if is_object:
            key, here = _DECODER.raw_decode(text, here)
            here = _skip(text, _skip(text, here) + 1)
        value_at = here
        value, here = _DECODER.raw_decode(text, here)
        found.append(Part(key, start, value_at, here, value))
        here = _skip(text, here)
        if text[here] == ",":
            here = _skip(text, here + 1)
    return found


def member(text: str, at: int, key: str) -> Part | None:
    """The member of this key in the object at `at`; the last one counts, as it does for JavaScript."""
    named = [part for part in parts(text, at) if part.key == key]
    return named[-1] if named else None


def added(text: str, at: int, depth: int, new: list[str], layout: Layout) -> list[Edit]:
    """Edits that add these texts at the end of the container at `at`, whose parts stand at `depth`; one edit each."""
    if not new:
        return []
    gap = layout.between(depth)
    there = parts(text, at)
    if there:
        end = there[-1].end
        return [Edit(end, end, f",{gap or ' '}{each}") for each in new]
    closing = _skip(text, at + 1)
    whole = f",{gap or ' '}".join(new)
    return [Edit(at + 1, closing, f"{gap}{whole}{layout.between(depth - 1)}")]


def removed(text: str, at: int, index: int) -> Edit:
    """The edit that takes out part number `index` of the container at `at`, with its comma."""
    there = parts(text, at)
    if len(there) == 1:
        return Edit(at + 1, _skip(text, there[0].end), "")
    if index == 0:
        return Edit(there[0].start, there[1].start, "")
    return Edit(there[index - 1].end, there[index].end, "")


def told(value: Any, layout: Layout, depth: int) -> str:
    """A value as this file would write it at this depth."""
    if not layout.indent:
        return json.dumps(value, ensure_ascii=False)
    text = json.dumps(value, ensure_ascii=False, indent=layout.indent)
    return text.replace("\n", layout.end + layout.indent * depth)


def start_of(text: str) -> int:
    """Where the first value begins."""
    return _skip(text, 0)


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    assert match is not None
    return match.end()
