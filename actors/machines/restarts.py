"""When may something be started again? One rule for the sidecar and for every actor."""

from __future__ import annotations

from dataclasses import dataclass

from messages.settings import Timing


@dataclass(frozen=True, slots=True)
class RestartWindow:
    """The restarts of the last `restart_window_ms`, oldest first. Never longer than `restarts_max`."""

    restarted_at_ms: tuple[int, ...] = ()

    def recent(self, now_ms: int, timing: Timing) -> tuple[int, ...]:
        """Restarts inside the window. One exactly `restart_window_ms` old is outside (OTP counts it as inside)."""
        return tuple(at for at in self.restarted_at_ms if now_ms - at < timing.restart_window_ms)


@dataclass(frozen=True, slots=True)
class RestartIn:
    """Start again after this wait, in ms."""

    after_ms: int


@dataclass(frozen=True, slots=True)
class CrashLoop:
    """Do not start again: only a person's restart leaves this."""

    restarts: int


def after_exit(
    window: RestartWindow, now_ms: int, timing: Timing, first_backoff_ms: int
) -> tuple[RestartWindow, RestartIn | CrashLoop]:
    """Decide on an exit, or on a start that failed, at `now_ms` (monotonic).

    The restart that would be number `restarts_max + 1` inside the window is refused. With the default of 2 that is the
    third, where OTP would write intensity 2, period 60. Source: DESIGN decision 7.
    """
    recent = window.recent(now_ms, timing)
    if len(recent) >= timing.restarts_max:
        return RestartWindow(recent), CrashLoop(len(recent))
    counted = RestartWindow((*recent, now_ms))
    return counted, RestartIn(backoff_ms(len(counted.restarted_at_ms), timing, first_backoff_ms))


def backoff_ms(restarts: int, timing: Timing, first_ms: int) -> int:
    """Wait before restart number `restarts` inside the window (1 = first), in ms.

    The first waits `first_ms`; each further one twice as long as the one before it, at least `backoff_min_ms` and at
    most `backoff_max_ms`. No jitter: one child, no herd. Errors: AssertionError when restarts < 1.
    """
    assert restarts >= 1, "a restart has a number from 1"
    wait_ms = first_ms
    for _ in range(restarts - 1):
        if wait_ms >= timing.backoff_max_ms:
            break
        wait_ms = max(timing.backoff_min_ms, 2 * wait_ms)
    return wait_ms if restarts == 1 else min(wait_ms, timing.backoff_max_ms)
