"""`sessions export` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.hybrid_capture.command import say
from tests.storage.exporting.desk import PLANTED, Desk


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(Path(tmp_path_factory.mktemp("desk")))


def state_of(desk: Desk) -> str:
    return str(Path(desk.database).parent)


def test_every_form_leaves_whole_and_redacted(desk: Desk, tmp_path: Path) -> None:
    for form in ("jsonl", "markdown", "agent-trace"):
        out = tmp_path / form
        words = ("sessions", "export", "--all", "--format", form, "--out", out, "--state-dir", state_of(desk), "--json")
        said = say(*words)
        assert (said.code, said.json["sessions"], said.json["out"]) == (0, 3, str(out)), said.err
        assert PLANTED not in out.read_text()
        assert desk.commit[:12] in out.read_text()
        again = say(*words)
        assert (again.code, again.json["code"]) == (2, "OUT_EXISTS")
    one = say("sessions", "export", "one", "--state-dir", state_of(desk))
    assert [json.loads(line)["record"] for line in one.out.splitlines()] == ["session", "link", "turn", "item"]


def test_notes_are_written_only_where_they_are_asked_for(desk: Desk) -> None:
    notes = ("sessions", "export", "--format", "git-notes", "--state-dir", state_of(desk), "--json")
    assert say(*notes).json["code"] == "BAD_OPTIONS"
    assert "hybrid-capture" not in desk.repository.git("for-each-ref")
    first, second = (say(*notes, "--repo", desk.repository.root).json for _ in range(2))
    assert (first["written"], second["written"], second["unchanged"]) == (1, 0, 1)
    assert "session one" in desk.repository.git("notes", "--ref=hybrid-capture", "show", desk.commit)


@pytest.mark.parametrize("words", [(), ("one", "--all"), ("one", "--repo", "/")])
def test_what_makes_no_sense_is_said(desk: Desk, words: tuple[str, ...]) -> None:
    said = say("sessions", "export", *words, "--state-dir", state_of(desk), "--json")
    assert (said.code, said.json["code"]) == (2, "BAD_OPTIONS")
