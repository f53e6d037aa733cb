"""What waits for a store is told in order, and what could not wait is told by its number."""

from __future__ import annotations

from actors.held_notes import NOTES_MAX, HeldNotes
from messages.records import AuditNote


def note(number: int) -> AuditNote:
    return AuditNote(kind="k", subject=str(number), text="t", at_ms=number)


def test_notes_wait_in_order_until_they_are_kept() -> None:
    held = HeldNotes()
    assert not held
    held.hold(note(1), note(2))
    held.hold(note(3))
    assert held
    assert held.waiting(9) == held.waiting(9) == (note(1), note(2), note(3))
    held.clear()
    assert not held
    assert held.waiting(9) == ()


def test_over_the_bound_the_oldest_go_and_their_number_is_told_once() -> None:
    held = HeldNotes()
    held.hold(*(note(number) for number in range(NOTES_MAX + 2)))
    held.hold(note(-1))
    first, *others = held.waiting(7)
    assert (first.kind, first.at_ms) == ("audit_let_go", 7)
    assert first.text.startswith("3 older notes")
    assert others == [*(note(number) for number in range(3, NOTES_MAX + 2)), note(-1)]
    held.clear()
    held.hold(note(1))
    assert held.waiting(8) == (note(1),)
