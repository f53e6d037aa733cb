"""A session that edits files, told as the items that Codex and Claude Code write, with what it truly made beside it."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from chaos.made_repository import Told
from messages.baseline import Tool
from messages.records import FinalItem

SHAPES = ("codex", "codex_relative", "codex_shell", "claude", "claude_plain")
"""Ways to write an edit down; the first word is the tool."""


@dataclass(eq=False, slots=True)
class ToldSession:
    """One session of a labelled corpus. Commits get their names later, so what mentions one is written last."""

    session_id: str
    hazard: str
    shape: str
    cwd: str
    branch: str
    began_s: int
    rng: Random
    truth: set[Told] = field(default_factory=set)
    """Commits that hold its work, once all is done."""
    also: set[Told] = field(default_factory=set)
    """Commits that may be linked or not: both are right."""
    before: set[Told] = field(default_factory=set)
    """Commits that held its work before history was rewritten."""
    edits: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)
    made: list[tuple[int, Told, bool]] = field(default_factory=list)

    @property
    def tool(self) -> Tool:
        return "claude" if self.shape.startswith("claude") else "codex"

    def edit(self, at_s: int, path: str, old: list[str] | None, new: list[str] | None) -> None:
        """Change a file from `old` to `new`; None is a file that is not there."""
        whole = f"{self.cwd}/{path}"
        if self.shape == "codex_shell" and new is not None and old is None:
            text = "\n".join(new)
            command = f"cat > '{path}' <<'END_OF_FILE'\n{text}\nEND_OF_FILE"
            self.edits.append((at_s, "commandExecution", {"command": command, "cwd": self.cwd, "exitCode": 0}))
        elif self.shape == "codex_shell":
            self.edits.append((at_s, "commandExecution", self._apply_patch(path, old or [], new)))
        elif self.tool == "codex":
            self.edits.append((at_s, "fileChange", self._file_change(path, whole, old, new)))
        elif new is None:
            body = {"tool": "Bash", "arguments": {"command": f"rm '{path}'"}, "cwd": self.cwd, "result": ""}
            self.edits.append((at_s, "toolCall", body))
        elif old is None:
            given = {"file_path": whole, "content": "\n".join(new) + "\n"}
            body = {"tool": "Write", "arguments": given, "cwd": self.cwd, "result": "File created"}
            self.edits.append((at_s, "toolCall", body))
        else:
            self._claude_edits(at_s, whole, old, new)

    def commit(self, at_s: int, told: Told, quiet: bool = False) -> None:
        """The session makes the commit itself."""
        self.made.append((at_s, told, quiet))

    def items(self) -> list[FinalItem]:
        """Everything as the store takes it, in order. Only when commits have names."""
        told = list(self.edits)
        for at_s, commit, quiet in self.made:
            output = "" if quiet else f"[{self.branch} {commit.sha[:7]}] {commit.subject}\n 1 file changed\n"
            command = f'git commit {"-q " if quiet else ""}-am "{commit.subject}"'
            if self.tool == "codex":
                body: dict[str, Any] = {"command": f"/bin/bash -lc {json.dumps(command)}", "cwd": self.cwd,
                                        "aggregatedOutput": output, "exitCode": 0}  # fmt: skip
                told.append((at_s, "commandExecution", body))
            else:
                body = {"tool": "Bash", "arguments": {"command": command}, "cwd": self.cwd, "result": output}
                told.append((at_s, "toolCall", body))
        return [
            FinalItem(
                session_id=self.session_id,
                turn_id="turn",
                item_id=f"item-{number}",
                kind=kind,
                status="completed",
                started_at_ms=at_s * 1000,
                completed_at_ms=at_s * 1000,
                body=json.dumps({"type": kind, "id": f"item-{number}", **body}),
            )
            for number, (at_s, kind, body) in enumerate(sorted(told, key=lambda each: each[0]))
        ]

    def _file_change(self, path: str, whole: str, old: list[str] | None, new: list[str] | None) -> dict[str, Any]:
        named = path if self.shape == "codex_relative" else whole
        if old is None or new is None:
            kind, lines = ("add", new or []) if old is None else ("delete", old)
            change = {"path": named, "kind": {"type": kind}, "diff": "\n".join(lines) + "\n"}
        else:
            diff = "\n".join(list(difflib.unified_diff(old, new, n=3, lineterm=""))[2:]) + "\n"
            change = {"path": named, "kind": {"type": "update", "move_path": None}, "diff": diff}
        return {"changes": [change], "status": "completed"}

    def _apply_patch(self, path: str, old: list[str], new: list[str] | None) -> dict[str, Any]:
        if new is None:
            lines = [f"*** Delete File: {path}"]
        else:
            hunks = list(difflib.unified_diff(old, new, n=2, lineterm=""))[2:]
            lines = [f"*** Update File: {path}", *("@@" if line.startswith("@@") else line for line in hunks)]
        patch = "\n".join(["*** Begin Patch", *lines, "*** End Patch"])
        return {"command": f"apply_patch <<'PATCH'\n{patch}\nPATCH", "cwd": self.cwd, "exitCode": 0}

    def _claude_edits(self, at_s: int, whole: str, old: list[str], new: list[str]) -> None:
        """One call for each place that differs, with a line around it as a model gives."""
        for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag == "equal":
                continue
            before, after = old[max(a - 1, 0) : a], old[b : b + 1]
            given = {
                "file_path": whole,
                "old_string": "\n".join([*before, *old[a:b], *after]),
                "new_string": "\n".join([*before, *new[c:d], *after]),
            }
            body = {"tool": "Edit", "arguments": given, "cwd": self.cwd, "result": "The file has been updated."}
            if self.shape == "claude":
                lines = [f" {line}" for line in before] + [f"-{line}" for line in old[a:b]]
                lines += [f"+{line}" for line in new[c:d]] + [f" {line}" for line in after]
                patch = {"oldStart": a, "oldLines": b - a, "newStart": c, "newLines": d - c, "lines": lines}
                body["toolUseResult"] = {"filePath": whole, "structuredPatch": [patch], "userModified": False}
            self.edits.append((at_s, "toolCall", body))
