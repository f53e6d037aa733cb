"""How what was heard becomes one word of the auth table."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.machines.auth_words import AccountConfirmed, Auth, NotReachable, Stale, refine
from actors.machines.effects import Woke
from messages.auth import AccountUpdated, LoginCancelRequested, LoginRequested, LogoutRequested, RetryAuthRequested


@settings(max_examples=500, derandomize=True, deadline=None, database=None)
@given(
    st.sampled_from(["chatgpt", "apiKey", "none"]),
    st.none() | st.sampled_from(["", "chatgpt", "apikey", "agentIdentity", "x"]),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["needs_login", "authenticating", "authenticated", "logged_out"]),
)
def test_a_login_is_confirmed_only_by_the_kind_that_was_chosen(
    choice: Any, mode: str | None, authenticated: bool, requires_login: bool, phase: Any
) -> None:
    heard = AccountUpdated(
        generation=1, auth_mode=mode, authenticated=authenticated, plan=None, requires_login=requires_login,
        origin="callback",
    )  # fmt: skip
    word = refine(Auth(choice=choice, generation=1, phase=phase, initialized=True), heard)
    proved = authenticated and mode == {"chatgpt": "chatgpt", "apiKey": "apikey", "none": "nothing"}[choice]
    openly = choice == "none" and not requires_login and (bool(mode) or phase != "logged_out")
    assert isinstance(word, AccountConfirmed) is (proved or openly)


@pytest.mark.parametrize("kind", [LoginCancelRequested, LogoutRequested, RetryAuthRequested])
def test_without_a_process_no_command_reaches_anybody(kind: Any) -> None:
    assert refine(Auth(), kind(command_id="c1")) == NotReachable("c1")
    assert refine(Auth(), LoginRequested(command_id="c1", kind="chatgpt")) == NotReachable("c1")


def test_a_wake_up_of_another_name_is_stale() -> None:
    auth = Auth(command_id="c1", logout_id="o1")
    assert refine(auth, Woke("tick", auth.epoch)) == Stale()
