"""Running the real `claude`, and the truth about a run as the program itself printed it.

    claude = find_claude(Path(".tools/node_modules"))
    run = ClaudeRun(claude, "SCN:tools", cwd, env, folder)     # -p, stream-json
    truth_of(run.finish()).items                               # what must be found in the store

The truth is read from its stream on standard output, which nothing of ours touches, never from what was captured.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from chaos.claude_replies import MODEL
from hybrid_capture.codex_binary import npm_platform

Json = dict[str, Any]
PACKAGE = "@anthropic-ai/claude-code"
WAIT_S = 60.0
LOOK_S = 0.02


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


class ClaudeRun:
    """One `claude -p` under way, in a process group of its own; its output goes to files below `folder`."""

    def __init__(self, claude: Path, prompt: str, cwd: Path, env: Mapping[str, str], folder: Path, *more: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        number = sum(1 for _ in folder.glob("*.stdout"))
        self._out = folder / f"{number}.stdout"
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
        with self._out.open("wb") as out, (folder / f"{number}.stderr").open("wb") as err:
            self.process = subprocess.Popen(
                [*words, "--dangerously-skip-permissions", *more],
                stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=cwd, env=dict(env), start_new_session=True,
            )  # fmt: skip

    @property
    def lines(self) -> list[Json]:
        """What it has printed so far, line by line; a line that is still being written is left out."""
        return [orjson.loads(line) for line in self._out.read_bytes().split(b"\n")[:-1]]

    def finish(self) -> list[Json]:
        """Wait for its end and give its lines. Errors: subprocess.TimeoutExpired, after it was killed."""
        try:
            self.process.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        return self.lines

    def until(self, wanted: Callable[[list[Json]], bool], what: str) -> None:
        """Wait until its lines fit. Errors: AssertionError when it ends or takes longer than WAIT_S."""
        end = time.monotonic() + WAIT_S
        while not wanted(self.lines):
            if time.monotonic() > end or self.process.poll() is not None:
                raise AssertionError(f"claude never said {what}: {self.lines[-3:]}")
            time.sleep(LOOK_S)

    def kill(self) -> None:
        """SIGKILL to it and to the commands that it runs."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(WAIT_S)


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
