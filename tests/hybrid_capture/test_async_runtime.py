"""Listeners of an embedded runtime on a loop, without a tree: that one is in tests/live/test_embedding.py."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from hybrid_capture import async_runtime
from hybrid_capture.async_runtime import AsyncCaptureRuntime
from hybrid_capture.runtime import Event, Subscription
from hybrid_capture.settings import Settings


def test_a_listener_on_a_loop_hears_the_end_and_how_much_it_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(async_runtime, "EVENTS_MAX", 3)
    runtime = AsyncCaptureRuntime(Settings(state_dir=tmp_path / "state"))
    all_ = runtime.blocking._subscriptions

    def told_at_once(
        callback: Callable[[Event], None], live: bool, at_end: Callable[[], None] | None = None
    ) -> Subscription:
        subscription = all_.add(callback, live, at_end)
        for number in range(4):
            all_.publish({"event": "noise", "n": number})
        all_.publish(None)
        return subscription

    monkeypatch.setattr(runtime.blocking, "subscribe", told_at_once)

    async def heard() -> list[Event]:
        return [event async for event in runtime.events()]

    told = asyncio.run(asyncio.wait_for(heard(), 60))
    assert told == [{"event": "gap", "missed": 2}, {"event": "noise", "n": 2}, {"event": "noise", "n": 3}]
    assert not all_.listening
