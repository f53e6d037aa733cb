"""A request body, unpacked and bounded while it comes: a bomb is stopped at the limit, not after it."""

from __future__ import annotations

import zlib

GZIP = 16 + zlib.MAX_WBITS
PIECE_BYTES = 256 * 1024
"""What one step of inflating may bring."""


class TooLarge(Exception):
    """More than the limit, unpacked."""


class NotGzip(Exception):
    """The body is not what its Content-Encoding says."""


class Unpacking:
    """One body. Feed what comes; `step` until it says that it needs more; then `finish`."""

    def __init__(self, gzip: bool, bytes_max: int) -> None:
        self.body = bytearray()
        self._gzip = zlib.decompressobj(GZIP) if gzip else None
        self._max = bytes_max
        self._waiting = b""
        self._full = False
        """The last step brought all it may: zlib may hold more, with nothing left to feed it."""

    def feed(self, chunk: bytes) -> None:
        """Take what came from the client."""
        self._waiting = self._waiting + chunk if self._waiting else chunk

    def step(self) -> bool:
        """Unpack a piece; whether there is more to unpack. Errors: TooLarge, NotGzip."""
        if self._gzip is None:
            self.body += self._waiting
            self._waiting = b""
        else:
            self._inflate(self._gzip)
        if len(self.body) > self._max:
            self.body.clear()
            self._waiting = b""
            raise TooLarge
        return bool(self._waiting) or self._full

    def _inflate(self, gzip: zlib._Decompress) -> None:
        if gzip.eof and self._waiting:  # gzip files may be joined; each begins anew
            gzip = self._gzip = zlib.decompressobj(GZIP)
        try:
            # One byte over the limit is enough to see that it is too large.
            room = min(PIECE_BYTES, self._max - len(self.body) + 1)
            found = gzip.decompress(self._waiting, room)
        except zlib.error:
            self.body.clear()
            self._waiting = b""
            raise NotGzip from None
        self.body += found
        self._full = len(found) == room and not gzip.eof
        self._waiting = gzip.unused_data if gzip.eof else gzip.unconsumed_tail

    def finish(self) -> bytes:
        """The whole body. Errors: NotGzip when it ends in the middle."""
        if self._gzip is not None and not self._gzip.eof:
            raise NotGzip
        return bytes(self.body)
