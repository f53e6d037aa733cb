"""Ingest success of both tools: the real programs work offline, and what they say they did is looked for in the store.

The truth is what each program printed and what it was asked, never a source that capture reads, never our own counters.
Both are set up by `hybrid-capture setup`, as a person would; the samples have one row per session.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from chaos.claude_home import claude_env
from chaos.claude_program import ClaudeRun, truth_of
from chaos.codex_program import CodexRun, exec_truth
from chaos.drilling.stage import Stage
from chaos.ingest_success import success_of
from chaos.loopback_messages import LoopbackMessages
from chaos.loopback_model import LoopbackModel
from chaos.measuring import samples
from chaos.measuring.samples import Window
from hybrid_capture.settings import Settings

Tool = Literal["codex", "claude"]
AT_ONCE = 3
"""Programs that run at the same time."""
STORED_S = 120.0
LOOK_S = 0.1
KILLED = "killed"
"""A scene that ends by SIGKILL in the middle."""
SCENES: dict[Tool, tuple[str, ...]] = {
    "claude": ("tools", "plain", "agent", "thinking", "retry", KILLED, "long:50", "fail:400"),
    "codex": ("shell", "plain", "patch", "reasoning", KILLED, "long:50", "fail:500"),
}
"""What sessions are asked in turn; each one after it completed is asked once more, as `resumed`."""
_ITEMS = """SELECT s.session_id, i.item_id, i.kind FROM items i JOIN turns t ON t.id = i.turn_row
    JOIN sessions s ON s.id = t.session_row WHERE s.tool = '{tool}'"""


class Unprepared(Exception):
    """The programs could not be set up. The text says what `setup` said."""


@dataclass
class Told:
    """What one session came to, by its program."""

    scene: str
    expected: list[str] = field(default_factory=list)
    """Names of what has to be stored: ids of claude's items; kinds of codex's, which prints no ids."""


Sessions = dict[str, Told]


class Day:
    """Both programs, their loopback APIs, and a running runtime that they were set up for."""

    def __init__(self, folder: Path, claude: Path, codex: Path, api: LoopbackMessages, model: LoopbackModel) -> None:
        self.folder = folder
        self._programs = {"claude": claude, "codex": codex}
        self.work = folder / "work"
        self.work.mkdir()
        self.homes = {
            "claude": folder / "home" / ".claude",
            "codex": model.write_codex_home(
                folder / "codex-home", approval_policy="never", sandbox_mode="danger-full-access"
            ),
        }
        self._environments = {
            "claude": claude_env(folder / "home", api.url),
            "codex": model.codex_env(self.homes["codex"]),
        }
        settings = Settings(
            state_dir=folder / "state", codex=codex, codex_home=self.homes["codex"], cwd=self.work, otlp_port=0,
            codex_environment=self._environments["codex"], watch_codex=True, watch_claude=True,
            claude_home=self.homes["claude"],
        )  # fmt: skip
        self.stage = Stage(settings)

    def prepare(self) -> None:
        """Have both tools report to the runtime. Errors: Unprepared."""
        for tool, home in self.homes.items():
            words = [sys.executable, "-m", "hybrid_capture", "setup", tool, "--home", str(home), "--prompts", "on"]
            words += [
                "--state-dir",
                str(self.stage.settings.state_dir),
                "--endpoint",
                self.stage.runtime.addresses["otlp"],
            ]
            done = subprocess.run(words, capture_output=True, text=True, env=_clean(), check=False)
            if done.returncode:
                raise Unprepared(f"`setup {tool}` failed: {done.stderr.strip()[:300]}")

    def work_through(self, tool: Tool, count: int, told: Callable[[str], None]) -> Sessions:
        """So many sessions of a tool, a few at once; each that may be resumed is."""
        scenes = itertools.islice(itertools.cycle(SCENES[tool]), count)
        found: Sessions = {}

        def one(scene: str) -> tuple[str, Told]:
            session = self._claude(scene) if tool == "claude" else self._codex(scene)
            told(f"{tool}: {scene}")
            return session

        with ThreadPoolExecutor(AT_ONCE) as pool:
            found.update(pool.map(one, scenes))
        return found

    def _claude(self, scene: str) -> tuple[str, Told]:
        prompt = (
            "SCN:shell:60" if scene == KILLED else f"SCN:{scene}" + (f" in:{self.work}" if scene == "tools" else "")
        )
        run = self._ask_claude(prompt)
        if scene == KILLED:
            run.until(lambda lines: bool(truth_of(lines).calls), "that it runs a tool")
            time.sleep(1.0)  # what it holds for its exporter and its file is on its way
            run.kill()
        truth = truth_of(run.finish())
        told = Told(scene, [*sorted(truth.items), "userMessage"])
        if not truth.failed:
            again = truth_of(self._ask_claude("SCN:plain and on", "--resume", truth.session_id).finish())
            told.expected += [*sorted(again.items), "userMessage"]
        return truth.session_id, told

    def _ask_claude(self, prompt: str, *more: str) -> ClaudeRun:
        out = Path(tempfile.mkdtemp(dir=self.folder))
        return ClaudeRun(self._programs["claude"], prompt, self.work, self._environments["claude"], out, *more)

    def _codex(self, scene: str) -> tuple[str, Told]:
        run = self._ask_codex("SCN:slow:1000" if scene == KILLED else f"SCN:{scene}", None)
        if scene == KILLED:
            run.until(lambda lines: any(line["type"] == "turn.started" for line in lines), "that its turn began")
            time.sleep(1.0)  # see _claude
            run.kill()
        truth = exec_truth(run.finish())
        told = Told(scene, [*truth.kinds, "userMessage"])
        if not truth.failed:
            told.expected += [
                *exec_truth(self._ask_codex("SCN:plain on", truth.session_id).finish()).kinds,
                "userMessage",
            ]
        return truth.session_id, told

    def _ask_codex(self, prompt: str, session: str | None) -> CodexRun:
        out = Path(tempfile.mkdtemp(dir=self.folder))
        return CodexRun(self._programs["codex"], prompt, self.work, self._environments["codex"], out, session=session)

    def settle(self) -> None:
        """Wait until every file that the programs left is stored to its end, or for STORED_S: then it is a miss."""
        folders = (self.homes["claude"] / "projects", self.homes["codex"] / "sessions")
        sizes = {str(path): path.stat().st_size for folder in folders for path in folder.rglob("*.jsonl")}
        end = time.monotonic() + STORED_S
        while time.monotonic() < end:
            stored = dict(self.stage.rows("SELECT path, offset FROM files"))
            if all(stored.get(path) == size for path, size in sizes.items()):
                return
            time.sleep(LOOK_S)


def judged(tool: Tool, sessions: Sessions, rows: Iterable[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """One sample per session: what its program told, and how much of that is among rows of session, item and kind."""
    stored: dict[str, list[str]] = defaultdict(list)
    for session, item, kind in rows:
        stored[session] += [kind] if tool == "codex" else [item, *(["userMessage"] if kind == "userMessage" else [])]
    found = []
    for n, (session, told) in enumerate(sessions.items(), 1):
        success = success_of(tool, told.expected, stored[session])
        found.append(
            {
                "n": n, "session": session, "scene": told.scene, "truth": success.expected,
                "stored": success.stored, "missing": list(success.missing),
            }
        )  # fmt: skip
    return found


def ingest(
    out: Path, claude: Path, codex: Path, sessions: int, told: Callable[[str], None]
) -> dict[Tool, list[dict[str, Any]]]:
    """Let both tools work through so many sessions each and write what of it is stored; `told` hears each session.

    Errors: Unprepared, OSError, AssertionError (a program did not come to its point), subprocess.TimeoutExpired.
    """
    window, measured = Window(), dict[Tool, list[dict[str, Any]]]()
    with _open_day(claude, codex) as day:
        done: dict[Tool, Sessions] = {tool: day.work_through(tool, sessions, told) for tool in SCENES}
        day.settle()
        programs: dict[Tool, Path] = {"claude": claude, "codex": codex}
        for tool, program in programs.items():
            measured[tool] = judged(tool, done[tool], day.stage.rows(_ITEMS.format(tool=tool)))
            head = window.head("ingest", len(measured[tool]), tool=tool, program=samples.program(program))
            samples.write(out, f"ingest-{tool}", head, measured[tool])
    return measured


@contextmanager
def _open_day(claude: Path, codex: Path) -> Iterator[Day]:
    """A day in folders of its own, offline."""
    with (
        tempfile.TemporaryDirectory(prefix="hc-ingest-", ignore_cleanup_errors=True) as folder,
        LoopbackMessages() as api,
        LoopbackModel() as model,
    ):
        day = Day(Path(folder), claude, codex, api, model)
        with day.stage:
            day.stage.active()
            day.prepare()
            yield day
        if api.leaks or model.leaks:
            raise AssertionError(f"a program wanted to reach another host: {[*api.leaks, *model.leaks][:3]}")


def _clean() -> dict[str, str]:
    """Without settings of whoever measures."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HYBRID_CAPTURE_")}
