"""One runtime that the real claude and the real codex report to, each told so by `setup`, and looks at what it kept."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from chaos.claude_home import claude_env
from chaos.claude_program import ClaudeRun
from chaos.codex_program import CodexRun
from chaos.drilling.stage import GATEWAY
from chaos.loopback_messages import LoopbackMessages
from chaos.loopback_model import LoopbackModel
from chaos.program_run import ProgramRun
from hybrid_capture.client import Unanswered
from hybrid_capture.settings import Settings
from hybrid_capture.statefolder import NotRunning
from tests.hybrid_capture.command import say
from tests.live.house import PATIENCE_S, House, alive, runs
from tests.ports import reserved
from tests.unhurried import unhurried

EXPORTED_S = 1.5
OFTEN = unhurried(restarts_max=10_000, actor_backoff_ms=0)
"""So many faults within a minute would be a crash loop; the loop has tests of its own."""


class Lane:
    """Both programs, their loopback APIs, and a running House that they were set up for."""

    def __init__(self, folder: Path, claude: Path, codex: Path, api: LoopbackMessages, model: LoopbackModel) -> None:
        self.folder, self.claude, self.codex, self.api, self.model = folder, claude, codex, api, model
        self.work = folder / "work"
        self.work.mkdir()
        self.claude_home = folder / "home" / ".claude"
        self.codex_home = model.write_codex_home(
            folder / "codex-home", approval_policy="never", sandbox_mode="danger-full-access"
        )
        self.claude_env = claude_env(folder / "home", api.url)
        self.codex_env = model.codex_env(self.codex_home)
        self._held = contextlib.ExitStack()
        self.port = self._held.enter_context(reserved())  # until the runtime is there, and while it is not
        self.state = folder / "state"
        self.house = House(
            Settings(
                state_dir=self.state,
                codex=codex,
                codex_home=self.codex_home,
                cwd=self.work,
                otlp_port=self.port,
                codex_environment=self.codex_env,
                timing=OFTEN,
                watch_codex=True,
                watch_claude=True,
                claude_home=self.claude_home,
            )
        )
        self._runs: list[ProgramRun] = []

    def __enter__(self) -> Lane:
        # Before the first start, as a careful person would: the state folder has its token from here on.
        for tool, home in (("claude", self.claude_home), ("codex", self.codex_home)):
            more = ("--hooks",) if tool == "claude" else ()
            done = say(
                *("setup", tool, "--home", home, "--state-dir", self.state),
                *("--endpoint", f"http://127.0.0.1:{self.port}", "--prompts", "on", *more),
            )
            assert done.code == 0, done.err
        self.house.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        for run in self._runs:
            run.kill()
        self.house.__exit__()
        self._held.close()

    def ask_claude(self, prompt: str, *more: str) -> ClaudeRun:
        run = ClaudeRun(self.claude, prompt, self.work, self.claude_env, self.folder / "claude-out", *more)
        self._runs.append(run)
        return run

    def ask_codex(self, prompt: str, session: str | None = None) -> CodexRun:
        run = CodexRun(self.codex, prompt, self.work, self.codex_env, self.folder / "codex-out", session=session)
        self._runs.append(run)
        return run

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows straight from the file, past our own reader."""
        with contextlib.closing(sqlite3.connect(f"file:{self.house.database}?mode=ro", uri=True)) as connection:
            return connection.execute(query, values).fetchall()

    def until(self, look: Callable[[], Any], wanted: Callable[[Any], bool], what: str) -> Any:
        """Look until it is as wanted. Errors: AssertionError with what was seen last."""
        end = time.monotonic() + PATIENCE_S
        while not wanted(seen := look()):
            if time.monotonic() > end:
                raise AssertionError(f"never saw {what}; last: {seen}")
            time.sleep(0.05)  # it may look at anything
        return seen

    def events(self, session: str) -> list[tuple[Any, ...]]:
        """Name and sequence of each telemetry record of a session."""
        query = "SELECT e.name, e.sequence FROM events e JOIN sessions s ON s.id = e.session_row WHERE s.session_id = ?"
        return self.rows(f"{query} ORDER BY e.at_ms, e.sequence, e.id", session)

    def event_names(self, session: str) -> Counter[str]:
        """How many telemetry records of each name a session has."""
        return Counter(name for name, _ in self.events(session))

    def spent(self, session: str) -> tuple[int, int]:
        """Input and output of a session, as a person is told."""
        shown = say("sessions", "show", session, "--state-dir", self.state, "--json")
        assert shown.code == 0, shown.err
        usage = shown.json["usage"] or {"input": 0, "output": 0}
        return usage["input"], usage["output"]

    def until_exported(self) -> None:
        """Longer than the interval in which either program exports: what it did before now is on its way or here."""
        time.sleep(EXPORTED_S)  # that time passes is all there is to wait for

    def settle(self) -> None:
        """Wait until every file that both programs left is stored to its end, then stop the runtime."""
        folders = (self.claude_home / "projects", self.codex_home / "sessions")
        sizes = {str(path): path.stat().st_size for folder in folders for path in folder.rglob("*.jsonl")}

        def behind() -> dict[str, tuple[int, int]]:
            stored = dict(self.rows("SELECT path, offset FROM files"))
            return {path: (stored.get(path, 0), size) for path, size in sizes.items() if stored.get(path) != size}

        self.until(behind, lambda left: not left, "every file stored")
        self.house.runtime.stop()

    def open_gates(self) -> None:
        self.api.gate.set()
        self.model.gate.set()

    def close_gates(self) -> None:
        self.api.gate.clear()
        self.model.gate.clear()

    def _pid_now(self, name: str) -> int | None:
        """Its pid; None while there is none."""
        try:
            return self.pid_of(name)
        except (StopIteration, KeyError, TypeError, psutil.NoSuchProcess, Unanswered, NotRunning):
            return None

    def pid_of(self, name: str) -> int:
        if name in ("root", "supervisor"):
            return self.house.runtime.pids[name]
        if name == "gateway":
            below = psutil.Process(self.house.runtime.pids["root"]).children()
            return next(each.pid for each in below if runs(each, GATEWAY))
        status = self.house.runtime.status()
        return int(next(actor["pid"] for actor in status["actors"] if actor["name"] == name))

    def take_away(self, name: str, for_s: float = 2.0) -> None:
        """Let a process do nothing for so long, and then die with what it had in hand; ends when all is well again."""
        process = psutil.Process(self.pid_of(name))
        created = process.create_time()
        process.send_signal(signal.SIGSTOP)
        time.sleep(for_s)  # that it is away for so long is the point
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(process.pid).create_time() == created:
                os.kill(process.pid, signal.SIGKILL)
        self.until(lambda: self._pid_now(name), lambda pid: pid not in (None, process.pid), f"another {name}")
        self.house.active()


@contextlib.contextmanager
def open_lane(folder: Path, claude: Path, codex: Path) -> Iterator[Lane]:
    """A lane that leaves no process behind, and whose programs reached no other host."""
    before = set(psutil.Process().children(recursive=True))
    with LoopbackMessages() as api, LoopbackModel() as model:
        with Lane(folder, claude, codex, api, model) as lane:
            yield lane
        assert (api.leaks, model.leaks) == ([], [])
    # What was there before may have children of its own: a browser that another test keeps open does.
    others = before.union(*(each.children(recursive=True) for each in alive(before)))
    left = alive(set(psutil.Process().children(recursive=True)) - others)
    for process in left:
        process.kill()
    assert not left, f"left alive: {left}"
