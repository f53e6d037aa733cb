"""The command as a user runs it: another process, its output in files, everything it started ended by id."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from chaos.drilling.stage import gone, living
from chaos.scripted import write_executable
from chaos.scripts import ProcessScript
from tests.compiled_rules import lay_into
from tests.unhurried import as_environment

PATIENCE_S = 60.0
ROOT = Path(__file__).resolve().parents[2]


def environment(**more: str) -> dict[str, str]:
    """Ours without what would choose settings, and without a codex on PATH. A runtime takes any port, unhurried."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HYBRID_CAPTURE_", "CODEX_"))}
    kept |= {"HYBRID_CAPTURE_WATCH_CODEX": "false", "HYBRID_CAPTURE_WATCH_CLAUDE": "false"}  # not the developer's own
    kept |= {"HYBRID_CAPTURE_OTLP_PORT": "0", **as_environment()}
    return {**kept, "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "COLUMNS": "200", **more}


@dataclass
class Said:
    """How a verb ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as one document."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


class Verb:
    """A verb under way."""

    def __init__(self, *words: str | Path, stdin: str | None = None, keyboard: bool = False, **env: str) -> None:
        """`stdin` is all it reads; with `keyboard` it can be typed to while it runs."""
        # Files and not pipes: a left-over process that holds a pipe would hang its reader.
        self._out = tempfile.TemporaryFile("w+b")  # noqa: SIM115  it lives as long as this verb
        self._err = tempfile.TemporaryFile("w+b")  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hybrid_capture", *map(str, words)],
            stdin=subprocess.PIPE if stdin is not None or keyboard else subprocess.DEVNULL,
            stdout=self._out,
            stderr=self._err,
            env=environment(**env),
            cwd="/",
            start_new_session=True,
        )
        if stdin is not None:
            assert self.process.stdin is not None
            self.process.stdin.write(stdin.encode())
            self.process.stdin.close()

    def type(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    @property
    def out(self) -> str:
        """The lines that it has written so far; one that is being written is not among them."""
        return self._written(self._out)

    @property
    def err(self) -> str:
        return self._written(self._err)

    @staticmethod
    def _written(file: Any, whole: bool = True) -> str:
        content = os.pread(file.fileno(), 64 * 1024 * 1024, 0)
        return (content[: content.rfind(b"\n") + 1] if whole else content).decode()

    def until(self, wanted: Callable[[str], bool], what: str) -> None:
        """Wait until its output fits."""
        end = time.monotonic() + PATIENCE_S
        while True:
            ended = self.process.poll() is not None  # before its output is read: its last words count
            if wanted(self.out):
                return
            if ended or time.monotonic() > end:
                raise AssertionError(f"never said {what}; said {self.out[-2000:]} and {self.err[-2000:]}")
            time.sleep(0.02)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self, wait_s: float = PATIENCE_S) -> Said:
        """Wait for its end; what does not end is killed with all below it, and fails the test."""
        try:
            code = self.process.wait(wait_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"did not end within {wait_s} s: {self.out[-2000:]} {self.err[-2000:]}") from None
        return Said(code, self._written(self._out, whole=False), self._written(self._err, whole=False))

    def kill(self) -> None:
        """End it and everything below it, by id."""
        if self.process.poll() is None:
            for each in [*psutil.Process(self.process.pid).children(recursive=True), self.process]:
                try:
                    each.kill()
                except psutil.NoSuchProcess:
                    continue
            self.process.wait(PATIENCE_S)


def say(*words: str | Path, stdin: str | None = None, **env: str) -> Said:
    """Run a verb to its end."""
    return Verb(*words, stdin=stdin, **env).end()


class Running:
    """`run --json` on a scripted app-server that is logged in to ChatGPT unless its script says otherwise."""

    def __init__(
        self,
        folder: Path,
        script: ProcessScript | None = None,
        *words: str,
        spoil: Callable[[Path], object] = lambda codex: None,
    ) -> None:
        """`spoil` does something to the codex before anybody starts it."""
        self.folder = folder
        self.state = lay_into(folder / "state")
        (folder / "home").mkdir()
        (folder / "work").mkdir()
        codex = write_executable(folder / "codex", script=script or ProcessScript(auth="chatgpt"))
        spoil(codex)
        self.verb = Verb(
            "run", "--json", "--state-dir", self.state, "--codex", codex,
            "--codex-home", folder / "home", "--cwd", folder / "work", *words,
        )  # fmt: skip

    def until_mode(self, mode: str) -> Running:
        self.verb.until(lambda out: f'"mode":"{mode}"' in out, mode)
        return self

    def until_auth(self, state: str) -> Running:
        """The first status that it tells may have it already."""
        told = re.compile(rf'"what":"auth","who":"auth","before":"[^"]*","after":"{state}"')
        self.verb.until(lambda out: told.search(out) is not None, state)
        return self

    def say(self, *words: str | Path, stdin: str | None = None) -> Said:
        """A verb on this state folder."""
        return say(*words, "--state-dir", self.state, stdin=stdin)

    def below(self) -> list[psutil.Process]:
        return psutil.Process(self.verb.process.pid).children(recursive=True)

    def close(self) -> None:
        """Stop it in order if it still runs; nothing may be left of it."""
        if self.verb.process.poll() is None:
            below = self.below()
            self.verb.signal(signal.SIGTERM)
            try:
                self.verb.end()
            finally:
                left = alive(below)
                for each in left:
                    each.kill()
            assert not left, f"left alive: {left}"


def alive(processes: list[psutil.Process], within_s: float = 30.0) -> list[psutil.Process]:
    """Which of them are still there after this time; a zombie has ended."""
    return [] if gone(processes, within_s) else [each for each in processes if living(each)]
