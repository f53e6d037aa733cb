"""Refusals in the audit: each has a row while there is room, then they are counted."""

from __future__ import annotations

from actors.machines.effects import Send
from actors.machines.refusals import AUDIT_WINDOW_MS, AUDITED_REFUSALS_MAX, Refusals
from actors.machines.standing import Now
from messages.records import KeepAudit


def told(effects: tuple[object, ...]) -> list[str]:
    found: list[str] = []
    for each in effects:
        assert isinstance(each, Send)
        assert isinstance(each.message, KeepAudit)
        found += [f"{note.subject}: {note.text}" for note in each.message.notes]
    return found


def test_a_flood_of_refusals_is_counted_and_not_written() -> None:
    refusals = Refusals()
    rows = [told(refusals.audited("w1", "BAD_COMMAND", "no", Now(0, 1))) for _ in range(AUDITED_REFUSALS_MAX + 5)]
    assert sum(map(len, rows)) == AUDITED_REFUSALS_MAX
    assert rows[0] == ["client w1: BAD_COMMAND: no"]
    later = told(refusals.audited("w1", "NOT_NOW", "no", Now(AUDIT_WINDOW_MS, 2)))
    assert later == ["client w1: NOT_NOW: no (5 more were refused before)"]
