"""Running the real `claude`, and the truth about a run as the program itself printed it.

    claude = find_claude(Path(".tools/node_modules"))
    run = ClaudeRun(claude, "SCN:tools", cwd, env, folder)     # -p, stream-json
    truth_of(run.finish()).items                               # what must be found in the store

The truth is read from its stream on standard output, which nothing of ours touches, never from what was captured.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaos.claude_replies import MODEL
from chaos.program_run import ProgramRun
from hybrid_capture.codex_binary import npm_platform

Json = dict[str, Any]
PACKAGE = "@anthropic-ai/claude-code"


class ClaudeNotFound(Exception):
    """There is no native claude binary; the message says what to do about it."""


def find_claude(modules: Path) -> Path:
    """The native binary in a `node_modules` folder. Errors: ClaudeNotFound.

    The npm package's own `bin/claude.exe` is a stub until its install script ran, which npm does not run unasked.
    """
    binary = modules / f"{PACKAGE}-{npm_platform()}" / ("claude.exe" if os.name == "nt" else "claude")
    if not binary.is_file():
        raise ClaudeNotFound(f"{binary} is not there: install the npm package {PACKAGE} with its optional parts")
    return binary.absolute()


class ClaudeRun(ProgramRun):
    """One `claude -p` under way."""

    def __init__(self, claude: Path, prompt: str, cwd: Path, env: Mapping[str, str], folder: Path, *more: str) -> None:
        words: list[str | Path] = [
            claude,
            "-p",
            prompt,
            "--output-format",
            "stream-json",
            "--verbose",
            "--model",
            MODEL,
        ]
        super().__init__([*words, "--dangerously-skip-permissions", *more], cwd, env, folder)


@dataclass
class Truth:
    """What a program printed about its session."""

    session_id: str = ""
    messages: list[str] = field(default_factory=list)
    """uuids of assistant lines that hold a text or a thought."""
    calls: dict[str, str] = field(default_factory=dict)
    """Tool calls by id: `completed`, `failed`, or `inProgress` when no result was printed."""
    answers: set[str] = field(default_factory=set)
    """Ids of the API's messages that were printed, those that claude wrote itself about an error left out."""
    failed: bool = False

    @property
    def items(self) -> set[str]:
        """Ids of everything that must be stored."""
        return {*self.messages, *self.calls}


def truth_of(lines: Sequence[Json]) -> Truth:
    """The truth in the lines of one run (or of several of the same session, one after the other)."""
    truth = Truth()
    for line in lines:
        truth.session_id = line.get("session_id") or truth.session_id
        if line["type"] == "result":
            truth.failed = bool(line.get("is_error"))
        if line["type"] not in ("assistant", "user"):
            continue
        message = line["message"]
        if line["type"] == "assistant" and message.get("model") != "<synthetic>":
            truth.answers.add(message["id"])
        for block in message["content"] if isinstance(message["content"], list) else []:
            match line["type"], block["type"]:
                case "assistant", "text" | "thinking":
                    truth.messages.append(line["uuid"])
                case "assistant", "tool_use":
                    truth.calls.setdefault(block["id"], "inProgress")
                case "user", "tool_result":
                    truth.calls[block["tool_use_id"]] = "failed" if block.get("is_error") else "completed"
    return truth
