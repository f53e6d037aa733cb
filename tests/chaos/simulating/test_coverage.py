"""Coverage counts rows where the code looks them up, and names what never was."""

from __future__ import annotations

import actors.machines.auth
from chaos.simulating.coverage import RARE, UNREACHABLE, CountingTable, Coverage
from chaos.simulating.plan import plan_of
from chaos.simulation import play


def test_what_a_simulation_went_through_is_counted() -> None:
    coverage = Coverage()
    play(plan_of(1), coverage)
    assert coverage.hits["auth authenticating × AccountConfirmed"] > 0
    assert coverage.hits["process stopped × Wanted"] > 0
    assert coverage.hits["message KeepTransitions"] > 0
    assert "process stopped × Wanted" not in coverage.never()
    assert set(coverage.hits) <= {*coverage.all(), *(f"message {name}" for name in _OTHERS)}


_OTHERS = ("WakeupMessage", "WatchMessage", "ChildActorExited", "ActorExitRequest", "DeadEnvelope")
"""What Thespian says itself."""


def test_tables_are_put_back() -> None:
    table = actors.machines.auth.TABLE
    with Coverage().counting():
        assert isinstance(actors.machines.auth.TABLE, CountingTable)
        assert table == actors.machines.auth.TABLE
    assert actors.machines.auth.TABLE is table


def test_what_cannot_be_reached_is_still_a_word_of_ours() -> None:
    assert set(UNREACHABLE) <= set(Coverage().all())
    assert set(RARE) <= set(Coverage().all()) - set(UNREACHABLE)
