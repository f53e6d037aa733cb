"""First answers: by command, in order, bounded in number and in bytes."""

from __future__ import annotations

from actors.machines.remembered import REMEMBERED_BYTES_MAX, REMEMBERED_MAX, Remembered


def test_what_was_said_to_a_command_is_told_again_in_order() -> None:
    memory = Remembered()
    memory.begin("c1")
    assert memory.told("c1") == ()
    memory.keep("c1", "accepted")
    memory.keep("c1", "done")
    memory.keep("c2", "nobody asked")
    assert memory.told("c1") == ("accepted", "done")
    assert "c2" not in memory


def test_the_oldest_command_is_forgotten_first() -> None:
    memory = Remembered()
    for number in range(REMEMBERED_MAX + 3):
        memory.begin(f"c{number}")
    assert len(memory) == REMEMBERED_MAX
    assert "c2" not in memory
    assert "c3" in memory


def test_large_answers_are_forgotten_before_they_fill_the_memory() -> None:
    memory = Remembered()
    for number in range(5):
        memory.begin(f"c{number}")
        memory.keep(f"c{number}", "x" * (REMEMBERED_BYTES_MAX // 3))
    assert [f"c{number}" in memory for number in range(5)] == [False, False, True, True, True]
    memory.begin("large")
    memory.keep("large", "x" * (REMEMBERED_BYTES_MAX + 1))
    assert len(memory) == 1, "one alone always has room"
