"""A turn from the command line: how it ends, whatever happens to it on the way."""

from __future__ import annotations

import io
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hybrid_capture import turns
from hybrid_capture.client import Unanswered
from hybrid_capture.console import Screen
from hybrid_capture.inbox import GONE, SIGNAL, Inbox
from hybrid_capture.problems import Problem
from hybrid_capture.turns import Turn, Wish, take_turn
from tests.hybrid_capture.command import PATIENCE_S, Running, Verb
from tests.storage.story import Stream, message, open_store, thread, turn


class FakeRuntime:
    """Answers as the runtime would, and keeps what was said."""

    def __init__(self, inbox: Inbox, then: dict[str, dict[str, Any]], **answers: dict[str, Any]) -> None:
        self.said: list[dict[str, Any]] = []
        self._then = then
        self._inbox = inbox
        self._answers = {
            "subscribe": {"answer": "accepted"},
            "startThread": {"ok": True, "result": {"threadId": "t1"}},
            "startTurn": {"ok": True, "result": {"turnId": "u1"}},
            "interruptTurn": {"answer": "accepted"},
            "submitApproval": {"ok": True, "result": {}},
            **answers,
        }

    def ask(self, body: dict[str, Any], timeout_s: float = 0) -> dict[str, Any]:
        self.said.append(body)
        if body["command"] in self._then:
            self._inbox.put(self._then[str(body["command"])])
        return self._answers[str(body["command"])]

    do = ask


def told(**fields: Any) -> dict[str, Any]:
    return {"sessionId": "t1", "turnId": "u1", **fields}


def play(
    folder: Path,
    *events: dict[str, Any],
    wish: Wish | None = None,
    then: dict[str, dict[str, Any]] | None = None,
    **answers: Any,
) -> tuple[int, FakeRuntime]:
    """Take a turn through a runtime that says exactly this, and `then` after a command of that name."""
    inbox = Inbox()
    runtime = FakeRuntime(inbox, then or {}, **answers)
    for event in events:
        inbox.put(event)
    wish = wish or Wish("hello", timeout_s=PATIENCE_S)
    return Turn(folder, wish, Screen(True), runtime, inbox).take(), runtime  # type: ignore[arg-type]  # as much as it uses


STORED = told(event="turnStored", status="completed", items=2)


def question(token: str = "t", **more: Any) -> dict[str, Any]:
    asked = told(event="approvalRequested", kind="command", token=token, itemId="i1", summary="ls", expiresAtMs=0)
    return {**asked, **more}


def test_it_listens_before_it_speaks(tmp_path: Path) -> None:
    code, runtime = play(tmp_path, STORED)
    assert code == 0
    assert [each["command"] for each in runtime.said] == ["subscribe", "startThread", "startTurn"]


def test_a_failed_turn_has_its_own_code_and_other_turns_are_passed_over(tmp_path: Path) -> None:
    other = {**STORED, "turnId": "u0"}
    assert play(tmp_path, other, {**STORED, "status": "failed"})[0] == 4


def test_after_a_gap_the_store_is_asked(tmp_path: Path) -> None:
    with closing(open_store(tmp_path)) as store:
        stream = Stream(store)
        stream.send(3, sessions=[thread()], turns=[turn("completed")], items=[message("i1")])
    assert play(tmp_path, {"event": "gap", "missed": 7})[0] == 0
    assert play(tmp_path, GONE)[0] == 0


def test_a_runtime_that_ends_under_a_turn_is_told(tmp_path: Path) -> None:
    with pytest.raises(Problem) as caught:
        play(tmp_path, GONE)
    assert (caught.value.code, caught.value.exit_code) == ("RUNTIME_GONE", 7)


def test_what_is_not_stored_in_time_is_told_even_while_events_keep_coming(tmp_path: Path) -> None:
    lines = [told(event="live", kind="agentMessage", text="x\n")] * 50
    with pytest.raises(Problem) as caught:
        play(tmp_path, *lines, wish=Wish("hello", timeout_s=0.3))
    assert (caught.value.code, caught.value.exit_code) == ("TIMED_OUT", 5)


def test_a_facade_that_was_started_anew_under_the_start_does_not_lose_the_turn(tmp_path: Path) -> None:
    away = {"ok": False, "code": "AWAY", "text": "say it again"}
    live = told(event="live", kind="agentMessage", text="x\n")
    assert play(tmp_path, live, STORED, startTurn=away)[0] == 0


def test_a_turn_is_lost_with_its_sidecar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "LOST_S", 0.1)

    def status(generation: int) -> dict[str, Any]:
        sidecar = {"state": "running", "generation": generation}
        return {"event": "status", "status": {"mode_reason": "x", "sidecar": sidecar}}

    with pytest.raises(Problem) as caught:
        play(tmp_path, status(1), status(1), status(2))
    assert (caught.value.code, caught.value.exit_code) == ("TURN_LOST", 4)


