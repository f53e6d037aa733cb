"""The receiver's self-probe: a real request through the listening socket, to the baseline and back.

It carries no record, so it needs no commit; that the store commits is ingest's own probe.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

DEADLINE_S = 3.0
RETRY_S = 0.25
"""Between two probes while they fail."""
WELL = "a request went through to the baseline and back"


class Probing:
    """Probes until it is cancelled. Each result is told."""

    def __init__(
        self, address: tuple[str, int], token: str, interval_s: float, told: Callable[[bool, str], None]
    ) -> None:
        self._address = address
        self._head = (
            f"POST /v1/logs HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: application/x-protobuf\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        ).encode()
        self._interval_s = interval_s
        self._told = told
        self._soon = asyncio.Event()

    def soon(self) -> None:
        """Something changed: probe now."""
        self._soon.set()

    async def run(self) -> None:
        while True:
            self._soon.clear()
            reason = await self.once()
            self._told(not reason, reason or WELL)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._soon.wait(), RETRY_S if reason else self._interval_s)

    async def once(self) -> str:
        """One probe; gives what is wrong, or nothing."""
        try:
            async with asyncio.timeout(DEADLINE_S):
                line = await self._exchange()
        except TimeoutError:
            return f"a probe was not answered within {DEADLINE_S:g} s"
        except OSError as error:
            return f"a probe could not connect: {error.strerror}"
        return "" if line.split(b" ")[1:2] == [b"200"] else f"a probe was answered with {line[:40].decode('latin-1')!r}"

    async def _exchange(self) -> bytes:
        reader, writer = await asyncio.open_connection(*self._address)
        try:
            writer.write(self._head)
            return (await reader.readline()).strip()
        finally:
            writer.close()
