"""The app-server's questions to a person: one token, one answer."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import Any

import pytest

from actors.machines.effects import Send
from actors.machines.standing import Now
from actors.questions import DIFF_CHARS_MAX, DIFFS_MAX, SUMMARY_CHARS_MAX, Questions
from actors.wire.diffs import diff_of
from actors.wire.frames import ItemStarted, ServerRequest, ServerRequestResolved
from messages.calls import ApprovalAsked, ApprovalGiven, ApprovalSettled, CallDone
from messages.settings import Limits

COMMAND = "item/commandExecution/requestApproval"
FILE = "item/fileChange/requestApproval"
NOW = Now(1_000, 50_000)


def new(**limits: Any) -> Questions:
    numbers = itertools.count(1)
    return Questions(Limits(**limits), lambda: f"token{next(numbers)}")


def request(number: Any = 0, method: str = COMMAND, summary: str = "rm -rf x") -> ServerRequest:
    return ServerRequest(number, method, "t1", "u1", "i1", summary, {})


def given(token: str, decision: Any = "accept") -> ApprovalGiven:
    return ApprovalGiven(command_id="c1", token=token, decision=decision)


def said(effects: tuple[Any, ...]) -> list[Any]:
    assert all(isinstance(each, Send) and each.to == "facade" for each in effects)
    return [each.message for each in effects]


def test_a_question_about_a_file_change_shows_what_it_would_do_redacted_and_bounded() -> None:
    questions = new()
    key = "AKIA" + "Q3EGRWTY7Z2WVBNH"
    text = diff_of([{"path": "/w/a.py", "kind": {"type": "add"}, "diff": f"aws_access_key_id = {key}\nprint(1)\n"}])
    questions.started(ItemStarted("t1", "u1", "i1", "fileChange", None, text))
    (shown,) = said(questions.asked(request(1, FILE), 1, NOW)[1])
    assert shown.diff.startswith("--- /dev/null\n+++ /w/a.py\n+")
    assert "+print(1)\n" in shown.diff
    assert key not in shown.diff
    assert shown.diff_cut is False
    questions.started(ItemStarted("t1", "u1", "i2", "fileChange", None, "x\n" * DIFF_CHARS_MAX))
    (long,) = said(questions.asked(replace(request(2, FILE), item_id="i2"), 1, NOW)[1])
    assert (len(long.diff), long.diff_cut) == (DIFF_CHARS_MAX, True)
    (command,) = said(questions.asked(request(3), 1, NOW)[1])
    assert command.diff == ""


def test_diffs_that_nobody_is_asked_about_are_bounded() -> None:
    questions = new()
    for number in range(DIFFS_MAX + 1):
        questions.started(ItemStarted("t1", "u1", f"i{number}", "fileChange", None, "x\n"))
    (first,) = said(questions.asked(replace(request(1, FILE), item_id="i0"), 1, NOW)[1])
    (second,) = said(questions.asked(replace(request(2, FILE), item_id="i1"), 1, NOW)[1])
    assert (first.diff, second.diff) == ("", "x\n")


@pytest.mark.parametrize("number", [0, 7, "abc", "0"])
@pytest.mark.parametrize("method", [COMMAND, FILE])
def test_a_question_is_shown_and_answered_once_with_its_own_id(number: Any, method: str) -> None:
    questions = new()
    line, effects = questions.asked(request(number, method), 3, NOW)
    (shown,) = said(effects)
    assert isinstance(shown, ApprovalAsked)
    assert (line, shown.token, shown.generation, shown.expires_at_ms) == (None, "token1", 3, 350_000)
    line, effects = questions.given(given("token1"))
    assert line is not None
    assert json.loads(line) == {"id": number, "result": {"decision": "accept"}}
    assert said(effects) == [
        CallDone(command_id="c1", ok=True, text="accept"),
        ApprovalSettled(token="token1", outcome="accept"),
    ]
    line, effects = questions.given(given("token1", "decline"))
    assert line is None
    assert [each.ok for each in said(effects)] == [False]


def test_a_token_that_was_never_given_out_answers_nothing() -> None:
    questions = new()
    questions.asked(request(), 1, NOW)
    line, effects = questions.given(given("guess"))
    assert (line, said(effects)[0].ok) == (None, False)
    assert questions.open_ones()


def test_a_question_that_nobody_answers_is_declined_at_its_deadline() -> None:
    questions = new(approval_deadline_ms=100)
    questions.asked(request(), 1, NOW)
    assert questions.expired(1_099) == []
    ((line, effects),) = questions.expired(1_100)
    assert json.loads(line)["result"] == {"decision": "decline"}
    assert said(effects) == [ApprovalSettled(token="token1", outcome="timed_out")]
    assert questions.given(given("token1"))[0] is None
    assert questions.expired(9_999) == []


def test_over_the_bound_the_newest_is_declined_at_once() -> None:
    questions = new(approvals_max=1)
    questions.asked(request(0), 1, NOW)
    line, effects = questions.asked(request(1), 1, NOW)
    assert line is not None
    assert (json.loads(line)["id"], effects) == (1, ())


def test_what_no_person_can_decide_is_answered_at_once() -> None:
    line, effects = new().asked(request(4, "attestation/generate"), 1, NOW)
    assert line is not None
    assert (json.loads(line)["id"], effects) == (4, ())


def test_a_repeated_question_is_shown_once() -> None:
    questions = new()
    questions.asked(request(), 1, NOW)
    assert questions.asked(request(), 1, NOW) == (None, ())


def test_what_upstream_withdraws_needs_no_answer_any_more() -> None:
    questions = new()
    questions.asked(request(), 1, NOW)
    assert said(questions.resolved(ServerRequestResolved("t1", 0))) == [
        ApprovalSettled(token="token1", outcome="withdrawn")
    ]
    assert questions.given(given("token1"))[0] is None
    assert questions.resolved(ServerRequestResolved("t1", 0)) == ()


def test_with_the_process_its_questions_are_over() -> None:
    questions = new()
    questions.asked(request(0), 1, NOW)
    questions.asked(request(1), 1, NOW)
    assert [each.outcome for each in said(questions.close())] == ["closed", "closed"]
    assert questions.close() == questions.open_ones() == ()


def test_a_new_facade_gets_every_open_question() -> None:
    questions = new()
    questions.asked(request(0), 1, NOW)
    questions.asked(request(1), 1, NOW)
    questions.given(given("token1"))
    assert [each.token for each in said(questions.open_ones())] == ["token2"]


def test_a_summary_is_redacted_and_cut() -> None:
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    _, effects = new().asked(request(summary=f"GITHUB_TOKEN={secret} " + "x" * 9_000), 1, NOW)
    (shown,) = said(effects)
    assert secret not in shown.summary
    assert len(shown.summary) <= SUMMARY_CHARS_MAX
