"""`hybrid-capture import` as a user runs it, on files that the real programs wrote."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
from pathlib import Path
from typing import Any

import orjson
import pytest

from actors.machines.file_slices import Rules
from hybrid_capture.import_reader import FileEnd, Wanted, read_file
from hybrid_capture.statefolder import StateFolder
from tests.hybrid_capture.command import PATIENCE_S, Said, Verb, say

FIXTURES = Path(__file__).parents[1] / "fixtures"
CANONICAL = (
    "SELECT tool, session_id, cwd, branch, model, cli_version, created_at_ms FROM sessions ORDER BY session_id",
    "SELECT s.session_id, t.turn_id, t.status, t.item_count FROM turns t JOIN sessions s ON s.id = t.session_row"
    " ORDER BY 1, 2",
    "SELECT t.turn_id, i.item_id, i.ordinal, i.kind, i.status, i.revision, i.content_hash, i.text FROM items i"
    " JOIN turns t ON t.id = i.turn_row ORDER BY 1, 2",
    "SELECT response_id, input, cached, output, total FROM response_usage ORDER BY 1",
)


def rows(state: Path) -> list[list[tuple[Any, ...]]]:
    with sqlite3.connect(f"file:{state / 'capture.sqlite3'}?mode=ro", uri=True) as connection:
        return [connection.execute(query).fetchall() for query in CANONICAL]


def imported(state: Path, *paths: Path) -> Said:
    return say("import", *paths, "--state-dir", state, "--json")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Folders as both tools keep them."""
    projects = tmp_path / "projects" / "-home-user-workspace"
    sessions = tmp_path / "sessions" / "2026" / "11" / "26"
    projects.mkdir(parents=True)
    sessions.mkdir(parents=True)
    for path in (FIXTURES / "transcripts").glob("*.jsonl"):
        shutil.copy(path, projects)
    for name in ("main", "fork", "exec"):
        shutil.copy(FIXTURES / "rollouts" / f"{name}.jsonl", sessions / f"rollout-{name}.jsonl")
    return tmp_path


