"""Ingest's hold on the process that looks at git: started when there is something to look at, read without waiting.

Git can be slow and can hang, and a process of its own may: nothing here waits for it. It holds no state that is not in
the store, so its death costs nothing but the round it was in. One that gives no sign of life is killed and replaced.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys

import orjson

from actors import lifeline
from actors.link_rounds import EXIT_NO_GIT
from storage.linking.verdict import LINE_BYTES_MAX, Verdict, verdict_of

READ_BYTES = 256 * 1024
RESTART_MS = 30_000
"""A process that ended with an error is not started again before this."""
NO_GIT_MS = 600_000
"""The same when there is no git."""
HUNG_MS = 180_000
"""Without a sign of life for this long it hangs: it rests for a minute at most, a call of git lasts 10 s at most."""
EXIT_WAIT_S = 0.5
"""For a process whose output has ended; then it is killed."""


class LinkHelper:
    """At most one process. `stop` when the actor leaves; it dies with the actor in any case."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._process: subprocess.Popen[bytes] | None = None
        self._rest = b""
        self._not_before_ms = 0
        self._heard_ms = 0
        """When it was started, or last said anything."""

    @property
    def running(self) -> bool:
        """Whether its process was started and not given up; it may be hung."""
        return self._process is not None

    def watched(self) -> list[int]:
        """The descriptor to read from."""
        process = self._process
        return [process.stdout.fileno()] if process is not None and process.stdout is not None else []

    def poke(self, mono_ms: int) -> None:
        """There is something to look at. Starts the process unless it failed a moment ago."""
        if self._process is None:
            if mono_ms >= self._not_before_ms:
                self._not_before_ms = mono_ms + RESTART_MS
                self._start(mono_ms)
            return
        assert self._process.stdin is not None
        with contextlib.suppress(BlockingIOError, BrokenPipeError):  # many pokes are as good as one; its end is read
            os.write(self._process.stdin.fileno(), b"\n")

    def read(self, mono_ms: int) -> list[Verdict]:
        """What it has said since; its end is noticed here. A line that is none of ours ends it."""
        process = self._process
        if process is None or process.stdout is None:
            return []
        try:
            chunk = os.read(process.stdout.fileno(), READ_BYTES)
        except BlockingIOError:
            return []
        self._heard_ms = mono_ms
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        try:
            if len(self._rest) > LINE_BYTES_MAX:
                raise ValueError("a line without end")
            verdicts = [verdict_of(line) for line in lines if line]
        except ValueError:
            self._end(mono_ms)
            return []
        if not chunk:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(EXIT_WAIT_S)
            self._end(mono_ms)
        return verdicts

    def replace_hung(self, mono_ms: int) -> int | None:
        """Kill one that has given no sign of life for HUNG_MS, and start another; the pid of the one that hung."""
        process = self._process
        if process is None or mono_ms - self._heard_ms < HUNG_MS:
            return None
        self._end(mono_ms)
        self._start(mono_ms)
        return process.pid

    def stop(self) -> None:
        """End it."""
        self._end(0)

    def _start(self, mono_ms: int) -> None:
        parent = os.getpid()
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "actors.link_rounds"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                preexec_fn=(lambda: _in_child(parent)) if sys.platform.startswith("linux") else None,
            )
        except OSError:
            return  # no process can be had now: the next poke tries again
        assert process.stdin is not None
        assert process.stdout is not None
        # By the pipe and not as an argument: a DSN may hold a password, and arguments are for everybody to see.
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(orjson.dumps({"database": self._database}, option=orjson.OPT_APPEND_NEWLINE))
        os.set_blocking(process.stdin.fileno(), False)
        os.set_blocking(process.stdout.fileno(), False)
        self._process, self._rest, self._heard_ms = process, b"", mono_ms

    def _end(self, mono_ms: int) -> None:
        process, self._process, self._rest = self._process, None, b""
        if process is None:
            return
        process.kill()
        try:
            code = process.wait(EXIT_WAIT_S)
        except subprocess.TimeoutExpired:
            code = -1  # the kernel holds it, for a disk that hangs; it is waited for when another one is started
        self._not_before_ms = mono_ms + (NO_GIT_MS if code == EXIT_NO_GIT else RESTART_MS if code != 0 else 0)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _in_child(parent: int) -> None:
    os.nice(5)  # capture comes first
    lifeline.die_with_parent(parent)
