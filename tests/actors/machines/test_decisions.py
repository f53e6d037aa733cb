"""Who watches a decision sees what was asked before it is made, what came of it, and nothing of what happens inside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from actors.machines.decisions import DECISIONS, decides, watch


class Counter:
    """A machine whose verbs use each other."""

    def __init__(self) -> None:
        self.count = 0

    @decides
    def add(self, n: int) -> int:
        self.count += n
        return self.count

    @decides
    def twice(self, n: int) -> int:
        self.add(n)
        return self.add(n)

    @decides
    def fail(self) -> int:
        raise RuntimeError


class Notes:
    """A watcher that remembers."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def asked(self, verb: str, given: tuple[Any, ...]) -> Any:
        self.seen.append((verb.rpartition(".")[2], given[0].count, given[1:]))
        return len(self.seen)

    def decided(self, question: Any, outcome: Any) -> None:
        self.seen.append((question, outcome))


@pytest.fixture
def notes() -> Iterator[Notes]:
    made = Notes()
    watch(made)
    yield made
    watch(None)


def test_a_decision_is_seen_before_and_after_it_is_made(notes: Notes) -> None:
    assert Counter().add(2) == 2
    assert notes.seen == [("add", 0, (2,)), (1, 2)]


def test_what_a_decision_is_made_of_is_not_seen(notes: Notes) -> None:
    assert Counter().twice(3) == 6
    assert notes.seen == [("twice", 0, (3,)), (1, 6)]


def test_a_decision_that_raises_leaves_the_next_one_in_sight(notes: Notes) -> None:
    counter = Counter()
    with pytest.raises(RuntimeError):
        counter.fail()
    counter.add(1)
    assert notes.seen == [("fail", 0, ()), ("add", 0, (1,)), (2, 1)]


def test_nobody_watches_unless_told_to() -> None:
    assert Counter().twice(1) == 2


def test_every_marked_verb_has_its_name_once() -> None:
    assert {"test_decisions.Counter.add", "test_decisions.Counter.twice"} <= DECISIONS.keys()
