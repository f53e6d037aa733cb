"""Supervisor and admin: their end is told at once, their silence after the deadline."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Iterator

import pytest

from actors import lifeline
from hybrid_capture.guard import Guard
from messages.base import Message
from messages.lifecycle import Knock
from messages.settings import Timing

TIMING = Timing(ping_interval_ms=1_000, ping_deadline_ms=3_000)


class AskedTree:
    """A tree that remembers what is asked of it."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Message]] = []
        self.watched: list[int] = []

    def watch(self, *descriptors: int) -> None:
        self.watched += descriptors

    def tell(self, party: str, message: Message) -> None:
        self.told.append((party, message))


@pytest.fixture
def supervisor() -> Iterator[subprocess.Popen[bytes]]:
    """A process below this one, which is its admin here. It ends when its standard input does."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as each:
        yield each
        each.kill()


def guard_of(tree: AskedTree) -> Guard:
    return Guard(tree, TIMING)  # type: ignore[arg-type]  # what it asks of a tree


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="exit notices are Linux's")
def test_the_end_of_the_supervisor_is_told_by_the_descriptor_that_is_watched_for_it(
    supervisor: subprocess.Popen[bytes],
) -> None:
    tree = AskedTree()
    guard = guard_of(tree)
    assert guard.begin(supervisor.pid) == ""
    try:
        assert [guard.exited(each) for each in tree.watched] == [
            "the supervisor exited", "the actor system's admin exited",
        ]  # fmt: skip
        assert guard.exited(max(tree.watched) + 1) == ""
        supervisor.kill()
        assert select.select(tree.watched, [], [], 60)[0] == tree.watched[:1], "the one of the supervisor"
    finally:
        for each in tree.watched:
            os.close(each)


def test_a_process_whose_end_no_system_tells_is_looked_for(
    supervisor: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifeline, "exit_notice", lambda _: None)
    guard = guard_of(AskedTree())
    assert guard.begin(supervisor.pid) == ""
    assert guard.look(0.0) == []
    supervisor.kill()
    supervisor.wait()
    assert guard.look(0.5) == ["the supervisor exited"]


def test_a_supervisor_that_answers_is_well_and_one_that_falls_silent_hangs(
    supervisor: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifeline, "exit_notice", lambda _: None)
    tree = AskedTree()
    guard = guard_of(tree)
    assert guard.look(0.0) == [], "before the tree is ready there is nobody to ask"
    assert tree.told == []
    assert guard.begin(supervisor.pid) == ""
    for second in range(10):
        assert guard.look(float(second)) == []
        guard.heard()
    assert tree.told == [("supervisor", Knock(n=n)) for n in range(1, 11)]
    assert [guard.look(10.0 + second) for second in range(4)] == [
        [], [], [], ["the supervisor hangs: no sign of life for 3000 ms"],
    ]  # fmt: skip
