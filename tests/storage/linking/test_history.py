"""A real repository as the judgement wants it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from storage.linking import history as reading
from storage.linking.git import Git, GitFailed
from storage.linking.history import Commit, History, place_of
from tests.storage.linking.repository import T0_MS, Repository
from tests.systems import posix


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "r")


def history_of(repository: Repository) -> History:
    git = Git()
    return History(git, place_of(git, str(repository.root)))


def filled(history: History, since_ms: int = 0) -> list[Commit]:
    commits = history.commits(since_ms)
    history.fill(commits)
    return commits


def test_commits_come_parents_first_with_what_they_change(repository: Repository) -> None:
    first = repository.commit("Begin", 0, {"a.py": "x = 1\ny = 2\n", "empty": ""}, zone="-0500")
    second = repository.commit("Go on", 60, {"a.py": "x = 1\ny = 3\n"}, zone="+1200")
    commits = filled(history_of(repository))
    assert [(commit.sha, commit.parents, commit.subject) for commit in commits] == [
        (first, (), "Begin"),
        (second, (first,), "Go on"),
    ]
    assert [commit.committed_ms for commit in commits] == [T0_MS, T0_MS + 60_000], "whatever the author's zone is"
    assert [(file.path, file.status, file.added) for file in commits[0].files] == [
        ("a.py", "A", ["x = 1", "y = 2"]),
        ("empty", "A", []),
    ]
    (changed,) = commits[1].files
    assert (changed.added, changed.removed) == (["y = 3"], ["y = 2"])
    assert [commit.sha for commit in history_of(repository).commits(T0_MS + 30_000)] == [second]


def test_names_are_taken_as_they_are(repository: Repository) -> None:
    odd = 'tab\there "quoted" \\ ünï ∀.py'
    repository.commit("odd", 0, {odd: "--- not a header\n+++ neither\n@@ -1 +1 @@\ndiff --git a b\n"})
    repository.git("mv", odd, "plain.py")
    repository.commit("moved", 1)
    first, second = filled(history_of(repository))
    assert (first.files[0].path, first.files[0].added[0]) == (odd, "--- not a header")
    assert (second.files[0].status, second.files[0].old_path, second.files[0].path) == ("R", odd, "plain.py")


@posix
def test_a_file_that_becomes_a_link_keeps_its_lines(repository: Repository) -> None:
    repository.commit("file", 0, {"a": "one\n", "z": "zed\n"})
    (repository.root / "a").unlink()
    os.symlink("z", repository.root / "a")
    repository.commit("link", 1, {"z": "last\n"})
    files = {file.path: file for file in filled(history_of(repository))[1].files}
    assert (files["a"].status, files["a"].added, files["a"].removed) == ("T", ["z"], ["one"])
    assert files["z"].added == ["last"]


def test_what_became_too_much_is_told_by_its_time(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(3):
        repository.commit(f"c{n}", 60 * n, {"a": f"value = {n}\n"})
    monkeypatch.setattr(reading, "PATCH_COMMITS", 1)
    monkeypatch.setattr(reading, "PATCH_BYTES_MAX", 10)
    history = history_of(repository)
    commits = history.commits(0)
    assert history.fill(commits) == T0_MS + 60_001, "the newest is read, the second and all before it are not"
    assert [commit.patch_id is not None for commit in commits] == [False, False, True]


def test_merges_stashes_and_notes_are_not_commits_of_anybody(repository: Repository) -> None:
    repository.commit("base", 0, {"a": "1\n"})
    repository.git("checkout", "-qb", "topic")
    repository.commit("topic", 1, {"b": "1\n"})
    repository.git("checkout", "-q", "main")
    repository.commit("main", 2, {"c": "1\n"})
    repository.git("merge", "-q", "--no-ff", "-m", "merge", "topic", at_s=3)
    repository.git("notes", "add", "-m", "a note", at_s=4)
    (repository.root / "a").write_text("2\n")
    repository.git("stash", at_s=5)
    commits = filled(history_of(repository))
    assert [(commit.subject, len(commit.files)) for commit in commits][-1] == ("merge", 0)
    assert {commit.subject for commit in commits} == {"base", "topic", "main", "merge"}
    assert not any("refs/notes" in name for name in history_of(repository).tips())


def test_commits_that_nothing_reaches_are_found_by_name(repository: Repository) -> None:
    repository.commit("base", 0, {"a": "1\n"})
    old = repository.commit("work", 1, {"a": "1\n2\n"})
    repository.git("commit", "-q", "--amend", "-m", "better", at_s=2)
    history = history_of(repository)
    reached = filled(history)
    assert old not in {commit.sha for commit in reached}
    found = history.lost([old[:9], old, "deadbeef", "not a name", "--all"])
    assert {name: commit.sha for name, commit in found.items()} == {old[:9]: old, old: old}
    assert found[old].files[0].added == ["2"]
    assert found[old].patch_id == reached[-1].patch_id, "an amended message changes no patch"


def test_a_working_tree_tells_its_own_commits(repository: Repository) -> None:
    repository.commit("base", 0, {"a": "1\n"})
    tree = repository.root.parent / "tree"
    repository.git("worktree", "add", "-q", "-b", "side", str(tree))
    (tree / "b").write_text("1\n")
    repository.git("add", "-A", cwd=tree)
    repository.git("commit", "-q", "-m", "side", at_s=1, cwd=tree)
    side = repository.git("rev-parse", "side")
    history = history_of(repository)
    assert place_of(Git(), str(tree)).repo == history.place.repo
    assert side in history.made_in(str(tree))
    assert side not in history.made_in(str(repository.root))
    assert history.made_in("/nowhere") == set()
    assert {root for root, _ in history.trees()} == {str(repository.root), str(tree)}


def test_a_repository_without_a_commit_and_a_bare_one_have_nothing(repository: Repository, tmp_path: Path) -> None:
    history = history_of(repository)
    assert history.commits(0) == []
    assert history.tips() == {}
    repository.git("init", "-q", "--bare", str(tmp_path / "bare"))
    with pytest.raises(GitFailed, match="must be run in a work tree"):
        place_of(Git(), str(tmp_path / "bare"))


def test_a_name_may_hold_a_line_separator_of_unicode(repository: Repository) -> None:
    sha = repository.commit("Begin\u2028and go on", 0, {"a.py": "x = 1\n"})
    for name in ("one\u2028two", "one\u0085two", "one\u2029two"):
        repository.git("branch", name)
    history = history_of(repository)
    assert {f"refs/heads/{name}" for name in ("main", "one\u2028two", "one\u0085two")} <= set(history.tips())
    assert set(history.tips().values()) == {sha}
    assert history.made_in(str(repository.root)) == {sha}
