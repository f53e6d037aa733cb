"""How a gateway outlives its root for a moment: what is in its hands goes to the gateway of the next one.

The host holds the listening socket, so the address stays. A gateway whose root is gone takes no connections any more
and says each body that waits to that address again, as an exporter would that sends again: codex's sends none twice
(0.169, measured), so `send it again` would lose its batch. What the old tree had stored already is recognised by its
keys. It ends when nobody waits, when time is up, and at once when the host is gone.
"""

from __future__ import annotations

import asyncio
import contextlib

from actors import lifeline
from actors.wire.otlp_answers import CONTENT_TYPES
from hybrid_capture.exchange import Answer
from messages.otlp import Encoding, Signal

LOOK_S = 0.02
"""How often it is seen whether somebody waits, and whether the host lives."""
AGAIN_S = 0.2
"""Between two tries while the next gateway is not there or not able."""


class Handover:
    """To the gateway that listens, or will listen, at an address."""

    def __init__(self, address: tuple[str, int], token: str, host: int, host_created: float) -> None:
        self._address = address
        self._token = token
        self._host, self._host_created = host, host_created

    def host_is_gone(self) -> bool:
        return lifeline.process_is_gone(self._host, self._host_created)

    async def say(self, signal: Signal, encoding: Encoding, body: bytes | memoryview) -> Answer:
        """Say a body until it is answered for good; whoever waits for it bounds the time."""
        while True:
            with contextlib.suppress(OSError, EOFError, ValueError, IndexError):
                status = await self._post(signal, encoding, body)
                if status == 200:
                    return Answer("kept")
                if status != 503:
                    return Answer("undecodable", text="the body is no request of this signal")
            await asyncio.sleep(AGAIN_S)

    async def _post(self, signal: Signal, encoding: Encoding, body: bytes | memoryview) -> int:
        """The status of the answer. Errors: OSError, EOFError, ValueError, IndexError when there is none."""
        host, port = self._address
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(
                (
                    f"POST /v1/{signal} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {self._token}\r\n"
                    f"Content-Type: {CONTENT_TYPES[encoding]}\r\nContent-Length: {len(body)}\r\n"
                    "Connection: close\r\n\r\n"
                ).encode()
            )
            writer.write(body)
            await writer.drain()
            return int((await reader.readline()).split(b" ")[1])
        finally:
            writer.close()
