"""The auth table, its picture, its stories, and what holds after any sequence of words."""

from __future__ import annotations

from collections import Counter
from typing import Any, get_args

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from actors.machines import auth_words as words
from actors.machines.auth import TABLE, step
from actors.machines.auth_words import RETRIES_MAX, Auth
from actors.machines.effects import MachineRefused, Send, Wake, Woke
from messages.auth import (
    AbandonLogin,
    AccountUpdated,
    AuthCallFailed,
    AuthCommandDone,
    AuthStateChanged,
    LoginCancelRequested,
    LoginEnded,
    LoginOpened,
    LoginRequested,
    LogoutRequested,
    OpenLogin,
    ReadAccount,
    RetryAuthRequested,
    SendLogout,
    SidecarInitialized,
    SidecarLost,
)
from messages.status import AuthState
from tests.actors.machines import golden

PHASES = get_args(AuthState)
WORDS = get_args(words.Word)
URL = "https://auth.example/secret-code"


def account(
    mode: str | None = "chatgpt", *, ok: bool | None = None, generation: int = 1, **other: Any
) -> AccountUpdated:
    given: dict[str, Any] = {
        "generation": generation,
        "auth_mode": mode,
        "authenticated": mode is not None if ok is None else ok,
        "plan": "pro" if mode else None,
        "requires_login": True,
        "origin": "callback",
    }
    return AccountUpdated(**{**given, **other})


def failed(call: Any, command_id: str | None, generation: int = 1) -> AuthCallFailed:
    return AuthCallFailed(generation=generation, command_id=command_id, call=call, text="no")


def opened(command_id: str, login_id: str | None = "L1", generation: int = 1) -> LoginOpened:
    return LoginOpened(generation=generation, command_id=command_id, login_id=login_id, url=URL, user_code=None)


def ended(login_id: str | None, success: bool, generation: int = 1) -> LoginEnded:
    return LoginEnded(generation=generation, login_id=login_id, success=success, text="" if success else "cancelled")


def login(command_id: str = "c1", kind: Any = "chatgpt") -> LoginRequested:
    return LoginRequested(command_id=command_id, kind=kind)


def initialized(generation: int = 1) -> SidecarInitialized:
    return SidecarInitialized(generation=generation)


class Story:
    """`story >> what is heard`; `phase` and `said` show what came of it."""

    def __init__(self, **given: Any) -> None:
        self.auth = Auth(**given)
        self.said: list[Any] = []
        self.wakes: list[Wake] = []
        self.answers: list[AuthCommandDone] = []

    def __rshift__(self, heard: Any) -> Story:
        outcome = step(self.auth, heard)
        assert not isinstance(outcome, MachineRefused), outcome
        self.auth, effects = outcome
        self.said = [each.message for each in effects if isinstance(each, Send)]
        self.wakes += [each for each in effects if isinstance(each, Wake)]
        self.answers += [each for each in self.said if isinstance(each, AuthCommandDone)]
        return self

    @property
    def phase(self) -> str:
        return self.auth.phase

    def answer(self, command_id: str) -> AuthCommandDone:
        (found,) = [each for each in self.answers if each.command_id == command_id and each.final]
        return found


def logged_in(**given: Any) -> Story:
    return Story(**given) >> initialized() >> account()


# The picture, and every pair.


def test_the_picture_shows_the_table() -> None:
    golden.check("auth.md", golden.printed("Auth: every phase x every word", PHASES, WORDS, TABLE))


