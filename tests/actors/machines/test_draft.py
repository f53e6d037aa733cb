"""The checkpoint that is being written."""

from __future__ import annotations

from actors.machines.draft import NOTES_MAX, Draft


def test_a_new_draft_is_empty_and_continues_behind_a_frame() -> None:
    draft = Draft.after(3, 7)
    assert (draft.generation, draft.first_seq, draft.last_seq, draft.empty) == (3, 8, 7, True)


def test_a_frame_or_anything_durable_makes_it_count() -> None:
    draft = Draft.after(1, 0)
    draft.last_seq = 1
    assert not draft.empty
    other = Draft.after(1, 0)
    other.note("x", "y", "z", 1)
    assert not other.empty


def test_notes_over_the_bound_are_counted_by_kind() -> None:
    draft = Draft.after(1, 0)
    for number in range(NOTES_MAX + 5):
        draft.note("malformed", f"frame {number}", "", 1)
    draft.note("late_delta", "x", "", 1)
    draft.note("generation_cut", "generation 1", "", 1, always=True)
    kinds = [each.kind for each in draft.message(1, ()).audit]
    assert kinds[NOTES_MAX:] == ["generation_cut", "more_notes"]
    assert draft.audit[-1].text == "not written: 5 malformed, 1 late_delta"


def test_the_message_holds_what_was_collected() -> None:
    draft = Draft.after(1, 4)
    draft.last_seq = 6
    draft.counts["control"] += 2
    draft.closed = True
    message = draft.message(9, ())
    assert (message.stager, message.first_seq, message.last_seq, message.counts, message.closed) == (
        9, 5, 6, {"control": 2}, True,
    )  # fmt: skip
