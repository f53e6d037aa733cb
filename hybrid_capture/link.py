"""Lines of JSON over a socket, for both ends: the host's link to its root, and a renderer's link to the root.

A line is one object with one word in `op`. What comes from a renderer is carried as text and never looked into here.
"""

from __future__ import annotations

from typing import Any

import orjson

LINE_BYTES_MAX = 16 * 1024 * 1024
"""One line. More: the link is closed; commands are bounded far below by the facade."""


class LinkBroken(Exception):
    """The other end is gone or speaks another language."""


def line_of(op: str, **fields: Any) -> bytes:
    """One message as it goes over the socket."""
    return orjson.dumps({"op": op, **fields}) + b"\n"


class Lines:
    """Cuts received bytes into messages."""

    def __init__(self, bytes_max: int = LINE_BYTES_MAX) -> None:
        self._rest = bytearray()
        self._max = bytes_max

    def feed(self, chunk: bytes) -> list[dict[str, Any]]:
        """The messages that are complete now. Errors: LinkBroken."""
        self._rest += chunk
        *lines, rest = self._rest.split(b"\n")
        if len(rest) > self._max:
            raise LinkBroken("a line is longer than the link carries")
        self._rest = bytearray(rest)
        return [_parsed(line) for line in lines if line]


def _parsed(line: bytes | bytearray) -> dict[str, Any]:
    try:
        message = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise LinkBroken("not a line of JSON") from None
    if not isinstance(message, dict) or not isinstance(message.get("op"), str):
        raise LinkBroken("not a message of this link")
    return message
