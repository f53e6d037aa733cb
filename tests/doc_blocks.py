"""The commands of the documentation, found and run: every ```sh block of a page, in order, in a home of its own.

What stands behind ```sh says how a block is run:

    sh                      to its end, which must be 0
    sh exit=3               to its end, which must be that
    sh background           `hybrid-capture run`: started once for all pages, and left running
    sh needs=curl           only where this program is
    sh not-run: REASON      not here; the reason says why, or which test does it
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from chaos.scripted import write_executable
from chaos.scripts import ProcessScript
from tests.unhurried import as_environment

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.M | re.S)
PATIENCE_S = 60.0
LANGUAGES = {"sh", "text", "python", "js", "json", "toml", "sql", "mermaid"}


@dataclass(frozen=True)
class Block:
    """One fenced block of commands."""

    page: str
    line: int
    text: str
    how: str

    @property
    def reason(self) -> str:
        """Why it is not run here; empty when it is."""
        if self.how.startswith("needs="):
            program = self.how.removeprefix("needs=")
            return "" if shutil.which(program) else f"{program} is not here"
        return self.how.removeprefix("not-run:").strip() if self.how.startswith("not-run") else ""

    @property
    def exit_code(self) -> int:
        return int(self.how.removeprefix("exit=")) if self.how.startswith("exit=") else 0

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    """Every block of commands. Errors: AssertionError for a fence that does not say what it holds."""
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        language, _, how = found.group(1).strip().partition(" ")
        assert language in LANGUAGES, f"{page.name}:{line}: say what the block holds: {sorted(LANGUAGES)}"
        if language == "sh":
            known = how in ("", "background") or re.fullmatch(r"exit=\d+|needs=\w+|not-run: .{10,}", how)
            assert known, f"{page.name}:{line}: `{how}` is no way to run a block: see tests/doc_blocks.py"
            yield Block(page.relative_to(ROOT).as_posix(), line, found.group(2), how)


class House:
    """A home in which the documentation's commands run: a project under git, a codex on PATH, sessions on disk."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.bin = folder / "bin"
        for each in (self.bin, self.home / "project", self.home / ".codex", self.home / ".claude" / "projects" / "p"):
            each.mkdir(parents=True)
        write_executable(self.bin / "codex", script=ProcessScript(auth="chatgpt"))
        hybrid = self.bin / "hybrid-capture"
        hybrid.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m hybrid_capture "$@"\n')
        hybrid.chmod(0o755)
        (self.bin / "python").symlink_to(sys.executable)
        kept = {name: os.environ[name] for name in ("LANG", "TMPDIR") if name in os.environ}
        self.env = {
            **kept, "HOME": str(self.home), "CODEX_HOME": str(self.home / ".codex"),
            "PATH": f"{self.bin}:/usr/bin:/bin", "PYTHONPATH": str(ROOT),
            "HYBRID_CAPTURE_OTLP_PORT": "0", "COLUMNS": "200", "GIT_CONFIG_GLOBAL": "/dev/null",
            **as_environment(),
        }  # fmt: skip
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        subprocess.run(["git", "init", "-q", str(self.home / "project")], check=True, env=self.env)
        example = ROOT / "tests" / "fixtures"
        for kind, place in (("rollouts", ".codex/sessions"), ("transcripts", ".claude/projects/p")):
            for file in [example / kind / {"rollouts": "main.jsonl", "transcripts": "tools.jsonl"}[kind]]:
                target = self.home / place
                target.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, target)

    def play(self, page: list[Block]) -> None:
        """Run a page's blocks. Errors: AssertionError, with the block's place and all that it said."""
        script, waiting = ["set -eu", "cd ~/project"], False
        for each in page:
            if each.reason:
                continue
            if each.how == "background":
                self._start(each)
                continue
            waiting = True
            marked = f"echo '### {each}' >&2"
            if each.exit_code:
                script += [marked, "code=0", f"(\n{each.text}) || code=$?", f"test $code = {each.exit_code}"]
            else:
                script += [marked, each.text]
        if not waiting:
            return
        done = subprocess.run(
            ["bash"], input="\n".join(script), capture_output=True, text=True, env=self._env(), timeout=3 * PATIENCE_S
        )
        reached = [line for line in done.stderr.splitlines() if line.startswith("### ")][-1:]
        assert done.returncode == 0, f"{reached}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"

    def _env(self) -> dict[str, str]:
        """With the ids that pages speak of: SESSION and TURN are the newest of the store, if it has any."""
        end = time.monotonic() + PATIENCE_S
        while not (listed := self._say("sessions", "list", "--limit", "1")["sessions"]):
            # A runtime that has just begun is about to store what lies on disk.
            if not self._running or time.monotonic() > end:
                return self.env
        session = listed[0]["session_id"]
        shown = self._say("sessions", "show", session)
        return {**self.env, "SESSION": session, "TURN": shown["turns"][-1]["turn_id"]}

    def _say(self, *words: str) -> Any:
        done = subprocess.run([self.bin / "hybrid-capture", *words, "--json"], capture_output=True, env=self.env)
        return json.loads(done.stdout) if done.returncode == 0 else {"sessions": []}

    def _start(self, block: Block) -> None:
        command = " ".join(block.text.split("#")[0].split())
        if command in self._running:
            return
        log = self.home.parent / f"background-{len(self._running)}.log"
        with log.open("wb") as out:
            self._running[command] = subprocess.Popen(
                ["bash", "-c", f"cd ~/project; exec {command} --json"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=self.env, start_new_session=True,
            )  # fmt: skip
        end = time.monotonic() + PATIENCE_S
        while '"mode":"HYBRID_ACTIVE"' not in log.read_text():
            ended = self._running[command].poll() is not None
            if ended or time.monotonic() > end:
                raise AssertionError(f"{block}: never came up: {log.read_text()}")
            time.sleep(0.02)

    def close(self) -> None:
        """End what was left running, by its id, and all below it."""
        for process in self._running.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(PATIENCE_S)
                except subprocess.TimeoutExpired:
                    for each in psutil.Process(process.pid).children(recursive=True):
                        each.kill()
                    process.kill()
