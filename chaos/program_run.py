"""One run of a real program that prints JSON lines: started, watched, ended. Its output goes to files, not to pipes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

Json = dict[str, Any]
WAIT_S = 60.0
LOOK_S = 0.02


class ProgramRun:
    """A program under way, in a process group of its own; its output goes to numbered files in `folder`."""

    def __init__(self, words: Sequence[str | Path], cwd: Path, env: Mapping[str, str], folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        number = sum(1 for _ in folder.glob("*.stdout"))
        self.name = Path(words[0]).name
        self._out = folder / f"{number}.stdout"
        with self._out.open("xb") as out, (folder / f"{number}.stderr").open("wb") as err:
            self.process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=cwd, env=dict(env), start_new_session=True
            )

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
        while True:
            ended = self.process.poll() is not None  # before its lines are read: its last ones count
            if wanted(self.lines):
                return
            if ended or time.monotonic() > end:
                raise AssertionError(f"{self.name} never said {what}: {self.lines[-3:]}")
            time.sleep(LOOK_S)

    def kill(self) -> None:
        """SIGKILL to it and to what it runs in its own group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(WAIT_S)