def test_a_user_imports_both_tools_and_finds_a_session_again(home: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    said = imported(state, home / "projects", home / "sessions")
    assert said.code == 0, said.err
    summary = said.lines[-1]
    assert (summary["event"], summary["files"], summary["sessions"], summary["problems"]) == ("summary", 9, 8, [])
    assert summary["lines"]["duplicate"] >= 20  # what the fork copied
    assert "dropped" in summary
    listed = say("sessions", "list", "--state-dir", state, "--json").json["sessions"]
    assert {each["tool"] for each in listed} == {"codex", "claude"}
    found = say("search", "patched.txt", "--state-dir", state, "--json")
    assert found.code == 0
    assert "patched.txt" in found.out


def test_the_order_of_files_makes_no_difference_and_again_changes_nothing(home: Path, tmp_path: Path) -> None:
    files = sorted(home.rglob("*.jsonl"))
    assert imported(tmp_path / "a", *files).code == 0
    assert imported(tmp_path / "b", *reversed(files)).code == 0
    first = rows(tmp_path / "a")
    assert first == rows(tmp_path / "b")
    again = imported(tmp_path / "a", home / "sessions", home / "projects").lines[-1]
    assert (again["files"], again["unchanged"], again["items"], again["bytes"], again["lines"]) == (9, 9, 0, 0, {})
    assert rows(tmp_path / "a") == first


def test_a_copy_of_a_file_under_another_name_is_the_same_session(home: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    imported(state, home / "sessions")
    first = rows(state)
    copy = tmp_path / "copy.jsonl"
    shutil.copy(home / "sessions/2026/11/26/rollout-main.jsonl", copy)
    summary = imported(state, copy).lines[-1]
    assert summary["items"] == 0
    assert summary["lines"].keys() <= {"control", "duplicate", "stored"}
    assert summary["lines"].get("stored", 0) <= 1  # where it was read last
    assert rows(state) == first


def test_what_cannot_be_imported_is_told_and_the_rest_goes_on(home: Path, tmp_path: Path) -> None:
    binary, torn, empty, folder = (tmp_path / name for name in ("core", "torn.jsonl", "none.jsonl", "nothing-in-it"))
    binary.write_bytes(os.urandom(4_096))
    torn.write_bytes((FIXTURES / "rollouts" / "fork.jsonl").read_bytes()[:-20])
    empty.write_bytes(b"")
    folder.mkdir()
    locked = tmp_path / "locked.jsonl"
    locked.symlink_to(tmp_path / "missing")
    odd = tmp_path / "odd"
    odd.mkdir()
    shutil.copy(torn, os.fsdecode(os.fsencode(odd) + b"/gr\xfc.jsonl"))
    paths = binary, torn, empty, folder, tmp_path / "absent", locked, odd, home / "sessions"
    said = imported(tmp_path / "state", *paths)
    assert said.code == 1
    summary = said.lines[-1]
    assert {Path(each["path"]).name: each["problem"] for each in summary["problems"]} == {
        "core": "it is neither a Codex rollout nor a Claude Code transcript",
        "nothing-in-it": "there is no .jsonl file in this folder",
        "absent": "there is no such file or folder",
        "locked.jsonl": "there is no such file or folder",
        r"gr\xfc.jsonl": "its path is no UTF-8: rename it",
    }
    assert (summary["files"], summary["torn"]) == (4, 1)
    assert "absent: there is no such file or folder" in said.err


def test_a_fault_of_the_reader_costs_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise RecursionError("what it was given")

    monkeypatch.setattr("hybrid_capture.import_reader.next_slice", failing)
    (tmp_path / "a.jsonl").write_bytes((FIXTURES / "rollouts" / "fork.jsonl").read_bytes())
    (end,) = read_file(Wanted(str(tmp_path / "a.jsonl"), None), Rules(1_024, 1_024, 1_000), prepared=False)
    assert isinstance(end, FileEnd)
    assert end.problem == "something in it cannot be understood: please report it (RecursionError)"


def test_with_nothing_to_import_nothing_is_made(tmp_path: Path) -> None:
    said = imported(tmp_path / "state", tmp_path / "absent")
    assert said.code == 1
    assert said.lines[-1]["code"] == "NOTHING_TO_IMPORT"
    assert not (tmp_path / "state").exists()
    assert say("import").code == 2


def test_a_folder_that_a_runtime_uses_is_refused_with_what_to_do(home: Path, tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "state")
    folder.take()
    try:
        said = imported(tmp_path / "state", home / "sessions")
    finally:
        folder.release()
    assert said.code == 6
    assert "hybrid-capture stop" in said.lines[-1]["error"]


def test_a_killed_import_goes_on_where_it_stood(tmp_path: Path) -> None:
    big = tmp_path / "big.jsonl"
    data = (FIXTURES / "transcripts" / "tools.jsonl").read_bytes()
    with big.open("wb") as file:
        for number in range(120):
            file.write(data.replace(b'"uuid":"', b'"uuid":"%03d' % number).replace(b"toolu_", b"toolu_%03d" % number))
    state = tmp_path / "state"
    verb = Verb("import", big, "--state-dir", state, "--json", "--no-links")
    verb.until(lambda out: '"bytes_done":0' not in out.splitlines()[-1] if out else False, "how far it is")
    verb.signal(signal.SIGKILL)
    verb.process.wait(PATIENCE_S)
    stopped = Verb("import", big, "--state-dir", state, "--json", "--no-links")
    stopped.until(lambda out: bool(out), "how far it is")
    stopped.signal(signal.SIGINT)
    assert stopped.end().code in (0, 130)
    last = imported(state, big)
    assert last.code == 0
    assert last.lines[-1]["bytes"] < big.stat().st_size
    assert imported(tmp_path / "calm", big).code == 0
    assert rows(state) == rows(tmp_path / "calm")


def test_no_secret_of_a_file_reaches_the_state_folder(tmp_path: Path) -> None:
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    lines = (FIXTURES / "transcripts" / "tools.jsonl").read_bytes().replace(b"tool finished", secret.encode())
    odd = orjson.dumps({"type": "user", "uuid": "u", "sessionId": "s", "cwd": secret, "message": {"content": secret}})
    (tmp_path / "a.jsonl").write_bytes(lines + odd + b"\n{" + secret.encode() + b"\n")
    said = imported(tmp_path / "state", tmp_path / "a.jsonl")
    assert said.lines[-1]["dropped"] == {"malformed": 1}
    left = b"".join(path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file())
    assert secret.encode() not in left + said.out.encode() + said.err.encode()
    assert b"[REDACTED:" in left
