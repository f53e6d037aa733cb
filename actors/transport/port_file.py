"""The small file that says on which TCP port an address listens, with a MAC, so that a changed one is not believed."""

from __future__ import annotations

import hmac
import os
import socket
from contextlib import suppress
from typing import Final

from actors.transport.private_folder import FRESH_SUFFIX
from actors.transport.seal import MAC_BYTES, new_mac

LOOPBACK: Final = "127.0.0.1"
"""The only address anything here listens on or connects to."""
_PORT_BYTES: Final = 2
_ENTRY_BYTES: Final = _PORT_BYTES + MAC_BYTES


def entry_for(key: bytes, token: bytes, port: int) -> bytes:
    """Contents of the file of `token`."""
    raw = port.to_bytes(_PORT_BYTES, "big")
    mac = new_mac(key)
    mac.update(b"port" + token + raw)
    return raw + mac.digest()


def port_in(key: bytes, token: bytes, entry: bytes) -> int | None:
    """The port; None when the entry was not made with the key for this address."""
    port = int.from_bytes(entry[:_PORT_BYTES], "big")
    return port if hmac.compare_digest(entry, entry_for(key, token, port)) else None


def read(path: str) -> bytes:
    """The contents, as far as they can be an entry. Never blocks, never follows a link.

    Errors: OSError as from open.
    """
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):
        flags |= getattr(os, name, 0)
    fd = os.open(path, flags)
    try:
        return os.read(fd, _ENTRY_BYTES + 1)
    finally:
        os.close(fd)


def write(path: str, entry: bytes) -> None:
    """Put the file in place at once, readable by its owner alone."""
    with suppress(OSError):
        os.unlink(path + FRESH_SUFFIX)
    fd = os.open(path + FRESH_SUFFIX, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        os.write(fd, entry)
    finally:
        os.close(fd)
    os.replace(path + FRESH_SUFFIX, path)


def answers(path: str) -> bool:
    """Whether somebody listens on the port in this file. A port that a stranger has by now keeps the file: harmless."""
    try:
        entry = read(path)
    except OSError:
        return True
    if len(entry) != _ENTRY_BYTES:
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.2)
        try:
            probe.connect((LOOPBACK, int.from_bytes(entry[:_PORT_BYTES], "big")))
        except OSError:
            return False
    return True
