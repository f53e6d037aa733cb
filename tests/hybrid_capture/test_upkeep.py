"""Looking after the store from the command line: purge, fsck, backup."""

from __future__ import annotations

import json
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from hybrid_capture import upkeep
from hybrid_capture.cli import app
from hybrid_capture.problems import Problem
from storage.aside import standing_aside
from storage.reader import Reader
from tests.storage.story import Stream, message, open_store, thread, turn, whole_file

NOW_MS = int(time.time() * 1000)
DAY_MS = 86_400_000


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """An old session and one of today."""
    folder = tmp_path / "state"
    with closing(open_store(folder)) as store:
        stream = Stream(store)
        for session, age in (("old-one", 40), ("new-one", 0)):
            at = NOW_MS - age * DAY_MS
            stream.send(
                3,
                sessions=[thread(session, title=f"title of {session}", created_at_ms=at)],
                turns=[turn("completed", session=session, turn=f"{session}-u", completed_at_ms=at)],
                items=[message("i1", f"words of {session} " * 50, session=session, turn=f"{session}-u",
                               started_at_ms=at, completed_at_ms=at)],
            )  # fmt: skip
    return folder


def call(*words: str, state: Path) -> Result:
    return CliRunner().invoke(app, [*words, "--state-dir", str(state)])


def told(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return found


def stored(state: Path) -> list[str]:
    with Reader(state / "capture.sqlite3") as reader:
        return sorted(each["session_id"] for each in reader.sessions())


def test_a_dry_run_shows_what_would_go_and_touches_nothing(state: Path) -> None:
    before = whole_file(state)
    result = call("purge", "--older-than", "30d", "--dry-run", "--json", state=state)
    assert result.exit_code == 0
    assert [(each["session_id"], each["items"]) for each in told(result)["sessions"]] == [("old-one", 1)]
    assert "old-one" in call("purge", "--older-than", "30d", "--dry-run", state=state).output
    assert stored(state) == ["new-one", "old-one"]
    assert b"words of old-one" in before


def test_a_purge_by_age_removes_every_byte(state: Path) -> None:
    result = call("purge", "--older-than", "30d", "--yes", "--json", state=state)
    assert (result.exit_code, told(result)["clean"]) == (0, True)
    assert stored(state) == ["new-one"]
    assert b"words of old-one" not in whole_file(state)
    assert b"words of new-one" in whole_file(state)
    assert told(call("purge", "--older-than", "30d", "--yes", "--json", state=state))["sessions"] == []
    assert call("fsck", state=state).exit_code == 0


def test_a_purge_of_one_session_says_who_asked(state: Path) -> None:
    assert call("purge", "--session", "new-one", "--yes", state=state).exit_code == 0
    assert stored(state) == ["old-one"]
    with Reader(state / "capture.sqlite3") as reader:
        (row,) = [row for row in reader.audit() if row["kind"] == "purged"]
    assert (row["subject"], "asked for by a person" in row["text"]) == ("new-one", True)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("purge",), 2, "either --older-than AGE or --session ID"),
        (("purge", "--older-than", "30d", "--session", "x", "--yes"), 2, "either"),
        (("purge", "--older-than", "soon", "--yes"), 2, "12h, 30d or 8w"),
        (("purge", "--older-than", "0d", "--yes"), 2, "12h, 30d or 8w"),
        (("purge", "--older-than", "30d"), 2, "--yes"),
        (("purge", "--session", "nobody", "--yes"), 1, "no session nobody is stored"),
    ],
)
def test_what_cannot_be_done_is_said(state: Path, words: tuple[str, ...], code: int, said: str) -> None:
    result = call(*words, state=state)
    assert result.exit_code == code
    assert said in result.output
    assert stored(state) == ["new-one", "old-one"]


def test_nothing_is_made_where_nothing_was_captured(tmp_path: Path) -> None:
    for words in (("purge", "--older-than", "1d", "--yes"), ("fsck",), ("fsck", "--repair"), ("backup", "b")):
        result = call(*words, state=tmp_path)
        assert result.exit_code == 6
        assert "nothing has been captured yet" in result.output
    assert list(tmp_path.iterdir()) == []


def test_fsck_says_what_is_wrong_and_mends_it(state: Path) -> None:
    assert call("fsck", state=state).exit_code == 0
    with closing(open_store(state)) as store:
        store._database.run("UPDATE turns SET item_count = 5")
    result = call("fsck", "--json", state=state)
    assert result.exit_code == 1
    assert [check["name"] for check in told(result)["checks"] if check["state"] == "wrong"] == ["counts"]
    assert call("fsck", "--repair", state=state).exit_code == 0
    assert call("fsck", state=state).exit_code == 0


def test_fsck_sets_a_damaged_file_aside_only_when_told_to(state: Path) -> None:
    path = state / "capture.sqlite3"
    path.write_bytes(path.read_bytes()[:8_000])
    result = call("fsck", state=state)
    assert (result.exit_code, "sets it aside" in result.output) == (6, True)
    assert standing_aside(path) == []
    assert call("fsck", "--repair", state=state).exit_code == 0
    assert len(standing_aside(path)) == 1
    assert stored(state) == []


def test_a_backup_is_written_once(state: Path, tmp_path: Path) -> None:
    to = tmp_path / "copy.sqlite3"
    result = call("backup", str(to), "--json", state=state)
    assert (result.exit_code, told(result)["sessions"], told(result)["path"]) == (0, 2, str(to))
    again = call("backup", str(to), state=state)
    assert (again.exit_code, "exists already" in again.output) == (6, True)


@pytest.mark.parametrize(("text", "ms"), [("12h", 43_200_000), ("30d", 30 * DAY_MS), ("2w", 14 * DAY_MS)])
def test_ages(text: str, ms: int) -> None:
    assert upkeep.age_of(text) == ms
    with pytest.raises(Problem):
        upkeep.age_of(text + "x")
