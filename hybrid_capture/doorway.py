"""The HTTP port of a runtime: opened by the host, and handed down, so that nobody's death refuses a connection.

The port is remembered in `STATE/gateway.json`, because the tools' own configuration names it; the token of the OTLP
receiver is `STATE/otlp.token`, made once and kept for the same reason. Both are readable for their owner alone.
"""

from __future__ import annotations

import contextlib
import errno
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

import orjson

from actors.transport.loopback_port import claim
from storage.whole_file import LockBusy, NotPlain, exclusively, read_plain, write_whole

HOST = "127.0.0.1"
PORT = 4318
"""OTLP's own."""
BACKLOG = 1_024
"""Connections that wait while nobody takes them."""
TOKEN_FILE = "otlp.token"
PORT_FILE = "gateway.json"
TOKEN_CHARS_MIN = 16
TOKEN_BYTES_MAX = 4_096
LOCK_S = 5.0


class TokenUnusable(Exception):
    """`otlp.token` cannot be read or made. The text says what to do and holds nothing of it."""


@dataclass(frozen=True, slots=True)
class Doorway:
    """The listening socket, or why there is none."""

    listener: socket.socket | None
    port: int
    fault: str = ""
    """Why the port could not be opened, and what to do."""

    @property
    def address(self) -> str:
        """`http://host:port`; empty without a socket."""
        return f"http://{HOST}:{self.port}" if self.listener is not None else ""

    def close(self) -> None:
        if self.listener is not None:
            self.listener.close()


def open_doorway(folder: Path, wanted: int | None) -> Doorway:
    """Listen on the wanted port, else on the remembered one, else on 4318, else, the first time only, on a free one.

    0 is any free port, and is not remembered. A port that the tools may have been told is never changed silently: when
    it is taken there is no socket, and `fault` says so.
    """
    known = remembered_port(folder)
    port = wanted if wanted is not None else known if known is not None else PORT
    try:
        listener = _listen(port)
    except OSError as error:
        if wanted is not None or known is not None or error.errno != errno.EADDRINUSE:
            return Doorway(None, port, _fault(port, error, chosen=wanted is not None))
        try:
            listener = _listen(0)
        except OSError as second:
            return Doorway(None, port, _fault(port, second, chosen=False))
    port = listener.getsockname()[1]
    if wanted != 0 and port != known:
        with contextlib.suppress(OSError):  # a folder that cannot be written is told of elsewhere; the port works
            write_whole(folder / PORT_FILE, orjson.dumps({"port": port}))
    return Doorway(listener, port)


def port_fault(port: int) -> str:
    """Why this port cannot be opened now, and what to do; empty when it can. Nothing is kept open."""
    try:
        _listen(port).close()
    except OSError as error:
        return _fault(port, error, chosen=False)
    return ""


def remembered_port(folder: Path) -> int | None:
    """The port that an earlier start chose; None when there was none, or the note cannot be read."""
    try:
        port = orjson.loads((folder / PORT_FILE).read_bytes())["port"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return port if isinstance(port, int) and not isinstance(port, bool) and 0 < port < 65_536 else None


def otlp_token(folder: Path) -> str:
    """The token that exporters have to say; made at the first call. Errors: TokenUnusable."""
    path = folder / TOKEN_FILE
    try:
        with exclusively(folder / f"{TOKEN_FILE}.lock", LOCK_S):
            content = read_plain(path, TOKEN_BYTES_MAX)
            if content is None:
                content = secrets.token_urlsafe(32).encode() + b"\n"
                write_whole(path, content)
            path.chmod(0o600)
        token = content.decode("ascii").strip()
    except (OSError, LockBusy, NotPlain, UnicodeDecodeError):
        raise TokenUnusable(f"{path} cannot be read: remove it, and run `hybrid-capture setup` again") from None
    if len(token) < TOKEN_CHARS_MIN or not all(each.isalnum() or each in "-_" for each in token):
        raise TokenUnusable(f"{path} holds no token: remove it, and run `hybrid-capture setup` again")
    return token


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        claim(listener)
        listener.bind((HOST, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _fault(port: int, error: OSError, *, chosen: bool) -> str:
    what = f"port {port} on {HOST} cannot be opened ({error.strerror})"
    if chosen:
        return f"{what}: free it, or give another with --otlp-port"
    return f"{what}: free it, or give another with --otlp-port and tell the tools with `hybrid-capture setup`"
