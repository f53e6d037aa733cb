from __future__ import annotations

import pytest

from actors.wire.rollout_kinds import CONTROL_EVENTS, CONTROL_LINES
from tests.actors.wire.file_house import lines, whole_rollout

META = {"type": "session_meta", "payload": {"id": "s", "history_mode": "paginated"}}


@pytest.mark.parametrize("kind", sorted(CONTROL_LINES))
def test_a_line_of_upstreams_own_is_counted_and_leaves_no_record(kind: str) -> None:
    _, got = whole_rollout(lines(META, {"type": kind, "payload": {}}))
    assert got.counts == {"control": 1}
    assert len(got.sessions) == 1


@pytest.mark.parametrize("event", sorted(CONTROL_EVENTS))
def test_an_event_that_another_line_stores_is_counted_and_leaves_no_record(event: str) -> None:
    _, got = whole_rollout(lines(META, {"type": "event_msg", "payload": {"type": event, "message": "m", "text": "t"}}))
    assert got.counts == {"control": 1}
    assert (got.items, got.turns, got.unknown) == ([], [], {})