WORD: dict[type, Any] = {
    words.AccountConfirmed: words.AccountConfirmed("chatgpt", "pro", "callback"),
    words.AccountCleared: words.AccountCleared("gone"),
    words.AccountUnsupported: words.AccountUnsupported("apikey", "not chatgpt"),
    words.LoginFailed: words.LoginFailed("no"),
    words.LoginExpired: words.LoginExpired(),
    words.LoginAnnounced: words.LoginAnnounced(),
    words.LoginPending: words.LoginPending(),
    words.NoLogin: words.NoLogin("c9"),
    words.NotReachable: words.NotReachable("c9"),
    words.LogoutFailed: words.LogoutFailed("no"),
    words.ReadFailed: words.ReadFailed("no"),
    SidecarInitialized: initialized(2),
    SidecarLost: SidecarLost(generation=1),
    LoginRequested: login("c9"),
    LoginOpened: opened("c1"),
    LoginCancelRequested: LoginCancelRequested(command_id="c9"),
    LogoutRequested: LogoutRequested(command_id="c9"),
    RetryAuthRequested: RetryAuthRequested(command_id="c9"),
}


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.__name__)
def test_every_pair_goes_where_the_table_says_or_changes_nothing(
    phase: Any, word: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    auth = Auth(phase=phase, generation=1, initialized=True, command_id="c1", logout_id="o1", login_id="L1")
    monkeypatch.setattr("actors.machines.auth.refine", lambda _, heard: heard)
    outcome = step(auth, WORD[word])
    if (phase, word) not in TABLE:
        assert outcome == MachineRefused(phase, word.__name__)
        return
    assert not isinstance(outcome, MachineRefused)
    assert outcome[0].phase == TABLE[phase, word][0]


def test_only_a_confirmed_account_leads_to_authenticated() -> None:
    into = {
        word for (phase, word), (after, _) in TABLE.items() if after == "authenticated" and phase != "authenticated"
    }
    assert into == {words.AccountConfirmed}


# Stories.


def test_stored_credentials_with_a_callback_authenticate_without_a_login() -> None:
    story = Story() >> initialized()
    assert story.phase == "authenticating"
    story >> account()
    assert (story.phase, story.auth.mode, story.auth.plan) == ("authenticated", "chatgpt", "pro")
    assert story.said[0] == AuthStateChanged(
        generation=1, state="authenticated", mode="chatgpt", plan="pro", cause="account confirmed by callback"
    )


def test_stored_credentials_without_a_callback_authenticate_by_the_account_that_was_read() -> None:
    story = Story() >> initialized() >> account(origin="account_read")
    assert story.said[0].cause == "account confirmed by account_read"


def test_a_login_goes_from_the_address_to_the_proof() -> None:
    story = Story() >> initialized() >> account(None)
    assert story.phase == "needs_login"
    story >> login()
    assert OpenLogin(command_id="c1", kind="chatgpt") in story.said
    story >> opened("c1")
    assert (story.said[0].url, story.said[0].final, story.said[0].login_id) == (URL, False, "L1")
    story >> ended("L1", True)
    assert story.phase == "authenticating", "an announcement proves nothing"
    assert story.said == [ReadAccount(command_id=None)]
    story >> account()
    assert story.phase == "authenticated"
    assert story.answer("c1").ok


def test_a_login_announced_without_an_id_is_the_one_that_is_under_way() -> None:
    story = Story() >> initialized() >> account(None) >> login() >> opened("c1") >> ended(None, True) >> account()
    assert story.answer("c1").ok


@pytest.mark.parametrize("mode", [None, ""])
def test_an_account_without_a_mode_never_authenticates(mode: str | None) -> None:
    assert (Story() >> initialized() >> account(mode, ok=True)).phase == "needs_login"


def test_an_account_that_did_not_confirm_never_authenticates() -> None:
    assert (Story() >> initialized() >> account(ok=False)).phase == "needs_login"


def test_a_mode_that_nobody_knows_never_authenticates() -> None:
    story = Story() >> initialized() >> account("carrierPigeon", ok=True)
    assert (story.phase, story.auth.mode) == ("needs_login", "carrierPigeon")


def test_a_login_that_is_gone_is_noticed() -> None:
    story = logged_in() >> account(None)
    assert (story.phase, story.auth.mode, story.auth.plan) == ("needs_login", None, None)


def test_nobody_logged_in_is_no_news_while_a_person_logs_in() -> None:
    story = Story() >> initialized() >> login() >> account(None)
    assert (story.phase, story.answers) == ("authenticating", [])


def test_a_key_is_not_enough_when_chatgpt_was_chosen() -> None:
    story = Story() >> initialized() >> login(kind="apiKey") >> account("apikey")
    assert story.phase == "needs_login"
    assert story.answer("c1").text == "login of kind apikey is not chatgpt"


def test_a_key_is_enough_when_it_was_chosen_and_chatgpt_is_not() -> None:
    assert (Story(choice="apiKey") >> initialized() >> account("apikey")).phase == "authenticated"
    assert (Story(choice="apiKey") >> initialized() >> account("chatgpt")).phase == "needs_login"


def test_a_provider_without_logins_is_proof_only_when_it_was_chosen() -> None:
    assert (Story(choice="none") >> initialized() >> account(None, requires_login=False)).phase == "authenticated"
    assert (Story(choice="none") >> initialized() >> account(None)).phase == "needs_login"
    story = Story() >> initialized() >> account(None, requires_login=False)
    assert story.phase == "needs_login"
    assert "codex.appServerAuthMode" in story.said[0].cause


def test_evidence_of_an_older_process_is_void() -> None:
    story = logged_in() >> initialized(2)
    assert story.phase == "authenticating"
    assert (story >> account(generation=1)).phase == "authenticating"
    assert (story >> account(generation=2)).phase == "authenticated"


def test_a_process_that_ends_takes_its_proof_along() -> None:
    story = logged_in() >> SidecarLost(generation=1)
    assert (story.phase, story.auth.mode) == ("authenticating", None)
    story >> login("c2")
    assert story.answer("c2").text == "the sidecar is not running: restart it first"


def test_an_older_process_that_is_lost_late_is_nothing() -> None:
    assert (
        logged_in() >> initialized(2) >> account(generation=2) >> SidecarLost(generation=1)
    ).phase == "authenticated"


def test_a_logout_is_told_and_confirmed_and_login_works_again_on_the_same_process() -> None:
    story = logged_in() >> LogoutRequested(command_id="o1")
    assert story.phase == "logged_out"
    assert SendLogout(command_id="o1") in story.said
    assert story.answers == []
    assert (story >> account(None)).answer("o1").ok
    story >> login("c2") >> opened("c2") >> ended("L1", True) >> account()
    assert (story.phase, story.answer("c2").ok, story.auth.generation) == ("authenticated", True, 1)


def test_a_confirmation_that_was_under_way_at_the_logout_is_no_login() -> None:
    story = logged_in() >> LogoutRequested(command_id="o1") >> account()
    assert (story.phase, story.answers) == ("logged_out", [])
    story >> login("c2") >> account()
    assert story.phase == "authenticating", "upstream has not taken the logout yet"
    story >> account(None)
    assert story.answer("o1").ok
    assert (story >> account()).answer("c2").ok


def test_a_logout_from_a_provider_without_logins_is_confirmed_too() -> None:
    for choice in ("none", "chatgpt"):
        story = Story(choice=choice) >> initialized() >> LogoutRequested(command_id="o1")
        assert (story >> account(None, requires_login=False)).answer("o1").ok


def test_a_logout_that_fails_reads_the_account_again() -> None:
    story = logged_in() >> LogoutRequested(command_id="o1") >> failed("account/logout", "o1")
    assert (story.phase, story.answer("o1").ok) == ("authenticating", False)
    assert ReadAccount(command_id=None) in story.said
    assert (story >> account()).phase == "authenticated"


def test_a_logout_that_nobody_confirms_fails_at_its_deadline() -> None:
    story = logged_in() >> LogoutRequested(command_id="o1")
    (wake,) = story.wakes
    story >> LogoutRequested(command_id="o2")
    assert story.answer("o1").text == "replaced by a newer logout"
    story >> Woke(wake.name, wake.epoch)
    assert story.phase == "logged_out", "the deadline of the first is old"
    story >> Woke(story.wakes[-1].name, story.wakes[-1].epoch)
    assert not story.answer("o2").ok


@pytest.mark.parametrize("end", [initialized(2), SidecarLost(generation=1)])
def test_a_process_that_ends_ends_what_was_under_way(end: Any) -> None:
    story = logged_in() >> LogoutRequested(command_id="o1") >> login("c1") >> end
    assert not story.answer("o1").ok
    assert not story.answer("c1").ok


def test_a_login_that_is_not_completed_expires() -> None:
    story = Story(login_deadline_ms=5_000) >> initialized() >> login() >> opened("c1")
    (wake,) = story.wakes
    assert wake.after_ms == 5_000
    story >> Woke(wake.name, wake.epoch)
    assert AbandonLogin(command_id="deadline", login_id="L1") in story.said
    assert (story.phase, story.answer("c1").ok) == ("needs_login", False)


def test_the_deadline_of_an_older_login_is_nothing() -> None:
    story = Story() >> initialized() >> login("c1") >> login("c2")
    first = story.wakes[0]
    story >> Woke(first.name, first.epoch)
    assert story.phase == "authenticating"
    assert story.answer("c1").text == "replaced by a newer login"


def test_a_newer_login_is_not_ended_by_the_end_of_the_older_one() -> None:
    """Upstream ends the first login when a second begins: success=false, with the id of the first (codex 0.169)."""
    story = Story() >> initialized() >> login("c1") >> opened("c1", "L1") >> login("c2") >> ended("L1", False)
    assert story.phase == "authenticating"
    story >> failed("account/login/start", "c1") >> opened("c2", "L2") >> ended("L1", False)
    assert story.phase == "authenticating"
    assert not (story >> ended("L2", False)).answer("c2").ok


def test_a_cancellation_that_fails_does_not_end_the_next_login() -> None:
    story = Story() >> initialized() >> login("c1") >> opened("c1") >> LoginCancelRequested(command_id="x1")
    assert AbandonLogin(command_id="x1", login_id="L1") in story.said
    assert (story.answer("c1").ok, story.answer("x1").ok) == (False, True)
    story >> login("c2") >> failed("account/login/cancel", "x1")
    assert story.phase == "authenticating"


def test_there_may_be_nothing_to_cancel() -> None:
    assert (logged_in() >> LoginCancelRequested(command_id="x1")).answer("x1").text == "no login is under way"


def test_reading_again_leaves_a_proved_login_alone() -> None:
    story = logged_in() >> RetryAuthRequested(command_id="r1")
    assert story.phase == "authenticated"
    assert ReadAccount(command_id="r1") in story.said
    story >> failed("account/read", "r1")
    assert (story.phase, story.answer("r1").ok) == ("authenticated", False)
    story >> RetryAuthRequested(command_id="r2") >> account("chatgpt")
    assert (story.answer("r2").ok, story.answer("r2").text) == (True, "logged in")


def test_reading_again_is_answered_by_what_the_account_says() -> None:
    story = logged_in() >> RetryAuthRequested(command_id="r1") >> RetryAuthRequested(command_id="r2")
    story >> account(None, ok=False)
    assert [(story.answer(each).ok, story.answer(each).text) for each in ("r1", "r2")] == [(False, "no login")] * 2
    lost = logged_in() >> RetryAuthRequested(command_id="r1") >> SidecarLost(generation=1)
    assert not lost.answer("r1").ok


def test_many_who_ask_for_the_account_are_each_answered() -> None:
    story = logged_in()
    for number in range(RETRIES_MAX + 1):
        story >> RetryAuthRequested(command_id=f"r{number}")
    assert not story.answer(f"r{RETRIES_MAX}").ok
    story >> account("chatgpt")
    assert all(story.answer(f"r{number}").ok for number in range(RETRIES_MAX))


def test_an_account_that_cannot_be_read_proves_nothing() -> None:
    story = Story() >> initialized() >> failed("account/read", None)
    assert story.phase == "needs_login"


def test_a_second_login_while_logged_in_is_refused() -> None:
    assert step(logged_in().auth, login("c2")) == MachineRefused("authenticated", "LoginRequested")


# What holds after any sequence.


class AnySequence(RuleBasedStateMachine):
    """Commands come from a person, the rest from a sidecar that may say anything about any generation."""

    def __init__(self) -> None:
        super().__init__()
        self.auth = Auth()
        self.asked: list[str] = []
        self.answered: Counter[str] = Counter()
        self.wakes: list[Wake] = []
        self.generation = 1
        self.last: Any = None

    @initialize(choice=st.sampled_from(["chatgpt", "apiKey", "none"]))
    def begin(self, choice: Any) -> None:
        self.auth = Auth(choice=choice)

    def hear(self, heard: Any) -> None:
        before = self.auth
        outcome = step(before, heard)
        command_id = getattr(heard, "command_id", None)
        if isinstance(outcome, MachineRefused):
            # What actors/auth.py answers then.
            assert isinstance(heard, LoginRequested), f"{type(heard).__name__} is refused in {before.phase}"
            self.answered[str(command_id)] += 1
            return
        self.auth, effects = outcome
        for each in effects:
            if isinstance(each, Wake):
                self.wakes.append(each)
            elif isinstance(each, Send) and isinstance(each.message, AuthCommandDone):
                assert each.to == "facade"
                self.answered[each.message.command_id] += each.message.final
            else:
                assert isinstance(each, Send)
                assert URL not in each.message.model_dump_json(), "the address goes to the facade alone"
        if self.auth.phase == "authenticated" and before.phase != "authenticated":
            assert isinstance(heard, AccountUpdated)
            assert heard.generation == before.generation
            assert heard.authenticated or before.choice == "none"
        if (self.auth.phase, self.auth.mode, self.auth.plan) != (before.phase, before.mode, before.plan):
            told = [each.message for each in effects if isinstance(each, Send) and each.to == "supervisor"]
            assert [(each.state, each.mode, each.plan) for each in told] == [
                (self.auth.phase, self.auth.mode, self.auth.plan)
            ]

    def command(self, wish: type, **given: Any) -> None:
        command_id = f"c{len(self.asked)}"
        self.asked.append(command_id)
        self.hear(wish(command_id=command_id, **given))

    @rule(kind=st.sampled_from(["chatgpt", "apiKey"]))
    def log_in(self, kind: Any) -> None:
        self.command(LoginRequested, kind=kind)

    @rule(kind=st.sampled_from([LoginCancelRequested, LogoutRequested, RetryAuthRequested]))
    def ask(self, kind: type) -> None:
        self.command(kind)

    @rule(mode=st.sampled_from([None, "chatgpt", "apikey"]), ok=st.booleans(), needs=st.booleans(), old=st.booleans())
    def account(self, mode: str | None, ok: bool, needs: bool, old: bool) -> None:
        self.hear(account(mode, ok=ok and mode is not None, requires_login=needs, generation=self.generation - old))

    @rule(back=st.integers(1, 3), old=st.booleans())
    def login_opened(self, back: int, old: bool) -> None:
        if len(self.asked) >= back:
            self.hear(opened(self.asked[-back], f"L-{self.asked[-back]}", self.generation - old))

    @rule(back=st.integers(0, 3), success=st.booleans())
    def login_ended(self, back: int, success: bool) -> None:
        login_id = f"L-{self.asked[-back]}" if 0 < back <= len(self.asked) else None
        self.hear(ended(login_id, success, self.generation))

    @rule(
        call=st.sampled_from(["account/read", "account/login/start", "account/login/cancel", "account/logout"]),
        back=st.integers(0, 3),
    )
    def call_failed(self, call: str, back: int) -> None:
        command_id = self.asked[-back] if 0 < back <= len(self.asked) else None
        self.hear(failed(call, command_id, self.generation))

    @rule(new=st.booleans())
    def process_speaks(self, new: bool) -> None:
        self.generation += new
        self.hear(initialized(self.generation))

    @rule(old=st.booleans())
    def process_ends(self, old: bool) -> None:
        self.hear(SidecarLost(generation=self.generation - old))

    @rule(number=st.integers(0, 5))
    def deadline(self, number: int) -> None:
        if self.wakes:
            wake = self.wakes[-1 - number % len(self.wakes)]
            self.hear(Woke(wake.name, wake.epoch))

    @invariant()
    def every_command_is_answered_once_or_still_open(self) -> None:
        still = {self.auth.command_id, self.auth.logout_id, *self.auth.retries}
        for command_id in self.asked:
            count = self.answered[command_id]
            assert count == (0 if command_id in still else 1), f"{command_id} was answered {count} times"

    @invariant()
    def a_login_is_under_way_only_while_authenticating(self) -> None:
        assert self.auth.command_id is None or self.auth.phase == "authenticating"
        assert self.auth.logout_id is None or self.auth.phase != "authenticated"

    @invariant()
    def what_is_open_has_a_deadline(self) -> None:
        epochs = {(wake.name, wake.epoch) for wake in self.wakes}
        assert self.auth.command_id is None or ("login_deadline", self.auth.epoch) in epochs
        assert self.auth.logout_id is None or ("logout_deadline", self.auth.logout_epoch) in epochs


AnySequence.TestCase.settings = settings(
    max_examples=300, stateful_step_count=40, derandomize=True, deadline=None, database=None
)
TestAnySequence = AnySequence.TestCase
