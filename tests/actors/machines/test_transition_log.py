from __future__ import annotations

import pytest

from actors.machines import transition_log
from actors.machines.transition_log import KEPT_AT_ONCE
from messages.records import KeepTransitions
from tests.actors.machines.tree_house import active


def test_transitions_are_sent_again_until_they_are_kept() -> None:
    house = active()
    house.keeps = False
    house.exit_process()
    house.run(3_000)
    sent = [each.message for each in house.said if isinstance(each.message, KeepTransitions)]
    assert sent[-1].transitions[0] == sent[-2].transitions[0]
    house.keeps = True
    house.run(2_000)
    assert house.machine.unkept == ()
    house.check_log()


def test_a_new_ingest_gets_what_the_old_one_did_not_keep() -> None:
    house = active()
    house.keeps = False
    house.exit_process()
    house.run(500)
    house.keeps = True
    house.die("ingest")
    house.run(2_000)
    house.check_log()
    assert house.machine.unkept == ()


def test_many_transitions_go_in_portions() -> None:
    house = active()
    house.keeps = False
    for n in range(150):
        house.auth("needs_login" if n % 2 else "authenticated")
    house.keeps = True
    house.run(5_000)
    house.check_log()
    assert house.machine.unkept == ()
    assert max(len(each.message.transitions) for each in house.said if isinstance(each.message, KeepTransitions)) <= (
        KEPT_AT_ONCE
    )


def test_over_the_bound_the_log_stops_without_a_hole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transition_log, "UNKEPT_TRANSITIONS_MAX", 30)
    house = active()
    house.keeps = False
    for n in range(100):
        house.auth("needs_login" if n % 2 else "authenticated")
    assert len(house.machine.unkept) == 30
    house.keeps = True
    house.run(5_000)
    assert house.machine.unkept == ()
    assert [each.seq for each in house.log] == list(range(1, len(house.log) + 1))
