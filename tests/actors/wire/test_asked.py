from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.wire.asked import Answered, Asked, Held, NotAsked, Repeated
from actors.wire.frames import ServerRequest

COMMAND = "item/commandExecution/requestApproval"


def question(request_id: int | str, method: str = COMMAND) -> ServerRequest:
    return ServerRequest(request_id, method, "t", "u", "i", "ls", {})


@pytest.mark.parametrize("request_id", [0, 3, "0", "a"])
def test_a_question_is_answered_once(request_id):
    asked = Asked(4)
    assert asked.add(question(request_id), 100, 50) == Held(question(request_id), 150)
    line = orjson.dumps({"id": request_id, "result": {"decision": "accept"}}) + b"\n"
    assert asked.answer(request_id, "accept") == Answered(question(request_id), "accept", line)
    assert asked.answer(request_id, "accept") == NotAsked(request_id)
    assert len(asked) == 0


def test_ids_of_different_types_are_different():
    asked = Asked(4)
    asked.add(question(0), 0, 50)
    assert asked.answer("0", "accept") == NotAsked("0")
    assert 0 in asked


def test_a_question_that_comes_again_is_still_one_question():
    asked = Asked(4)
    asked.add(question(0), 0, 50)
    assert asked.add(question(0), 30, 50) == Repeated(0)


def test_over_the_limit_the_newest_is_declined_at_once():
    asked = Asked(1)
    asked.add(question(0), 0, 50)
    line = b'{"id":1,"result":{"decision":"decline"}}\n'
    assert asked.add(question(1), 0, 50) == Answered(question(1), "overflow", line)
    assert asked.answer(1, "accept") == NotAsked(1)
    assert isinstance(asked.answer(0, "accept"), Answered)


def test_what_no_person_can_decide_is_answered_at_once():
    asked = Asked(1)
    answered = asked.add(question(0, "account/chatgptAuthTokens/refresh"), 0, 50)
    assert isinstance(answered, Answered)
    assert answered.outcome == "not_offered"
    assert b"-32000" in answered.line
    unknown = asked.add(question(1, "never/heard"), 0, 50)
    assert isinstance(unknown, Answered)
    assert b"-32601" in unknown.line
    assert len(asked) == 0


def test_without_an_answer_in_time_it_is_declined():
    asked = Asked(4)
    asked.add(question(0), 0, 50)
    asked.add(question(1), 10, 50)
    assert asked.expire(49) == ()
    assert [(each.request.id, each.outcome) for each in asked.expire(50)] == [(0, "timed_out")]
    assert asked.answer(0, "accept") == NotAsked(0)


def test_upstream_may_withdraw_a_question():
    asked = Asked(4)
    asked.add(question(0), 0, 50)
    assert asked.withdraw(0) == question(0)
    assert asked.withdraw(0) is None
    assert asked.answer(0, "accept") == NotAsked(0)


def test_with_its_process_every_question_is_declined():
    asked = Asked(4)
    asked.add(question(0), 0, 50)
    asked.add(question("x", "applyPatchApproval"), 0, 50)
    assert [(each.request.id, each.outcome) for each in asked.close_all()] == [(0, "closed"), ("x", "closed")]
    assert asked.close_all() == ()


STEPS = st.tuples(st.sampled_from(["add", "answer", "withdraw", "expire"]), st.integers(0, 6))


@given(st.lists(STEPS, max_size=60))
def test_no_question_gets_two_answers_or_none(steps):
    asked = Asked(3)
    opened, answered, withdrawn = 0, 0, 0
    for now, (what, n) in enumerate(steps):
        if what == "add":
            outcome = asked.add(question(n), now, n)
            opened += not isinstance(outcome, Repeated)
            answered += isinstance(outcome, Answered)
        elif what == "answer":
            answered += isinstance(asked.answer(n, "decline"), Answered)
        elif what == "withdraw":
            withdrawn += asked.withdraw(n) is not None
        else:
            answered += len(asked.expire(now))
        assert len(asked) <= 3
        assert opened == answered + withdrawn + len(asked)