def test_ctrl_c_interrupts_once_and_leaves_the_second_time(tmp_path: Path) -> None:
    code, runtime = play(tmp_path, SIGNAL, {**STORED, "status": "interrupted"})
    assert code == 4
    assert runtime.said[-1] == {"command": "interruptTurn", "threadId": "t1", "turnId": "u1"}
    with pytest.raises(Problem) as caught:
        play(tmp_path, SIGNAL, SIGNAL)
    assert caught.value.exit_code == 4


@pytest.mark.parametrize(
    ("approve", "typed", "decision"),
    [("accept", "", "accept"), ("decline", "", "decline"), ("ask", "y\n", "accept"), ("ask", "s\n", "acceptForSession"),
     ("ask", "cancel\n", "cancel"), ("ask", "\n", "decline"), ("ask", "", "decline")],
)  # fmt: skip
def test_an_approval_gets_one_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, approve: Any, typed: str, decision: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    wish = Wish("hello", approve=approve, timeout_s=PATIENCE_S)
    code, runtime = play(tmp_path, question("secret-token"), then={"submitApproval": STORED}, wish=wish)
    assert code == 0
    answers = [each for each in runtime.said if each["command"] == "submitApproval"]
    assert answers == [{"command": "submitApproval", "token": "secret-token", "decision": decision}]


def test_another_threads_approval_is_not_ours_to_answer(tmp_path: Path) -> None:
    _, runtime = play(tmp_path, question(sessionId="t9", turnId="u9"), STORED)
    assert "submitApproval" not in [each["command"] for each in runtime.said]


def test_a_prompt_has_bounds(tmp_path: Path) -> None:
    for prompt in ("", "x" * 60_001):
        with pytest.raises(Problem) as caught:
            take_turn(tmp_path, Wish(prompt), Screen(True))
        assert caught.value.code == "BAD_PROMPT"


def test_a_decision_that_comes_too_late_ends_nothing(tmp_path: Path) -> None:
    asked = question()
    refused = {"answer": "refused", "code": "UNKNOWN_ID", "text": "no such request"}
    assert play(tmp_path, asked, STORED, submitApproval=refused)[0] == 0
    assert issubclass(Unanswered, Exception)


def test_ctrl_c_while_a_question_stands_declines_it_and_interrupts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Silent())
    ended = {**STORED, "status": "interrupted"}
    wish = Wish("hello", approve="ask", timeout_s=PATIENCE_S)
    code, runtime = play(tmp_path, question(), SIGNAL, wish=wish, then={"interruptTurn": ended})
    assert code == 4
    assert [each.get("decision", "") for each in runtime.said[-2:]] == ["decline", ""]


def test_a_question_that_is_answered_elsewhere_is_not_answered_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Silent())
    closed = {"event": "approvalClosed", "token": "t", "outcome": "accept"}
    wish = Wish("hello", approve="ask", timeout_s=PATIENCE_S)
    _, runtime = play(tmp_path, question(), closed, STORED, wish=wish)
    assert "submitApproval" not in [each["command"] for each in runtime.said]


class Silent(io.StringIO):
    """A keyboard at which nobody types."""

    def readline(self, *_: object) -> str:
        threading.Event().wait()
        raise AssertionError("never")


# The same with a real tree.


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    house = Running(tmp_path_factory.mktemp("turns"))
    try:
        yield house.until_mode("HYBRID_ACTIVE")
    finally:
        house.close()


@pytest.mark.live
def test_ctrl_c_interrupts_the_turn_and_waits_for_it_to_be_stored(running: Running) -> None:
    verb = Verb("turn", "SCN:interrupt", "--json", "--state-dir", running.state)
    try:
        verb.until(lambda out: '"event":"live"' in out or out.count("\n") >= 2, "that it runs")
        verb.signal(signal.SIGINT)
        told = verb.end()
    finally:
        verb.kill()
    assert told.code == 4
    assert (told.lines[-1]["event"], told.lines[-1]["status"]) == ("stored", "interrupted")


@pytest.mark.live
def test_a_turn_that_takes_too_long_goes_on_without_its_watcher(running: Running) -> None:
    told = running.say("turn", "SCN:slow:200", "--timeout", "0.7", "--json")
    assert told.code == 5
    assert told.lines[-1]["code"] == "TIMED_OUT"
    assert "it goes on" in told.err


@pytest.mark.live
def test_failed_turns_say_why(running: Running) -> None:
    told = running.say("turn", "SCN:fail:500")
    assert told.code == 4
    assert "high demand" in told.out
    assert "failed: 1 items stored" in told.out


@pytest.mark.live
def test_a_crash_in_mid_turn_is_told_and_the_next_turn_is_taken(running: Running) -> None:
    told = running.say("turn", "SCN:crash", "--json")
    assert told.code == 4
    last = told.lines[-1]  # found again by the next sidecar, or not
    assert last.get("status") in ("interrupted", "failed") or last["code"] == "TURN_LOST"
    # A login can be read again when the next app-server has greeted.
    greeted = re.compile(r'"after":"running \(generation 2\)".*"what":"handshake"[^\n]*"after":"initialized"', re.S)
    running.verb.until(lambda out: greeted.search(out) is not None, "generation 2, greeted")
    assert running.say("recover", "auth").code == 0
    assert running.say("turn", "-", stdin="from a pipe").code == 0
