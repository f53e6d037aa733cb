"""The `approvals` verbs on a real tree with a scripted app-server: listed, answered once, watched."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator

import pytest

from tests.hybrid_capture.command import Running, Verb, say


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    house = Running(tmp_path_factory.mktemp("approvals"))
    try:
        yield house.until_mode("HYBRID_ACTIVE")
    finally:
        house.close()


def asking(running: Running, prompt: str) -> Verb:
    """A turn that asks for approval and has nobody at its own keyboard: its input stays open."""
    verb = Verb("turn", prompt, "--json", "--approve", "ask", "--state-dir", running.state, keyboard=True)
    verb.until(lambda out: '"event":"approvalRequested"' in out, "what it asks for")
    return verb


@pytest.mark.live
@pytest.mark.parametrize(
    ("decision", "code", "status"),
    [("accept", 0, "completed"), ("cancel", 4, "interrupted")],
)
def test_a_request_is_listed_answered_once_and_gone(running: Running, decision: str, code: int, status: str) -> None:
    turn = asking(running, "SCN:shell:approve go")
    try:
        [listed] = running.say("approvals", "list", "--json").lines
        answered = running.say("approvals", "answer", listed["id"][:5], decision)
        told = turn.end()
    finally:
        turn.kill()
    assert answered.code == 0
    assert "decided" in answered.out
    assert (told.code, told.lines[-1]["status"]) == (code, status)
    again = running.say("approvals", "answer", listed["id"], "accept", "--json")
    assert (again.code, again.json["code"]) == (1, "UNKNOWN_ID")
    assert "nothing waits" in running.say("approvals", "list").out
    assert "token" not in listed
    assert "token" not in told.out


@pytest.mark.live
def test_a_watcher_sees_requests_of_others_and_how_they_end(running: Running) -> None:
    watch = Verb("approvals", "watch", "--no-ask", "--json", "--for", "60", "--state-dir", running.state)
    turn = asking(running, "SCN:patch:approve go")
    try:
        watch.until(lambda out: '"event":"approvalRequested"' in out, "the request")
        name = json.loads(watch.out.splitlines()[0])["id"]
        assert running.say("approvals", "answer", name, "accept").code == 0
        assert turn.end().code == 0
        watch.until(lambda out: '"event":"approvalClosed"' in out, "its end")
        watch.signal(signal.SIGINT)
        told = watch.end()
    finally:
        watch.kill()
        turn.kill()
    assert told.code == 0
    assert [(each["event"], each["id"]) for each in told.lines] == [
        ("approvalRequested", name),
        ("approvalClosed", name),
    ]
    assert '"token"' not in told.out


@pytest.mark.live
def test_a_person_decides_where_the_watcher_runs(running: Running) -> None:
    watch = Verb("approvals", "watch", "--ask", "--for", "60", "--state-dir", running.state, keyboard=True)
    turn = asking(running, "SCN:shell:approve go")
    try:
        watch.until(lambda out: "asks for approval: command" in out, "the request")
        watch.type("y\n")
        assert turn.end().code == 0
        watch.until(lambda out: "decided: accept" in out, "the decision")
        watch.signal(signal.SIGTERM)
        told = watch.end()
    finally:
        watch.kill()
        turn.kill()
    assert told.code == 0
    assert re.search(r"accept\? .* [45]:\d\d >", told.err)


@pytest.mark.live
def test_a_watch_ends_by_itself_when_told_how_long(running: Running) -> None:
    assert running.say("approvals", "watch", "--for", "0.2").code == 0


@pytest.mark.live
def test_a_name_that_is_too_short_names_nothing(running: Running) -> None:
    told = running.say("approvals", "answer", "ab", "accept")
    assert told.code == 2
    assert "at least 4" in told.err


def test_without_a_runtime_it_says_so(tmp_path: object) -> None:
    assert say("approvals", "list", "--state-dir", f"{tmp_path}/none").code == 3
