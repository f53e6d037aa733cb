"""Old sessions leave a running runtime by themselves when somebody said so, and never otherwise."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.live.house import House
from tests.storage.story import Stream, message, open_store, thread

pytestmark = pytest.mark.live
Build = Callable[..., House]
DAY_MS = 86_400_000


def test_old_sessions_leave_and_new_ones_stay(build: Build) -> None:
    house = build(retention_days=30)
    now_ms = int(time.time() * 1000)
    with closing(open_store(house.settings.state_dir, "before")) as store:
        stream = Stream(store)
        for session, age in (("old", 31), ("older", 300), ("young", 29)):
            at = now_ms - age * DAY_MS
            ids = {"session": session, "turn": f"{session}-u"}
            stream.send(2, sessions=[thread(session, created_at_ms=at)],
                        items=[message("i", started_at_ms=at, completed_at_ms=at, **ids)])  # fmt: skip
    with house:
        house.active()
        sessions = "SELECT session_id FROM sessions WHERE session_id IN ('old', 'older', 'young')"
        house.until_rows(sessions, lambda rows: rows == [("young",)])
        purged = house.rows("SELECT subject, text FROM audit WHERE kind = 'purged' ORDER BY subject")
        assert [subject for subject, _ in purged] == ["old", "older"]
        assert "retention of 30 days" in purged[0][1]
        assert house.turn(house.thread(), "SCN:plain hello")["status"] == "completed"
        assert house.ledger()["balanced"]
