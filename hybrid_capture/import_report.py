"""What an import came to, counted while it runs and told at its end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from actors.folders import as_text
from hybrid_capture.console import Screen

PROBLEMS_MAX = 1_000
"""Problems that are told one by one; further ones are counted."""


@dataclass(slots=True)
class Report:
    """What an import came to."""

    files: int = 0
    unchanged: int = 0
    """Files that were stored to their end before."""
    sessions: set[str] = field(default_factory=set)
    items: int = 0
    bytes_count: int = 0
    dispositions: Counter[str] = field(default_factory=Counter)
    problems: list[dict[str, str]] = field(default_factory=list)
    problems_count: int = 0
    torn: int = 0
    """Files whose last line is not whole."""
    linked: bool = False
    seconds: float = 0.0

    def problem(self, path: str, text: str) -> None:
        """A path that was left out, and why."""
        self.problems_count += 1
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append({"path": as_text(path), "problem": text})

    def as_dict(self, interrupted: bool) -> dict[str, Any]:
        """For JSON."""
        return {
            "event": "summary",
            "files": self.files,
            "unchanged": self.unchanged,
            "sessions": len(self.sessions),
            "items": self.items,
            "lines": dict(sorted(self.dispositions.items())),
            "duplicates": self.dispositions["duplicate"],
            "dropped": {name[8:]: n for name, n in self.dispositions.items() if name.startswith("dropped:")},
            "torn": self.torn,
            "bytes": self.bytes_count,
            "seconds": round(self.seconds, 3),
            "mb_per_s": round(self.bytes_count / 1e6 / self.seconds, 1) if self.seconds else None,
            "problems": self.problems,
            "problems_count": self.problems_count,
            "linked": self.linked,
            "interrupted": interrupted,
        }

    def tell(self, screen: Screen, interrupted: bool) -> None:
        """To a person, or to a program."""
        facts = self.as_dict(interrupted)
        screen.record(facts)
        for each in self.problems:
            screen.note(f"{each['path']}: {each['problem']}")
        if self.problems_count > len(self.problems):
            screen.note(f"and {self.problems_count - len(self.problems)} more")
        screen.say("stopped; run it again and it goes on from here" if interrupted else "imported", "bold")
        speed = f", {facts['mb_per_s']} MB/s" if facts["mb_per_s"] else ""
        screen.say(f"  {self.files} files, {self.bytes_count / 1e6:.1f} MB in {self.seconds:.1f} s{speed}")
        before = f"{self.unchanged} files were stored before"
        screen.say(f"  {len(self.sessions)} sessions, {self.items} new items, {before}")
        lines = ", ".join(f"{count} {name}" for name, count in facts["lines"].items())
        if lines:
            screen.say(f"  lines: {lines}")
        if self.torn:
            screen.say(f"  {self.torn} files end inside a line: it is stored when it is whole", "yellow")
        if self.problems_count:
            screen.say(f"  {self.problems_count} paths could not be imported", "yellow")
