"""The closed words for how things stand."""

from __future__ import annotations

from typing import get_args

from messages import status


def test_the_words_are_those_of_the_design() -> None:
    assert get_args(status.CaptureMode) == ("HYBRID_ACTIVE", "DEGRADED_STREAMING", "OTEL_ONLY", "FAILURE")
    assert set(get_args(status.SidecarState)) == {
        "stopped", "starting", "running", "backing_off", "stopping", "crash_loop",
    }  # fmt: skip
    assert set(get_args(status.AuthState)) == {"needs_login", "authenticating", "authenticated", "logged_out"}
    assert get_args(status.AuthModeChoice)[0] == "chatgpt"


def test_nothing_is_ever_shown_as_unknown() -> None:
    words = [word for kind in (status.CaptureMode, status.SidecarState, status.AuthState, status.ActorState)
             for word in get_args(kind)]  # fmt: skip
    assert not [word for word in words if "unknown" in word.lower()]


def test_dispositions_and_drop_reasons_are_named_once() -> None:
    words = [*status.DISPOSITIONS, *status.DROP_REASONS]
    assert len(words) == len(set(words))


def test_outside_is_a_party_and_plays_no_role() -> None:
    assert set(get_args(status.Party)) - set(get_args(status.Role)) == {"root", "outside"}
