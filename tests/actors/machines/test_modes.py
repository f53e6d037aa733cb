"""The mode table of DESIGN section 3, over every combination of facts."""

from __future__ import annotations

from itertools import product
from typing import Any, get_args

from actors.machines.modes import Facts, mode_of, stream_ready
from messages.status import AuthState, CaptureMode, SidecarState

YES = {
    "baseline_healthy": True, "baseline_working": True, "baseline_reason": "b",
    "stream_expected": True, "stream_unexpected_reason": "k",
    "sidecar": "running", "sidecar_error": "", "initialize_sent": True, "initialized": True, "auth": "authenticated",
    "auth_reason": "a", "stream_healthy": True, "stream_reason": "s", "broken_part": "",
}  # fmt: skip


def facts(**other: Any) -> Facts:
    return Facts(**{**YES, **other})


def test_the_first_row_that_holds_is_the_mode() -> None:
    flags = product([True, False], repeat=5)
    for (baseline, expected, sent, initialized, healthy), auth, sidecar, broken in product(
        flags, get_args(AuthState), get_args(SidecarState), ("", "stager is starting")
    ):
        given = facts(
            baseline_healthy=baseline, baseline_working=baseline, stream_expected=expected,
            initialize_sent=sent, initialized=initialized,
            stream_healthy=healthy, auth=auth, sidecar=sidecar, broken_part=broken,
        )  # fmt: skip
        ready = sent and initialized and auth == "authenticated" and healthy and not broken
        wanted = (
            "FAILURE" if not baseline
            else "OTEL_ONLY" if not expected
            else "HYBRID_ACTIVE" if ready
            else "DEGRADED_STREAMING"
        )  # fmt: skip
        mode, reason = mode_of(given)
        assert mode == wanted
        assert mode in get_args(CaptureMode)
        assert stream_ready(given) is ready
        assert len(reason) > 0, "a person is always told why"


def test_the_reason_names_the_first_thing_that_is_missing() -> None:
    def why(**other: Any) -> str:
        return mode_of(facts(**other))[1]

    assert why(broken_part="stager crash-loops: x", sidecar="stopped") == "stager crash-loops: x"
    assert (
        why(sidecar="crash_loop", initialized=False, sidecar_error="exit code 1")
        == "sidecar is crash_loop: exit code 1"
    )
    assert why(initialized=False) == "handshake with the sidecar is not done"
    assert why(auth="needs_login", auth_reason="no login") == "auth is needs_login: no login"
    assert why(stream_healthy=False, stream_reason="frames wait") == "stream is not healthy: frames wait"
    assert (
        why(baseline_healthy=False, baseline_working=False)
        == "durable baseline is not working: b; the live stream is still captured"
    )
    assert why(stream_expected=False) == "k"


def test_a_baseline_of_which_a_part_works_is_no_failure_and_never_called_active() -> None:
    partly: dict[str, Any] = {
        "baseline_healthy": False,
        "baseline_working": True,
        "baseline_reason": "otlp: port 4318 is taken",
    }
    mode, reason = mode_of(facts(**partly))
    assert (mode, "port 4318 is taken" in reason) == ("DEGRADED_STREAMING", True)
    mode, reason = mode_of(facts(**partly, stream_expected=False))
    assert (mode, "port 4318 is taken" in reason) == ("OTEL_ONLY", True)
    assert mode_of(facts(**partly, auth="needs_login")) == ("DEGRADED_STREAMING", "auth is needs_login: a")
