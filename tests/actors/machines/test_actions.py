"""Which recovery commands are offered: every row of the table, and every status has exactly one row."""

from __future__ import annotations

import itertools
from typing import Any, get_args

import pytest

from actors.machines.actions import (
    ALREADY,
    AUTH,
    FALLBACK,
    OFFERED,
    RECOVER,
    RESTART,
    SWITCH,
    Standing,
    offered_actions,
    standing_of,
    why_not,
)
from messages.status import (
    ActorStatus,
    AuthState,
    AuthStatus,
    BaselineStatus,
    CaptureMode,
    HandshakeStatus,
    SidecarState,
    SidecarStatus,
    TreeStatus,
)

ACTIONS = (RECOVER, FALLBACK, AUTH, RESTART, SWITCH)


def status(
    sidecar: SidecarState = "running", auth: AuthState = "authenticated", mode: CaptureMode = "HYBRID_ACTIVE",
    greeted: bool = True, stager: Any = "running", facade: Any = "running", **given: Any,
) -> TreeStatus:  # fmt: skip
    known: dict[str, Any] = {
        "revision": 1, "mode": mode, "mode_reason": "x", "stream_healthy": True, "stream_reason": "", "at_ms": 1,
        "kill_switch": False, "baseline": BaselineStatus(healthy=mode != "FAILURE", reason=""),
        "actors": (
            ActorStatus(name="stager", pid=1, state=stager, restarts=0),
            ActorStatus(name="facade", pid=1, state=facade, restarts=0),
        ),
    }  # fmt: skip
    return TreeStatus(
        sidecar=SidecarStatus(state=sidecar, generation=1, pid=1, restarts_in_window=0),
        handshake=HandshakeStatus(initialize_sent=greeted, initialized=greeted),
        auth=AuthStatus(state=auth, mode=None, plan=None),
        **{**known, **given},
    )


@pytest.mark.parametrize(
    ("given", "standing"),
    [
        ({}, "active"),
        ({"mode": "FAILURE"}, "active"),
        ({"facade": "crash_loop"}, "active"),
        ({"auth": "needs_login"}, "greeted"),
        ({"auth": "authenticating"}, "greeted"),
        ({"auth": "logged_out"}, "greeted"),
        ({"stream_healthy": False}, "greeted"),
        ({"greeted": False}, "down"),
        ({"stager": "crash_loop"}, "down"),
        ({"sidecar": "stopped"}, "down"),
        ({"sidecar": "starting"}, "down"),
        ({"sidecar": "backing_off"}, "down"),
        ({"sidecar": "stopping"}, "down"),
        ({"sidecar": "crash_loop"}, "down"),
        ({"stream_expected": False}, "disabled"),
        ({"stream_expected": False, "fallback": True}, "fallback"),
        ({"stream_expected": False, "kill_switch": True}, "killed"),
        ({"stream_expected": False, "kill_switch": True, "fallback": True, "mode": "FAILURE"}, "killed"),
    ],
)
def test_every_way_to_stand_has_its_row(given: dict[str, Any], standing: Standing) -> None:
    assert standing_of(status(**given)) == standing
    assert offered_actions(status(**given)) == OFFERED[standing]


def test_the_table_is_whole_and_the_switch_is_always_there() -> None:
    assert set(OFFERED) == set(get_args(Standing))
    assert all(SWITCH in row for row in OFFERED.values())
    assert all(set(row) <= set(ACTIONS) for row in OFFERED.values())
    assert all(action not in OFFERED[standing] for standing, action in ALREADY)


@pytest.mark.parametrize("sidecar", get_args(SidecarState))
@pytest.mark.parametrize("auth", get_args(AuthState))
@pytest.mark.parametrize("mode", get_args(CaptureMode))
def test_in_every_mode_and_state_a_command_is_offered_or_refused_with_a_reason(
    mode: CaptureMode, auth: AuthState, sidecar: SidecarState
) -> None:
    for killed, fallback, expected in itertools.product((False, True), repeat=3):
        known = status(sidecar, auth, mode, kill_switch=killed, fallback=fallback, stream_expected=expected)
        offered = offered_actions(known)
        assert offered, "nobody is stranded"
        for action in ACTIONS:
            allowed = action in offered or (standing_of(known), action) in ALREADY
            assert (why_not(known, action) == "") is allowed
            assert allowed or why_not(known, action).startswith("not possible")
