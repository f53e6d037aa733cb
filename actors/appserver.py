"""The `codex app-server` process and its pipes, watched and never waited for.

Everything here returns at once: the pipes are non-blocking, bytes that do not fit stdin wait in a bounded buffer, the
last words on stderr are kept in a ring. Who decides when to start, read and stop is `machines/sidecar.py`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Mapping

from actors import lifeline
from messages.settings import Limits, SidecarSettings

PIPE_BYTES = 1024 * 1024
"""Asked of the kernel for stdout: fewer, larger reads in a flood. It may give less."""
F_SETPIPE_SZ = 1031
STDERR_READ_BYTES = 64 * 1024
TAIL_LINES = 8
TAIL_CHARS_MAX = 600
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
BACKTRACE = re.compile(rb"\s*(\d+: |at |Stack backtrace|\|?\s*\^?\s*$)")
"""Lines that tell a person nothing: codex prints them behind its error."""


class NotStarted(Exception):
    """The process could not be started; the text says what to do."""


class NotReading(Exception):
    """The process does not read its stdin: more waits than `stdin_bytes_max`."""


class AppServer:
    """One running process. Close it with `release` when it has exited and is drained."""

    def __init__(self, settings: SidecarSettings, limits: Limits, marks: Mapping[str, str]) -> None:
        """Start it; `marks` go into its environment and say whose it is (`leftovers.py`). Errors: NotStarted."""
        self._limits = limits
        self._unwritten = bytearray()
        self._stderr: deque[bytes] = deque(maxlen=limits.stderr_lines_max)
        self._stderr_rest = b""
        self.stdout_open = True
        self._process = _spawn(settings, marks)
        assert self._process.stdin
        assert self._process.stdout
        assert self._process.stderr
        self._stdin, self._stdout, self._stderr_pipe = self._process.stdin, self._process.stdout, self._process.stderr
        for pipe in (self._stdin, self._stdout, self._stderr_pipe):
            os.set_blocking(pipe.fileno(), False)
        if sys.platform.startswith("linux"):
            import fcntl  # Windows has none

            with contextlib.suppress(OSError):  # a limit of the user's; the default size works too
                fcntl.fcntl(self._stdout.fileno(), F_SETPIPE_SZ, PIPE_BYTES)
        self.pid = self._process.pid
        self.created_at = lifeline.created_at(self.pid)
        self.exit_fd = lifeline.exit_notice(self.pid)
        """Readable when the process has ended; None where the OS has no such thing."""

    def watched(self, reading: bool) -> list[int]:
        """Descriptors worth watching; stdout only while its lines have somewhere to go."""
        descriptors = []
        if self.stdout_open and reading:
            descriptors.append(self._stdout.fileno())
        if not self._stderr_pipe.closed:
            descriptors.append(self._stderr_pipe.fileno())
        if self.exit_fd is not None and self._process.returncode is None:
            descriptors.append(self.exit_fd)
        return descriptors

    def read(self) -> bytes | None:
        """What stdout has, at most `read_bytes_max`; None when it has nothing now; empty at its end."""
        if not self.stdout_open:
            return b""
        try:
            chunk = os.read(self._stdout.fileno(), self._limits.read_bytes_max)
        except BlockingIOError:
            return None
        if not chunk:
            self.stdout_open = False
        return chunk

    def read_stderr(self) -> None:
        """Keep the last lines of stderr, cut; they are redacted where they are shown."""
        if self._stderr_pipe.closed:
            return
        try:
            chunk = os.read(self._stderr_pipe.fileno(), STDERR_READ_BYTES)
        except BlockingIOError:
            return
        if not chunk:
            self._stderr_pipe.close()
            return
        *lines, rest = (self._stderr_rest + chunk).split(b"\n")
        self._stderr_rest = rest[: self._limits.stderr_line_chars_max]
        self._stderr.extend(line[: self._limits.stderr_line_chars_max] for line in lines if line.strip())

    def stderr_tail(self) -> str:
        """The last words, as text; not redacted yet."""
        last = [
            ANSI.sub("", line.decode(errors="replace")).strip()
            for line in [*self._stderr, self._stderr_rest]
            if line.strip() and not BACKTRACE.match(line)
        ]
        return " | ".join(last[-TAIL_LINES:])[:TAIL_CHARS_MAX]

    def write(self, line: bytes) -> None:
        """Write a line, or as much as fits now. Errors: NotReading when too much waits."""
        if self._stdin.closed:
            return
        self._unwritten += line
        self.flush()
        if len(self._unwritten) > self._limits.stdin_bytes_max:
            raise NotReading

    def flush(self) -> None:
        """Write what waits."""
        while self._unwritten and not self._stdin.closed:
            try:
                written = os.write(self._stdin.fileno(), self._unwritten)
            except BlockingIOError:
                return
            except BrokenPipeError:
                self.close_stdin()
                return
            del self._unwritten[:written]

    def close_stdin(self) -> None:
        """The process sees the end of its input."""
        self._unwritten.clear()
        with contextlib.suppress(OSError):
            self._stdin.close()

    def signal(self, name: str) -> None:
        """Signal the process; KILL goes to its whole group."""
        if self._process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if name == "KILL" and hasattr(os, "killpg"):
                os.killpg(self.pid, signal.SIGKILL)
            elif name == "KILL":
                self._process.kill()
            else:
                self._process.terminate()

    def ended(self) -> bool:
        """Whether the process is gone; its pipe may still hold lines."""
        return self._process.poll() is not None

    def outcome(self) -> tuple[int | None, int | None]:
        """Exit code and signal, one of them None."""
        code = self._process.returncode
        if code is None or code >= 0:
            return code, None
        return None, -code

    def release(self) -> None:
        """Give every descriptor back."""
        self.close_stdin()
        self._stdout.close()
        if not self._stderr_pipe.closed:
            self._stderr_pipe.close()
        if self.exit_fd is not None:
            os.close(self.exit_fd)
            self.exit_fd = None


def _spawn(settings: SidecarSettings, marks: Mapping[str, str]) -> subprocess.Popen[bytes]:
    if settings.codex_path is None:
        raise NotStarted(settings.codex_missing or "no codex binary was found: give its path with --codex")
    path = settings.codex_path
    if settings.cwd is not None and not os.path.isdir(settings.cwd):
        raise NotStarted(f"the working directory {settings.cwd} does not exist: give another with --cwd")
    parent = os.getpid()
    try:
        return subprocess.Popen(
            [path, *settings.codex_args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=settings.cwd,
            env={**settings.environment, **marks},
            process_group=0 if os.name == "posix" else None,
            # The actor has one thread, so running Python between fork and exec is safe here.
            preexec_fn=(lambda: _in_child(parent)) if sys.platform.startswith("linux") else None,
        )
    except FileNotFoundError:
        raise NotStarted(f"there is no codex binary at {path}: install it or give its path with --codex") from None
    except PermissionError:
        raise NotStarted(f"{path} is not executable: chmod +x it, or give another with --codex") from None
    except OSError as error:
        if error.errno == errno.ENOEXEC:
            text = f"{path} is not a program for this machine: give the native codex binary with --codex"
            raise NotStarted(text) from None
        raise NotStarted(f"{path} could not be started: {os.strerror(error.errno or 0)}") from None


def _in_child(parent: int) -> None:
    # Thespian's processes ignore nothing that matters here, but Python ignores SIGPIPE and a child inherits that.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    lifeline.die_with_parent(parent)
