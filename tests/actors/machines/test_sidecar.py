"""The app-server's life as its owner knows it: greet, prove, speak, end."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from actors.machines import sidecar as life
from actors.machines.effects import (
    Ask,
    CloseStdin,
    MachineRefused,
    ProcessExited,
    ProcessFailed,
    ProcessStarted,
    RunProcess,
    Send,
    SignalProcess,
    Wake,
    WriteLine,
)
from actors.machines.sidecar import (
    TABLE,
    AccountCallback,
    CallbackDue,
    GraceOver,
    Greeted,
    GreetingFailed,
    Hung,
    Life,
    step,
)
from messages.auth import SidecarInitialized, SidecarLost
from messages.sidecar import (
    HandshakeChanged,
    SidecarExited,
    SidecarSpawnFailed,
    SidecarStarted,
    StartSidecar,
    StopSidecar,
    StreamHealthChanged,
)
from tests.actors.machines import golden

PHASES = ("absent", "spawning", "greeting", "speaking", "closing", "terminating", "killing")
WORDS = get_args(life.Heard)
WORD: dict[type, Any] = {
    StartSidecar: StartSidecar(generation=1), StopSidecar: StopSidecar(reason="x"),
    ProcessStarted: ProcessStarted(7, 1.0), ProcessFailed: ProcessFailed("no binary"),
    ProcessExited: ProcessExited(0, None, "tail"), Greeted: Greeted(), GreetingFailed: GreetingFailed("late"),
    AccountCallback: AccountCallback("chatgpt"), CallbackDue: CallbackDue(3), Hung: Hung("silent"),
    GraceOver: GraceOver(3),
}  # fmt: skip


class Story:
    """`story >> heard`; `did` is everything it asks of the world."""

    def __init__(self) -> None:
        self.life = Life()
        self.did: list[Any] = []

    def __rshift__(self, heard: Any) -> Story:
        outcome = step(self.life, heard)
        assert not isinstance(outcome, MachineRefused), outcome
        self.life, effects = outcome
        self.did = list(effects)
        return self

    def said(self, to: str) -> list[Any]:
        return [each.message for each in self.did if isinstance(each, Send) and each.to == to]

    def wake(self, name: str) -> int:
        (epoch,) = [each.epoch for each in self.did if isinstance(each, Wake) and each.name == name]
        return epoch


def greeting() -> Story:
    return Story() >> StartSidecar(generation=1) >> ProcessStarted(7, 1.0)


def speaking() -> Story:
    return greeting() >> Greeted()


def test_the_picture_shows_the_table() -> None:
    golden.check("sidecar.md", golden.printed("Sidecar: every phase x every word", PHASES, WORDS, TABLE))


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.__name__)
def test_every_pair_goes_where_the_table_says_or_changes_nothing(phase: str, word: type) -> None:
    outcome = step(Life(phase=phase, generation=1, epoch=3), WORD[word])
    if (phase, word) not in TABLE:
        assert outcome == MachineRefused(phase, word.__name__)
    else:
        assert not isinstance(outcome, MachineRefused)
        assert outcome[0].phase == TABLE[phase, word][0]


def test_every_phase_with_a_process_hears_of_its_end() -> None:
    assert {phase for phase, word in TABLE if word is ProcessExited} == set(PHASES) - {"absent", "spawning"}


def test_a_start_greets_before_anything_else() -> None:
    story = Story() >> StartSidecar(generation=3)
    assert story.did == [RunProcess(3)]
    story >> ProcessStarted(7, 1.0)
    assert story.said("supervisor") == [
        SidecarStarted(generation=3, pid=7, created_at=1.0),
        HandshakeChanged(generation=3, initialize_sent=True, initialized=False),
    ]
    assert [each.call for each in story.did if isinstance(each, Ask)] == ["initialize"]


def test_initialized_is_written_when_the_greeting_was_answered() -> None:
    story = speaking()
    assert isinstance(story.did[0], WriteLine)
    assert HandshakeChanged(generation=1, initialize_sent=True, initialized=True) in story.said("supervisor")
    assert story.said("auth") == [SidecarInitialized(generation=1)]


def test_a_binary_that_cannot_start_is_told() -> None:
    story = Story() >> StartSidecar(generation=1) >> ProcessFailed("no binary")
    assert story.said("supervisor") == [SidecarSpawnFailed(generation=1, text="no binary")]
    assert (story >> StartSidecar(generation=2)).did == [RunProcess(2)]


def test_an_account_callback_is_followed_by_a_read() -> None:
    story = speaking() >> AccountCallback("chatgpt")
    assert story.did == [Ask("account/read", "account:callback")]


def test_without_a_callback_the_account_is_read_when_it_is_time() -> None:
    story = speaking()
    epoch = story.wake("account_callback")
    assert (story >> CallbackDue(epoch)).did == [Ask("account/read", "account:account_read")]


def test_with_a_callback_the_time_that_comes_is_nothing() -> None:
    story = speaking()
    epoch = story.wake("account_callback")
    assert (story >> AccountCallback(None) >> CallbackDue(epoch)).did == []


def test_a_callback_before_the_handshake_waits_for_it() -> None:
    story = greeting() >> AccountCallback("chatgpt")
    assert story.did == []
    story >> Greeted()
    assert Ask("account/read", "account:callback") in story.did


def test_the_due_time_of_an_older_process_is_nothing() -> None:
    story = speaking()
    old = story.wake("account_callback")
    story >> ProcessExited(1, None) >> StartSidecar(generation=2) >> ProcessStarted(8, 2.0) >> Greeted()
    assert (story >> CallbackDue(old)).did == []


def test_a_stop_closes_stdin_then_terminates_then_kills() -> None:
    story = speaking() >> StopSidecar(reason="kill switch")
    assert story.did[0] == CloseStdin()
    story >> GraceOver(story.wake("grace"))
    assert story.did[0] == SignalProcess("TERM")
    story >> GraceOver(story.wake("grace"))
    assert story.did == [SignalProcess("KILL")]
    story >> ProcessExited(None, 9)
    (exited,) = story.said("supervisor")
    assert (exited.requested, exited.signal) == (True, 9)
    assert story.said("auth") == [SidecarLost(generation=1)]


def test_the_grace_of_an_older_stop_is_nothing() -> None:
    story = speaking() >> StopSidecar(reason="x")
    old = story.wake("grace")
    story >> ProcessExited(0, None) >> StartSidecar(generation=2) >> ProcessStarted(8, 1.0)
    story >> StopSidecar(reason="x") >> GraceOver(old)
    assert story.did == []


@pytest.mark.parametrize("code", [0, 1])
def test_an_end_that_nobody_asked_for_is_a_crash_whatever_its_code(code: int) -> None:
    (exited,) = (speaking() >> ProcessExited(code, None, "last words")).said("supervisor")
    assert (exited.requested, exited.text) == (False, f"exit code {code}: last words")


def test_a_hung_process_is_killed_and_says_why() -> None:
    story = speaking() >> Hung("no answer for 5000 ms")
    assert story.said("supervisor") == [
        StreamHealthChanged(generation=1, healthy=False, reason="no answer for 5000 ms")
    ]
    assert story.did[-1] == SignalProcess("KILL")
    (exited,) = (story >> ProcessExited(None, 9)).said("supervisor")
    assert (exited.requested, exited.text) == (False, "no answer for 5000 ms; killed by signal 9")


def test_a_greeting_that_fails_ends_the_process() -> None:
    assert (greeting() >> GreetingFailed("refused")).did[-1] == SignalProcess("KILL")


def test_stopping_what_is_not_there_is_answered() -> None:
    (exited,) = (Story() >> StopSidecar(reason="x")).said("supervisor")
    assert exited == SidecarExited(generation=0, exit_code=None, signal=None, requested=True, text="it was not running")


def test_a_second_stop_is_nothing() -> None:
    assert (speaking() >> StopSidecar(reason="a") >> StopSidecar(reason="b")).did == []
