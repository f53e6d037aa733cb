"""The state folder: who owns it, where its sockets are, and how another process finds the runtime in it.

`STATE` (0700) holds `capture.sqlite3`, `runtime.lock` (held by the living owner), `runtime.json` (0600: where to reach
it), `sockets/` and `logs/`.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from actors import lifeline
from actors.transport.loopback_port import claim
from storage import file_lock

SOCKET_PATH_BYTES_MAX = 60
"""Of the folder for sockets. The kernel takes 107 bytes for a whole socket path, and file names need the rest."""
BACKLOG = 16
SOCKETS_PREFIX = "hc-"
"""Of socket folders beside a state folder with a long path."""


class FolderTaken(Exception):
    """Another living runtime owns the state folder."""


class FolderUnusable(Exception):
    """The state folder cannot be made or written. The text says what to do."""


class NotRunning(Exception):
    """No runtime lives in this state folder."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What `runtime.json` says about the living runtime."""

    pid: int
    created_at: float
    run_id: str
    kind: str
    """`run` for the command line's, `embedded` for one inside another program."""
    address: str
    """Path of the control socket, or `host:port` where the OS has no such sockets."""
    token: str


class StateFolder:
    """The state folder of a runtime that lives in this process, from `take` to `release`."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: int | None = None
        self._sockets: Path | None = None
        self.listener: socket.socket | None = None

    def take(self) -> None:
        """Become the owner. Errors: FolderTaken, FolderUnusable."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.path / "logs").mkdir(mode=0o700, exist_ok=True)
            self._lock = os.open(self.path / "runtime.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            self.release()
            text = f"the state folder {self.path} cannot be used ({error.strerror}): give another with --state-dir"
            raise FolderUnusable(text) from None
        if not file_lock.take(self._lock):
            owner = _owner(self.path)
            self.release()
            who = f" (pid {owner.pid})" if owner else ""
            text = f"a runtime{who} is using {self.path} already: stop it, or give another folder with --state-dir"
            raise FolderTaken(text)
        self._clear_leftovers()

    def _clear_leftovers(self) -> None:
        """A killed owner leaves its sockets; those beside the state folder are found by what it wrote down."""
        left = _owner(self.path)
        if left is None or not os.path.isabs(left.address):
            return
        folder = Path(left.address).parent
        if folder.parent == Path(tempfile.gettempdir()) and folder.name.startswith(SOCKETS_PREFIX):
            shutil.rmtree(folder, ignore_errors=True)

    def sockets(self) -> Path:
        """A private folder with a path short enough for sockets; beside the state where that is too long."""
        if self._sockets is None:
            inside = self.path / "sockets"
            if len(os.fsencode(inside)) <= SOCKET_PATH_BYTES_MAX:
                shutil.rmtree(inside, ignore_errors=True)  # what a crash left: the lock says that nobody lives there
                inside.mkdir(mode=0o700)
                self._sockets = inside
            else:
                self._sockets = Path(tempfile.mkdtemp(prefix=SOCKETS_PREFIX))
        return self._sockets

    def listen(self, run_id: str, kind: str) -> tuple[socket.socket, str]:
        """Open the control socket and tell in `runtime.json` where it is; gives the socket and its token."""
        token = secrets.token_urlsafe(24)
        if hasattr(socket, "AF_UNIX") and sys.platform != "win32":
            address = str(self.sockets() / "control.sock")
            self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.listener.bind(address)
            os.chmod(address, 0o600)
        else:
            self.listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            claim(self.listener)
            self.listener.bind(("127.0.0.1", 0))
            address = "{}:{}".format(*self.listener.getsockname())
        self.listener.listen(BACKLOG)
        pid = os.getpid()
        here = Whereabouts(pid, lifeline.created_at(pid), run_id, kind, address, token)
        _write_private(self.path / "runtime.json", orjson.dumps(asdict(here)))
        return self.listener, token

    def release(self) -> None:
        """Give everything back; the folder's data stays."""
        if self.listener is not None:
            self.listener.close()
            self.listener = None
        if self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)
            self._sockets = None
        if self._lock is not None:
            with contextlib.suppress(FileNotFoundError):
                (self.path / "runtime.json").unlink()
            os.close(self._lock)
            self._lock = None


def find_runtime(path: Path) -> Whereabouts:
    """Where the runtime of this state folder is. Errors: NotRunning."""
    owner = _owner(path.absolute())
    if owner is None or lifeline.process_is_gone(owner.pid, owner.created_at):
        raise NotRunning(f"no runtime is running in {path.absolute()}: start one with `hybrid-capture run`")
    return owner


def connect(here: Whereabouts, timeout_s: float) -> socket.socket:
    """A connection to the control socket. Errors: NotRunning when nobody answers."""
    try:
        if hasattr(socket, "AF_UNIX") and os.path.isabs(here.address):
            link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            link.settimeout(timeout_s)
            link.connect(here.address)
        else:
            host, _, port = here.address.rpartition(":")
            link = socket.create_connection((host, int(port)), timeout_s)
    except OSError as error:
        raise NotRunning(f"the runtime (pid {here.pid}) does not answer: {error.strerror or error}") from None
    return link


def _owner(path: Path) -> Whereabouts | None:
    try:
        return Whereabouts(**orjson.loads((path / "runtime.json").read_bytes()))
    except (OSError, ValueError, TypeError):
        return None  # absent or half-written: the lock decides who owns the folder, not this file


def _write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    beside = path.with_suffix(".new")
    with contextlib.suppress(FileNotFoundError):
        beside.unlink()
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    os.replace(beside, path)
