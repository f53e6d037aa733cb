"""Links as git notes."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.exporting.notes import Noted, note_of, write_notes
from storage.linking.git import Git, GitFailed
from tests.storage.linking.repository import Repository
from tests.systems import posix


def link(commit: str, session: str = "one") -> dict[str, object]:
    return {"commit": commit, "tool": "codex", "session_id": session, "score": 90, "method": "hunks"}


def test_notes_are_written_once_and_only_under_their_own_name(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "r")
    sha = repository.commit("Work", 0, {"a": "1\n"})
    repository.git("notes", "add", "-m", "a person's note", sha)
    before = repository.git("for-each-ref")
    links = [link(sha), link(sha, "two"), link("d" * 40)]
    git = Git()
    assert write_notes(git, str(repository.root), links) == Noted(written=1, missing=1)
    told = repository.git("notes", "--ref=hybrid-capture", "show", sha)
    assert told.splitlines()[1:] == [
        "- codex session one (score 90, hunks)",
        "- codex session two (score 90, hunks)",
    ]
    after = repository.git("for-each-ref")
    assert write_notes(git, str(repository.root), reversed(links)) == Noted(unchanged=1, missing=1)
    assert repository.git("for-each-ref") == after
    assert [line for line in after.splitlines() if "hybrid-capture" not in line] == before.splitlines()
    assert repository.git("notes", "show", sha) == "a person's note"
    assert repository.git("status", "--porcelain") == ""


def test_a_note_follows_its_links(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "r")
    sha = repository.commit("Work", 0, {"a": "1\n"})
    write_notes(Git(), str(repository.root), [link(sha)])
    assert write_notes(Git(), str(repository.root), [link(sha), link(sha, "two")]).written == 1
    assert "session two" in repository.git("notes", "--ref=hybrid-capture", "show", sha)


@posix
def test_no_hook_of_the_repository_runs(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "r")
    sha = repository.commit("Work", 0, {"a": "1\n"})
    hook = repository.root / ".git" / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    write_notes(Git(), str(repository.root), [link(sha)])
    assert not (tmp_path / "ran").exists()


def test_a_repository_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "r")
    sha = repository.commit("Work", 0, {"a": "1\n"})
    (repository.root / ".git" / "refs" / "notes").write_text("in the way")
    with pytest.raises(GitFailed):
        write_notes(Git(), str(repository.root), [link(sha)])


def test_the_same_links_give_the_same_note() -> None:
    assert note_of([link("c"), link("c", "two")]) == note_of([link("c", "two"), link("c"), link("c")])
