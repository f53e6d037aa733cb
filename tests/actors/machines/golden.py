"""Tables printed for people: every phase x every word. UPDATE_GOLDEN=1 rewrites the pictures; review their diff."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "golden"


def printed(title: str, phases: Iterable[str], words: Iterable[type], table: Mapping[tuple[str, type], Any]) -> str:
    """The whole table as Markdown: a section for each phase, a line for each word."""
    lines = [f"# {title}", ""]
    for phase in phases:
        lines += [f"## {phase}", "", "| heard | next phase | action |", "|---|---|---|"]
        for word in sorted(words, key=lambda each: each.__name__):
            row = table.get((phase, word))
            after, action = ("refused", "") if row is None else (row[0], row[1].__name__)
            lines.append(f"| {word.__name__} | {after} | {action} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def check(name: str, text: str) -> None:
    """Compare with the picture, or rewrite it."""
    path = FOLDER / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    known = path.read_text(encoding="utf-8") if path.exists() else ""
    assert text == known, (
        f"{path} shows another table: run UPDATE_GOLDEN=1 pytest tests/actors/machines and review its diff"
    )
