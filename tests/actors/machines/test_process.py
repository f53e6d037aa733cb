"""The life of the sidecar process as the supervisor sees it."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from actors.machines import process as life
from actors.machines.effects import MachineRefused, Send, Wake
from actors.machines.process import (
    TABLE,
    BackoffOver,
    Crashed,
    OwnerLost,
    Process,
    RestartOrdered,
    StopDone,
    Unwanted,
    Wanted,
    step,
)
from actors.machines.restarts import RestartWindow
from messages.sidecar import (
    HandshakeChanged,
    SidecarExited,
    SidecarSpawnFailed,
    SidecarStarted,
    StartSidecar,
    StopSidecar,
    StreamHealthChanged,
)
from messages.status import SidecarState
from tests.actors.machines import golden

STATES = get_args(SidecarState)
WORDS = get_args(life.Word)


def started(generation: int = 1) -> SidecarStarted:
    return SidecarStarted(generation=generation, pid=7, created_at=1.0)


def exited(generation: int = 1, requested: bool = False, text: str = "exit code 0") -> SidecarExited:
    return SidecarExited(generation=generation, exit_code=0, signal=None, requested=requested, text=text)


class Story:
    """`story >> (heard, at_ms)`; a lone word is heard at the time of the last one."""

    def __init__(self) -> None:
        self.process = Process()
        self.at = 0
        self.said: list[Any] = []
        self.wakes: list[Wake] = []
        self.starts: list[int] = []

    def __rshift__(self, heard: Any) -> Story:
        if isinstance(heard, tuple):
            heard, self.at = heard
        outcome = step(self.process, heard, self.at)
        assert not isinstance(outcome, MachineRefused), outcome
        self.process, effects = outcome
        self.said = [each.message for each in effects if isinstance(each, Send)]
        self.wakes = [each for each in effects if isinstance(each, Wake)]
        self.starts += [each.generation for each in self.said if isinstance(each, StartSidecar)]
        return self

    def crash(self, at: int, restart: bool = True) -> Story:
        """The process ends unasked at this time, and is back at once if that is allowed."""
        self >> (exited(self.process.generation), at)
        if restart and self.wakes:
            self >> BackoffOver(self.wakes[0].epoch) >> started(self.process.generation)
        return self


def running() -> Story:
    return Story() >> Wanted() >> started()


def test_the_picture_shows_the_table() -> None:
    golden.check("process.md", golden.printed("Sidecar process: every state x every word", STATES, WORDS, TABLE))


WORD: dict[type, Any] = {
    SidecarStarted: started(), HandshakeChanged: HandshakeChanged(generation=1, initialize_sent=True, initialized=True),
    StreamHealthChanged: StreamHealthChanged(generation=1, healthy=True, reason="x"), Wanted: Wanted(),
    Unwanted: Unwanted("x"), RestartOrdered: RestartOrdered(), OwnerLost: OwnerLost(), BackoffOver: BackoffOver(0),
    StopDone: StopDone(), Crashed: Crashed("x"),
}  # fmt: skip


@pytest.mark.parametrize("full", [False, True], ids=["empty window", "full window"])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.__name__)
def test_every_pair_goes_where_the_table_says_or_changes_nothing(
    state: Any, word: type, full: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = RestartWindow((0, 0) if full else ())
    process = Process(state=state, generation=1, window=window)
    monkeypatch.setattr("actors.machines.process.refine", lambda _, heard: heard)
    outcome = step(process, WORD[word], 10)
    if (state, word) not in TABLE:
        assert outcome == MachineRefused(state, word.__name__)
        return
    assert not isinstance(outcome, MachineRefused)
    after, action = TABLE[state, word]
    # The one documented exception: a crash with a full window gives up instead of backing off.
    assert outcome[0].state == ("crash_loop" if action is life.crashed and full else after)


def test_only_a_persons_restart_leaves_crash_loop() -> None:
    out = {word for (state, word), (after, _) in TABLE.items() if state == "crash_loop" and after != "crash_loop"}
    assert out == {RestartOrdered}


def test_one_exit_brings_a_new_generation_after_the_backoff() -> None:
    story = running() >> (exited(), 1_000)
    assert (story.process.state, story.wakes[0].after_ms, story.process.last_error) == (
        "backing_off",
        250,
        "exit code 0",
    )
    story >> BackoffOver(story.wakes[0].epoch)
    assert story.said == [StartSidecar(generation=2)]


def test_three_exits_in_a_minute_end_in_crash_loop() -> None:
    assert running().crash(0).crash(20_000).crash(59_900).process.state == "crash_loop"
    assert running().crash(0).crash(30_000).crash(60_100).process.state == "running"


def test_a_start_that_fails_counts_like_a_crash() -> None:
    story = running().crash(0)
    for _ in range(2):
        story >> (exited(story.process.generation), story.at + 1) if story.process.state == "running" else story
        if story.wakes:
            story >> BackoffOver(story.wakes[0].epoch)
            story >> SidecarSpawnFailed(generation=story.process.generation, text="no binary")
    assert (story.process.state, story.process.last_error) == ("crash_loop", "no binary")


def test_nothing_starts_while_in_crash_loop() -> None:
    story = running().crash(0).crash(1).crash(2)
    before = list(story.starts)
    for word in (Wanted(), Unwanted("x"), OwnerLost(), Wanted(), BackoffOver(story.process.epoch - 1)):
        story >> (word, 1_000_000)
        assert story.process.state == "crash_loop"
    assert story.starts == before


def test_a_persons_restart_leaves_crash_loop_and_clears_the_window() -> None:
    story = running().crash(0).crash(1).crash(2) >> RestartOrdered()
    assert (story.process.state, story.process.window, story.process.last_error) == ("stopped", RestartWindow(), "")
    story >> Wanted()
    assert story.said == [StartSidecar(generation=4)]
    story >> started(4)
    assert story.crash(3).crash(4).process.state == "running"


def test_a_restart_of_a_running_process_stops_it_first_and_is_no_crash() -> None:
    story = running() >> RestartOrdered()
    assert story.said == [StopSidecar(reason="restart")]
    story >> exited(requested=True)
    assert (story.process.state, story.process.window) == ("stopped", RestartWindow())


def test_an_end_while_being_stopped_is_no_crash() -> None:
    assert (running() >> Unwanted("kill switch") >> exited()).process.state == "stopped"


def test_exit_code_zero_without_a_request_is_a_crash() -> None:
    assert (running() >> exited()).process.state == "backing_off"


@pytest.mark.parametrize(
    "late", [started(1), exited(1), HandshakeChanged(generation=1, initialize_sent=True, initialized=True),
             StreamHealthChanged(generation=1, healthy=True, reason="x"), SidecarSpawnFailed(generation=1, text="x")],
    ids=lambda each: type(each).__name__,
)  # fmt: skip
def test_what_an_older_generation_says_changes_nothing(late: Any) -> None:
    story = running().crash(0)
    before = story.process
    assert (story >> late).process == before


def test_an_old_backoff_is_nothing() -> None:
    story = running() >> exited()
    old = story.wakes[0].epoch
    story >> RestartOrdered() >> Wanted() >> started(2)
    before = story.process
    assert (story >> BackoffOver(old)).process == before


def test_a_process_that_lost_its_owner_is_not_there_and_not_counted() -> None:
    story = running() >> OwnerLost()
    assert (story.process.state, story.process.pid, story.process.window) == ("stopped", None, RestartWindow())


def test_health_and_greeting_end_with_the_process() -> None:
    story = running() >> HandshakeChanged(generation=1, initialize_sent=True, initialized=True)
    story >> StreamHealthChanged(generation=1, healthy=True, reason="answers")
    assert (story.process.initialized, story.process.healthy) == (True, True)
    story >> exited()
    assert (story.process.initialize_sent, story.process.initialized, story.process.healthy) == (False, False, False)
