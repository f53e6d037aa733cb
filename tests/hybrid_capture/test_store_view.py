"""What is stored, as lists and as a transcript."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from hybrid_capture import store_view
from hybrid_capture.console import Screen
from hybrid_capture.problems import Problem
from storage.errors import NothingCaptured
from tests.storage.story import Stream, message, open_store, thread, turn


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Two sessions whose ids begin alike; one has a turn with an item that tries to clear the screen."""
    with closing(open_store(tmp_path)) as store:
        stream = Stream(store)
        stream.send(
            4,
            sessions=[thread("sess-one"), thread("sess-two")],
            turns=[turn("completed", session="sess-one")],
            items=[message("i1", "all done \x1b[2J here", session="sess-one")],
        )
    return tmp_path / "capture.sqlite3"


def test_sessions_are_listed(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert store_view.sessions(database, None, 50, Screen(True)) == 0
    found = json.loads(capsys.readouterr().out)["sessions"]
    assert {each["session_id"] for each in found} == {"sess-one", "sess-two"}
    store_view.sessions(database, "sess-two", 50, Screen(False))
    out = capsys.readouterr().out
    assert "sess-two" in out
    assert "sess-one" not in out


def test_a_transcript_is_readable_and_harmless(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert store_view.session(database, "sess-one", False, Screen(False)) == 0
    out = capsys.readouterr().out
    assert "turn 1  completed" in out
    assert "agentMessage" in out
    assert "    all done  here" in out


def test_bodies_come_when_asked_for(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for bodies in (False, True):
        store_view.session(database, "sess-one", bodies, Screen(True))
        item = json.loads(capsys.readouterr().out)["turns"][0]["items"][0]
        assert ("body" in item) is bodies
        assert item["type"] == "agentMessage"


def test_the_beginning_of_an_id_is_enough_when_it_is_the_only_one(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert store_view.session(database, "sess-o", False, Screen(True)) == 0
    assert json.loads(capsys.readouterr().out)["session_id"] == "sess-one"
    for wanted, code in (("sess-", "AMBIGUOUS"), ("none", "UNKNOWN_ID"), ("s", "UNKNOWN_ID"), ("%", "UNKNOWN_ID")):
        with pytest.raises(Problem) as caught:
            store_view.session(database, wanted, False, Screen(True))
        assert caught.value.code == code


def test_transitions_and_audit_of_a_quiet_store_are_empty(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert store_view.transitions(database, 10, Screen(True)) == 0
    assert json.loads(capsys.readouterr().out) == {"transitions": []}
    assert store_view.audit(database, 10, Screen(True)) == 0
    assert "audit" in json.loads(capsys.readouterr().out)


def test_without_a_database_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(NothingCaptured):
        store_view.sessions(tmp_path / "capture.sqlite3", None, 1, Screen(True))
    assert list(tmp_path.iterdir()) == []
