"""Bounded, and never longer than they may."""

from __future__ import annotations

from storage.remembered import Recent, Remembered


def test_a_message_may_bring_more_and_the_next_begins_anew() -> None:
    rows: Remembered[int, str] = Remembered(2)
    rows.update({1: "a", 2: "b"})
    rows.trim()
    assert rows == {1: "a", 2: "b"}
    rows[3] = "c"
    assert rows[1] == "a", "nothing goes while a message is stored"
    rows.trim()
    assert rows == {}


def test_the_oldest_makes_room_for_the_newest() -> None:
    seen: Recent[str, int] = Recent(2, 10.0, lambda: 0.0)
    seen.put("a", 1)
    seen.put("b", 2)
    seen.put("a", 3)
    seen.put("c", 4)
    assert (seen.get("a"), seen.get("b"), seen.get("c"), len(seen)) == (3, None, 4, 2)
    seen.clear()
    assert (seen.get("a"), len(seen)) == (None, 0)


def test_what_is_too_old_is_forgotten_and_told_again_it_is_young() -> None:
    now = [0.0]
    seen: Recent[str, int] = Recent(2, 10.0, lambda: now[0])
    seen.put("a", 1)
    now[0] = 9.0
    assert seen.get("a") == 1
    seen.put("a", 1)
    now[0] = 18.0
    assert seen.get("a") == 1
    now[0] = 19.0
    assert (seen.get("a"), len(seen)) == (None, 0)


def test_with_no_room_nothing_is_remembered() -> None:
    seen: Recent[str, int] = Recent(0, 10.0, lambda: 0.0)
    seen.put("a", 1)
    assert seen.get("a") is None
