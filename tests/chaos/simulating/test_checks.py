"""The checks see what goes wrong: each of these worlds is broken on purpose."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import actors.machines.modes
import actors.machines.restarts
import actors.machines.staging
from actors.machines.effects import Send
from chaos.simulating.oversight import AUTH_MOVES, SIDECAR_MOVES
from chaos.simulating.plan import Plan, Step, plan_of
from chaos.simulation import play
from messages.stream import BatchSettled

WORK = (("startThread", 500), ("startTurn", 900), ("startTurn", 3_000))
BUSY = Plan(1, 9_000, tuple(Step(at_ms, what, ("r1", 0)[: 1 + (what == "startTurn")]) for what, at_ms in WORK))
CRASHES = Plan(1, 12_000, tuple(Step(at_ms, "child_crash", (1,)) for at_ms in (2_000, 4_000, 6_000, 8_000)))


def test_a_busy_world_without_faults_is_well() -> None:
    assert play(BUSY).problem == ""


def test_a_fourth_start_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    real = actors.machines.process.after_exit  # type: ignore[attr-defined]

    def lenient(window: Any, now_ms: int, timing: Any, first_ms: int) -> Any:
        return real(window, now_ms, timing.model_copy(update={"restarts_max": 3}), first_ms)

    assert play(CRASHES).problem == ""
    monkeypatch.setattr("actors.machines.process.after_exit", lenient)
    assert play(CRASHES).problem == "the third restart in 60 s is refused"


def test_a_batch_that_is_settled_before_it_is_kept_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    real = actors.machines.staging.Staging._flush

    def hasty(self: Any, now: Any, due: bool = False) -> Any:
        through = self.reading.draft.last_seq
        effects = real(self, now, due)
        settled = BatchSettled(generation=self.generation, through_seq=through)
        return (Send("sidecar", settled), *effects) if through else effects

    monkeypatch.setattr("actors.machines.staging.Staging._flush", hasty)
    assert play(BUSY).problem == "nothing is acknowledged and lost"


def test_a_latched_mode_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def latched(facts: Any) -> Any:
        return "DEGRADED_STREAMING", "it was so once"

    monkeypatch.setattr("actors.machines.standing.mode_of", latched)
    assert play(BUSY).problem == "the mode follows from the facts"


def test_a_new_auth_hears_from_the_process_that_speaks_already() -> None:
    assert play(replace(BUSY, steps=(*BUSY.steps, Step(5_000, "kill", ("auth",))))).problem == ""


def test_who_hangs_beside_a_supervisor_that_hangs_has_its_deadline_anew() -> None:
    # Seed 952 before the plans changed: three pings before the supervisor's own absence, and three after it.
    steps = (Step(3_784, "hang", ("baseline", 7_353)), Step(6_410, "hang_supervisor", (2_139,)))
    assert play(Plan(952, 12_000, steps)).problem == ""


def test_a_handler_that_raises_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def raising(*_: Any) -> Any:
        raise ValueError("broken")

    monkeypatch.setattr("actors.machines.reading.Reading._turn_completed", raising)
    monkeypatch.setitem(actors.machines.reading.READERS, actors.wire.frames.TurnCompleted, raising)  # type: ignore[attr-defined]
    assert play(BUSY).problem == "no handler raises"


def test_the_legal_moves_stand_by_themselves() -> None:
    """They are the design's, not the code's: every state has its moves, and moves lead to states."""
    for moves in (SIDECAR_MOVES, AUTH_MOVES):
        assert set().union(*moves.values()) <= set(moves)


def test_a_broken_world_is_told_as_a_story() -> None:
    outcome = play(replace(plan_of(3), steps=plan_of(3).steps[:4]), whole_story=True)
    assert any(" >> " in line for line in outcome.story)
    assert any(" << " in line for line in outcome.story)
    assert any(" ** " in line for line in outcome.story)
