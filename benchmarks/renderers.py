"""What a renderer waits for: its commands' answers, and an event on its way to all of them.

    python -m benchmarks.renderers [subscribers] [n]

A real tree without a live stream, and renderers over the panel's WebSocket, all in this one process, so that their own
work is in the figures. Round trips: a command that the facade answers itself, one that reads the store, and one that
asks ingest, from one renderer while the others only listen. Fan-out: from the moment in which the supervisor made a
status to the moment in which each subscriber has it parsed, in whole milliseconds, as `at_ms` is.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.samples import print_result, print_table, row
from hybrid_capture.renderer import Renderer
from hybrid_capture.runtime import CaptureRuntime
from hybrid_capture.settings import Settings

SUBSCRIBERS, ROUNDS = 50, 200
PACE_S = 0.06
"""Between two commands: below the policy's rate, and as a person's page would not exceed it."""
EVENTS = 20
"""The rate of `updateIngestConfig` allows no more within a minute."""


async def round_trips(panel: Renderer, command: str, n: int) -> list[float]:
    """Ms from a command to its answer."""
    took = []
    for _ in range(n):
        began = time.perf_counter()
        answer = await panel.ask({"command": command})
        took.append((time.perf_counter() - began) * 1000)
        assert answer["answer"] in ("data", "status"), answer
        await asyncio.sleep(PACE_S)
    return took


async def fan_out(panels: list[Renderer], change: Callable[[int], Awaitable[None]]) -> tuple[list[float], list[float]]:
    """Ms from status to subscriber, for each of them; and between the first and the last that has one event."""
    delays: list[float] = []
    spreads: list[float] = []
    for number in range(EVENTS):
        heard = [asyncio.create_task(revision(panel, number + 1)) for panel in panels]
        await asyncio.sleep(0.05)
        await change(number)
        moments = await asyncio.gather(*heard)
        delays += [now_ms - at_ms for now_ms, at_ms in moments]
        spreads.append(max(now for now, _ in moments) - min(now for now, _ in moments))
    return delays, spreads


async def revision(panel: Renderer, wanted: int) -> tuple[float, int]:
    """When this renderer hears of that revision of the config, and when it was."""
    async for event in panel.events():
        if event.get("event") == "status" and event["status"]["config"]["revision"] == wanted:
            return time.time() * 1000, event["status"]["at_ms"]
    raise AssertionError("the renderer was closed")


async def measure(runtime: CaptureRuntime, subscribers: int, n: int) -> None:
    folder = runtime.state_dir
    async with contextlib.AsyncExitStack() as stack:
        panels = [await stack.enter_async_context(Renderer.of(folder)) for _ in range(subscribers)]
        await asyncio.gather(*(panel.subscribe() for panel in panels))
        one = await stack.enter_async_context(Renderer.of(folder))
        trips = {}
        for name, command in (("facade", "getMetrics"), ("store", "getSessions"), ("ingest", "getStatus")):
            trips[name] = await round_trips(one, command, n)

        async def change(number: int) -> None:
            changes = {"retentionDays": 100 + number}
            done = await one.do({"command": "updateIngestConfig", "changes": changes, "expectedRevision": number})
            assert done["ok"], done

        delays, spreads = await fan_out(panels, change)
    rows = [row(f"a command and its answer by {name}", each, "ms", trips["facade"]) for name, each in trips.items()]
    rows += [
        row(f"a status → each of {subscribers} subscribers", delays, "ms"),
        row("one event: from the first subscriber to the last", spreads, "ms"),
    ]
    print_table(rows)
    print_result("renderers", rows, {"subscribers": subscribers})


def main(subscribers: int = SUBSCRIBERS, n: int = ROUNDS) -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        settings = Settings(state_dir=Path(folder), streaming=False, otlp_port=0, watch_codex=False, watch_claude=False)
        with CaptureRuntime(settings) as runtime:
            asyncio.run(measure(runtime, subscribers, n))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
