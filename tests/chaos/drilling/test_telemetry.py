"""What became of a drill's records is judged by what their sender was told, not by what the store says of itself."""

from __future__ import annotations

from chaos.drilling.telemetry import miscounted
from chaos.traffic.truth import Owner, Truth

OWNER = Owner("claude", "s1")


def told(kept: tuple[int, ...], unanswered: tuple[int, ...] = ()) -> Truth:
    truth = Truth()
    truth.answered([(number, OWNER) for number in kept], kept=True)
    truth.answered([(number, OWNER) for number in unanswered], kept=False)
    return truth


def test_every_answered_record_stored_once_is_nothing_lost() -> None:
    assert miscounted(told((1, 2, 3)), [3, 1, 2]) == 0


def test_an_answered_record_that_is_missing_or_there_twice_counts() -> None:
    assert miscounted(told((1, 2, 3)), [1, 2]) == 1
    assert miscounted(told((1, 2)), [1, 2, 2]) == 1


def test_a_record_that_nobody_sent_counts_and_so_does_one_that_never_was_answered() -> None:
    assert miscounted(told((1,)), [1, 9]) == 1
    assert miscounted(told((1,), unanswered=(2,)), [1]) == 1
    assert miscounted(told((1,), unanswered=(2,)), [1, 2]) == 1, "stored or not, its exporter gave it up"
