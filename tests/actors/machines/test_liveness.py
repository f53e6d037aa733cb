"""Who is silent is asked; who stays silent is told of, and then given up."""

from __future__ import annotations

from actors.machines.effects import Ask, Send
from actors.machines.liveness import PROBE, Liveness
from actors.machines.sidecar import Hung
from messages.settings import Timing
from messages.sidecar import StreamHealthChanged

TIMING = Timing(
    liveness_interval_ms=100, liveness_late_ms=50, liveness_deadline_ms=200, settle_deadline_ms=300, stop_grace_ms=40
)
PROBED = (Ask(PROBE, "probe", deadline_ms=200),)


class Watched:
    """One process that was started at 0, and the eye on it."""

    def __init__(self) -> None:
        self.liveness = Liveness(TIMING)
        self.liveness.heard(0)

    def at(
        self, now_ms: int, *, speaking: bool = True, full: bool = False, oldest_ms: int | None = None
    ) -> Hung | tuple[object, ...]:
        return self.liveness.look(3, now_ms, speaking=speaking, full=full, oldest_ms=oldest_ms)


def told(healthy: bool, reason: str) -> tuple[Send, ...]:
    return (Send("supervisor", StreamHealthChanged(generation=3, healthy=healthy, reason=reason)),)


def test_a_silent_process_is_asked_once() -> None:
    watched = Watched()
    assert [watched.at(99), watched.at(100), watched.at(149)] == [(), PROBED, ()]


def test_any_line_is_an_answer() -> None:
    watched = Watched()
    assert watched.at(100) == PROBED
    watched.liveness.heard(120)
    assert [watched.at(219), watched.at(220)] == [(), PROBED]


def test_one_that_stays_silent_is_told_of_then_given_up() -> None:
    watched = Watched()
    watched.at(100)
    assert watched.at(150) == told(False, "the app-server is silent")
    assert watched.at(299) == ()
    assert watched.at(300) == Hung("no answer for 300 ms")


def test_one_that_speaks_again_in_time_is_healthy_again() -> None:
    watched = Watched()
    watched.at(100)
    watched.at(150)
    watched.liveness.heard(160)
    assert [watched.at(170), watched.at(180)] == [told(True, "answers"), ()]


def test_while_its_pipe_is_not_read_its_silence_is_ours() -> None:
    watched = Watched()
    watched.at(100)
    assert [watched.at(now, full=True) for now in range(110, 1_000, 10)] == [()] * 89
    # The probe's time begins anew when the pipe is read again.
    assert watched.at(1_039) == ()
    assert watched.at(1_040) == told(False, "the app-server is silent")
    assert watched.at(1_190) == Hung("no answer for 200 ms")


def test_before_its_handshake_it_is_not_asked() -> None:
    watched = Watched()
    assert watched.at(10_000, speaking=False) == ()


def test_frames_that_nobody_settles_make_the_stream_unhealthy_and_end_no_process() -> None:
    watched = Watched()
    watched.liveness.heard(290)
    assert watched.at(299, oldest_ms=0) == ()
    assert watched.at(300, oldest_ms=0) == told(False, "frames are not settled: the stager or ingest is away")
    assert watched.at(310, oldest_ms=None) == told(True, "answers")


def test_a_process_that_closes_its_stdout_and_lives_on_is_given_up() -> None:
    watched = Watched()
    watched.liveness.closed(10)
    watched.liveness.closed(40)  # it ended once
    assert watched.at(49, speaking=False) == ()
    assert watched.at(50, speaking=False) == Hung("it closed its stdout and lives on")
