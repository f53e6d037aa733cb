"""Every expected error is a sentence, a word and an exit code; a bug of ours is neither."""

from __future__ import annotations

import pytest

from hybrid_capture.client import Unanswered
from hybrid_capture.codex_binary import CodexNotFound
from hybrid_capture.problems import EXIT_CODES, Problem, problem_of, result_of
from hybrid_capture.root_process import NotStarted
from hybrid_capture.settings import BadSettings
from hybrid_capture.statefolder import FolderTaken, FolderUnusable, NotRunning
from storage.errors import NothingCaptured, StoreUnavailable, WrongSchema


@pytest.mark.parametrize(
    ("error", "code", "exit_code"),
    [
        (NotRunning("x"), "NOT_RUNNING", 3),
        (FolderTaken("x"), "FOLDER_TAKEN", 6),
        (FolderUnusable("x"), "FOLDER_UNUSABLE", 6),
        (NothingCaptured("x", "y"), "NOTHING_CAPTURED", 6),
        (WrongSchema("x", "y"), "STORE_UNUSABLE", 6),
        (StoreUnavailable("x", "y"), "STORE_UNUSABLE", 6),
        (BadSettings("x"), "BAD_SETTINGS", 2),
        (CodexNotFound("x"), "CODEX_NOT_FOUND", 2),
        (NotStarted("x"), "NOT_STARTED", 7),
        (Unanswered("x"), "UNANSWERED", 7),
        (PermissionError(13, "Permission denied", "/f"), "SYSTEM", 1),
        (UnicodeEncodeError("utf-8", "caf\udce9", 3, 4, "surrogates not allowed"), "NOT_TEXT", 2),
        (Problem("OWN", "x", 5), "OWN", 5),
    ],
)
def test_expected_errors_have_their_code(error: Exception, code: str, exit_code: int) -> None:
    problem = problem_of(error)
    assert problem is not None
    assert (problem.code, problem.exit_code) == (code, exit_code)
    assert exit_code in EXIT_CODES
    assert "\n" not in problem.text


def test_a_bug_and_a_closed_pipe_are_no_problems() -> None:
    assert problem_of(KeyError("x")) is None
    assert problem_of(BrokenPipeError(32, "Broken pipe")) is None


def test_an_effect_is_taken_and_a_refusal_or_failure_is_a_problem() -> None:
    assert result_of({"event": "commandDone", "ok": True, "result": {"threadId": "t"}}) == {"threadId": "t"}
    assert result_of({"answer": "accepted"}) == {}
    for answer in ({"answer": "refused", "code": "NOT_NOW", "text": "no"}, {"ok": False, "code": "FAILED", "text": ""}):
        with pytest.raises(Problem) as caught:
            result_of(answer)
        assert caught.value.exit_code == 1
        assert caught.value.text
