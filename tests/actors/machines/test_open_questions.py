"""Questions as renderers see them: each with a token that fits one renderer, one thread and one answer."""

from __future__ import annotations

from actors.machines.open_questions import OpenQuestions, closed, shown, shown_token
from messages.calls import ApprovalAsked
from messages.status import SidecarStatus


def asked(token: str = "k1", thread: str = "t1", generation: int = 1) -> ApprovalAsked:
    return ApprovalAsked(
        generation=generation, token=token, kind="fileChange", session_id=thread, turn_id="u1", item_id="i1",
        summary="s", diff="--- a", diff_cut=True, expires_at_ms=9,
    )  # fmt: skip


def test_a_token_is_each_renderers_own_and_each_threads_own_and_the_same_again() -> None:
    tokens = {
        shown_token(question, client)
        for question in (asked(), asked("k2"), asked(thread="t2"))
        for client in ("a", "b")
    }
    assert len(tokens) == 6
    assert shown_token(asked(), "a") in tokens
    assert not {"k1", "k2"} & tokens


def test_what_is_shown_carries_the_diff_and_who_only_looks_gets_no_token() -> None:
    told = shown(asked(), "a", "operator")
    assert (told.diff, told.diff_cut, told.token) == ("--- a", True, shown_token(asked(), "a"))
    assert shown(asked(), "a", "observer").token == closed(asked(), "a", "observer", "accept").token == ""
    assert closed(asked(), "a", "operator", "accept").token == told.token


def test_a_question_can_be_decided_once_while_it_is_open() -> None:
    questions = OpenQuestions()
    questions.add(asked())
    for guess in ("", "k1", "\ud800", shown_token(asked(), "b")):
        assert questions.decide("a", guess) is None
    assert questions.decide("a", shown_token(asked(), "a")) == "k1"
    assert questions.decide("a", shown_token(asked(), "a")) is None
    assert questions.decide("b", shown_token(asked(), "b")) is None
    assert questions.pop("k1") == asked()
    assert questions.pop("k1") is None
    assert len(questions) == 0


def test_a_process_that_is_gone_takes_its_questions_along() -> None:
    questions = OpenQuestions()
    questions.add(asked(generation=1))
    questions.add(asked("k2", generation=2))
    live = SidecarStatus(state="running", generation=2, pid=1, restarts_in_window=0)
    assert questions.of_dead(live) == ["k1"]
    assert questions.of_dead(live.model_copy(update={"state": "crash_loop"})) == ["k1", "k2"]
