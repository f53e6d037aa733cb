"""The embedded runtime for a host that lives on an asyncio loop. What it does is in `runtime.py`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from hybrid_capture.root_keeper import START_DEADLINE_S
from hybrid_capture.runtime import CaptureRuntime
from hybrid_capture.settings import Settings
from hybrid_capture.subscription import EVENTS_MAX, Event
from messages.facade import Command
from messages.status import CaptureMode


class AsyncCaptureRuntime:
    """The same for asyncio: nothing here blocks the loop, and events arrive on it."""

    def __init__(self, settings: Settings) -> None:
        self.blocking = CaptureRuntime(settings)

    async def start(self, timeout_s: float = START_DEADLINE_S) -> AsyncCaptureRuntime:
        await asyncio.to_thread(self.blocking.start, timeout_s)
        return self

    async def stop(self, reason: str = "the host stops") -> None:
        await asyncio.to_thread(self.blocking.stop, reason)

    async def __aenter__(self) -> AsyncCaptureRuntime:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def command(self, command: Command | dict[str, Any], timeout_s: float = 10.0) -> dict[str, Any]:
        return await asyncio.to_thread(self.blocking.command, command, timeout_s)

    async def do(self, command: Command | dict[str, Any], timeout_s: float = 30.0) -> dict[str, Any]:
        return await asyncio.to_thread(self.blocking.do, command, timeout_s)

    async def status(self) -> dict[str, Any]:
        return await asyncio.to_thread(self.blocking.status)

    async def wait_for(self, mode: CaptureMode, timeout_s: float = 30.0) -> dict[str, Any]:
        return await asyncio.to_thread(self.blocking.wait_for, mode, timeout_s)

    async def events(self, live: bool = False) -> AsyncIterator[Event]:
        """Events from now on, until the iterator is closed or the runtime stops. Over the bound the newest win, and
        a `gap` says how many were missed."""
        loop = asyncio.get_running_loop()
        waiting: asyncio.Queue[Event | None] = asyncio.Queue(EVENTS_MAX)
        missed = 0

        def put(event: Event | None) -> None:
            nonlocal missed
            if waiting.full():
                waiting.get_nowait()
                missed += 1
            waiting.put_nowait(event)

        def put_from_thread(event: Event | None = None) -> None:
            loop.call_soon_threadsafe(put, event)

        subscription = await asyncio.to_thread(self.blocking.subscribe, put_from_thread, live, put_from_thread)
        try:
            while (event := await waiting.get()) is not None:
                if missed:
                    gap, missed = {"event": "gap", "missed": missed}, 0
                    yield gap
                yield event
        finally:
            subscription.close()
