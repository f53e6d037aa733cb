"""What follows from what the supervisor knows: status and transitions."""

from __future__ import annotations

from typing import Any, get_args

from actors.machines.standing import Kid, Now, Probed, Supervision, changes, facts_of, same, status_of, stream_expected
from messages.settings import SidecarSettings
from messages.status import Transition
from tests.actors.machines.tree_house import tree_settings


def machine(**kids: Kid) -> Supervision:
    known = Supervision(tree_settings())
    known.sources["otlp"] = Probed(True, "it answers")
    known.kids.update(dict.fromkeys(known.kids, Kid(state="running")))
    known.kids.update(kids)  # type: ignore[typeddict-item]  # roles by keyword
    return known


def status(known: Supervision, at: int = 5) -> Any:
    return status_of(known, Now(at, at))


def test_the_first_status_names_everything_as_new_and_the_mode_last() -> None:
    moves = changes(None, status(machine()))
    assert all(before == "" for _, _, before, _ in moves)
    assert [what for what, *_ in moves][-1] == "mode"
    assert {what for what, *_ in moves} == set(get_args(Transition.model_fields["what"].annotation))


def test_nothing_changed_is_no_transition_whatever_the_time() -> None:
    before, after = status(machine()), status(machine(), at=99)
    assert changes(before, after) == []
    assert same(before, after)


def test_a_new_generation_in_the_same_state_is_a_transition() -> None:
    known = machine()
    before = status(known)
    known.process = type(known.process)(generation=2)
    assert changes(before, status(known)) == [
        ("sidecar", "sidecar", "stopped (generation 0)", "stopped (generation 2)")
    ]


def test_a_stream_part_that_does_not_run_is_why_the_stream_cannot_work() -> None:
    assert facts_of(machine(stager=Kid(state="starting"))).broken_part == "stager is starting"
    broken = machine(stager=Kid(state="crash_loop", last_error="KeyError"))
    assert facts_of(broken).broken_part == "stager crash-loops: KeyError"
    assert facts_of(machine(facade=Kid(state="crash_loop"))).broken_part == ""


def test_why_no_stream_is_expected() -> None:
    assert stream_expected(Supervision(tree_settings())) == (True, "")
    assert stream_expected(Supervision(tree_settings(kill_switch=True)))[1].startswith("the stream kill switch is on")
    off = tree_settings().model_copy(update={"sidecar": SidecarSettings(codex_path=None, enabled=False)})
    assert stream_expected(Supervision(off))[1] == "live streaming is switched off in the settings"
