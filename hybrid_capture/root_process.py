"""A root process as its host holds it: started, waiting for its first word, spoken to over a link, ended.

A root imports and compiles before it listens, which is most of a start. So a running host keeps a spare one that has
done this already: when the tree breaks, the next needs only to be told to begin.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path

from actors.leftovers import TREE_MARK

LOG_BYTES_MAX = 1024 * 1024
"""The root's log is begun anew when it is larger at a start."""
END_S = 5.0
"""A root whose link has ended may take this long to reap what is below it, then it is killed."""
NOT_ON_WINDOWS = (
    "capture does not run on Windows, whose processes inherit no sockets by number: run it in WSL, which is a Linux"
)


class NotStarted(Exception):
    """The runtime could not be started. The text says what to do."""


def root_log(state_dir: Path) -> Path:
    """What a root and everything below it print: nothing, unless something is wrong."""
    return state_dir / "logs" / "root.log"


class RootProcess:
    """One root. It lives until its link ends."""

    def __init__(self, python: Path, state_dir: Path, control: int, http: int | None = None) -> None:
        """Start it. `control` and `http` are the listening sockets that it inherits. Errors: NotStarted, OSError."""
        if sys.platform == "win32":
            raise NotStarted(NOT_ON_WINDOWS)
        door = () if http is None else (http,)
        self.link, theirs = socket.socketpair()
        log = root_log(state_dir)
        with contextlib.suppress(FileNotFoundError):
            if log.stat().st_size > LOG_BYTES_MAX:
                log.unlink()
        with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as out, theirs:
            self._process = subprocess.Popen(
                [
                    str(python), "-m", "hybrid_capture.root",
                    "--link", str(theirs.fileno()), "--control", str(control), "--state-dir", str(state_dir),
                    *(f"--http={each}" for each in door),
                ],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                pass_fds=(theirs.fileno(), control, *door),
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(each or os.getcwd() for each in sys.path),
                    TREE_MARK: str(state_dir),
                },
                start_new_session=True,
            )  # fmt: skip
        self.pid = self._process.pid

    def lives(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        self._process.kill()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for its end; false when it still lives after `timeout_s`."""
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self) -> None:
        """Hang up, if nobody did, and see that it is gone."""
        with contextlib.suppress(OSError):
            self.link.shutdown(socket.SHUT_RDWR)
        self.link.close()
        if not self.wait(END_S):
            self.kill()
            self.wait()
