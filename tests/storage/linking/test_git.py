"""Git that only reads, and a repository that wants it to do more."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from storage.linking.git import Git, GitFailed
from storage.linking.history import History, place_of
from tests.storage.linking.repository import Repository
from tests.systems import posix

HOSTILE = """[core]
    fsmonitor = "touch {mark}-fsmonitor"
    pager = "touch {mark}-pager"
    hooksPath = {hooks}
    sshCommand = "touch {mark}-ssh"
    alternateRefsCommand = "touch {mark}-refs"
    attributesFile = {attributes}
[diff]
    external = "touch {mark}-external"
[diff "evil"]
    textconv = "touch {mark}-textconv"
    command = "touch {mark}-command"
[filter "evil"]
    clean = "touch {mark}-clean"
    smudge = "touch {mark}-smudge"
[log]
    showSignature = true
[gpg]
    program = "touch {mark}-gpg"
[pager]
    log = "touch {mark}-log"
[alias]
    log = "!touch {mark}-alias"
"""


PARTIAL = """[core]
    repositoryformatversion = 1
[extensions]
    partialClone = origin
[protocol "ext"]
    allow = always
[remote "origin"]
    url = "ext::sh -c touch% {mark}"
    promisor = true
    partialclonefilter = blob:none
"""
"""A repository that was received as a folder: what it lacks is to come from a program."""


@posix
def test_nothing_that_a_repository_configures_is_run(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "r")
    repository.commit("one", 0, {"a.txt": "one\n", ".gitattributes": "*.txt diff=evil filter=evil\n"})
    repository.commit("two", 1, {"a.txt": "two\n"})
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "pre-commit", "post-index-change", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran-hook\n")
        (hooks / name).chmod(0o755)
    (tmp_path / "attributes").write_text("* diff=evil filter=evil\n")
    words = {"mark": tmp_path / "ran", "hooks": hooks, "attributes": tmp_path / "attributes"}
    with (repository.root / ".git" / "config").open("a") as config:
        config.write(HOSTILE.format(**words))
    git = Git()
    history = History(git, place_of(git, str(repository.root)))
    commits = history.commits(0)
    history.fill(commits)
    assert history.tips()
    assert [file.added for file in commits[1].files] == [["two"]]
    assert history.made_in(str(repository.root)) == {commit.sha for commit in commits}
    assert history.lost([commits[0].sha[:10]])
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("ran")] == []


def test_what_a_hostile_partial_clone_lacks_is_fetched_from_nobody(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "r")
    repository.commit("one", 0, {"a.txt": "one\n"})
    repository.commit("two", 1, {"a.txt": "two\n"})
    blob = repository.git("rev-parse", "HEAD:a.txt")
    (repository.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with (repository.root / ".git" / "config").open("a") as config:
        config.write(PARTIAL.format(mark=tmp_path / "ran"))
    for older in (False, True):
        git = Git()
        if older:
            del git._environment["GIT_NO_LAZY_FETCH"]  # which a git before 2.45 does not know
        history = History(git, place_of(git, str(repository.root)))
        commits = history.commits(0)
        with pytest.raises(GitFailed):
            history.fill(commits)
        assert not (tmp_path / "ran").exists()


def test_reading_writes_nothing_into_the_repository(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "r")
    repository.commit("one", 0, {"a.txt": "one\n"})
    before = {path: path.stat().st_mtime_ns for path in repository.root.rglob("*")}
    git = Git()
    history = History(git, place_of(git, str(repository.root)))
    history.fill(history.commits(0))
    assert {path: path.stat().st_mtime_ns for path in repository.root.rglob("*")} == before


def test_the_callers_git_variables_and_configuration_stay_outside(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "r")
    repository.commit("one", 0, {"a.txt": "one\n"})
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(f"[core]\n\tpager = touch {tmp_path}/ran\n[log]\n\tshowSignature = true\n")
    outer = {**os.environ, "HOME": str(home), "GIT_DIR": "/nowhere", "GIT_EXTERNAL_DIFF": f"touch {tmp_path}/ran"}
    assert place_of(Git(outer), str(repository.root)).root == str(repository.root)
    assert not (tmp_path / "ran").exists()


@posix
def test_what_takes_too_long_or_says_too_much_is_ended(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "r")
    repository.commit("one", 0, {"a.txt": "long line\n" * 10_000})
    with pytest.raises(GitFailed, match="more than 1,000 bytes"):
        Git(output_bytes_max=1_000).read(repository.root, "show", "HEAD:a.txt")
    slow = tmp_path / "bin"
    slow.mkdir()
    (slow / "git").write_text("#!/bin/sh\nexec sleep 60\n")
    (slow / "git").chmod(0o755)
    with pytest.raises(GitFailed, match=r"did not answer within 0\.2 s"):
        Git({"PATH": f"{slow}:{os.environ['PATH']}"}, deadline_s=0.2).read("/", "version")


def test_much_can_be_fed_while_much_is_said(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "r")
    sha = repository.commit("one", 0, {"a.txt": "x" * 400_000 + "\n"})
    asked = f"{sha}:a.txt\n".encode() * 50
    assert len(Git().read(repository.root, "cat-file", "--batch", stdin=asked)) > 20_000_000
    assert Git().read(repository.root, "version", stdin=b"x" * 1_000_000).startswith(b"git version")


def test_trouble_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(GitFailed, match="not a git repository"):
        Git().read(tmp_path, "status")
    with pytest.raises(GitFailed, match="git is not installed"):
        Git({"PATH": str(tmp_path)})


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs to own things for others")
def test_a_repository_of_somebody_else_needs_the_users_own_trust(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "r")
    repository.commit("one", 0, {"a.txt": "one\n"})
    for path in [repository.root, *repository.root.rglob("*")]:
        os.chown(path, 12345, 12345)
    home = tmp_path / "home"
    home.mkdir()
    outer = {"PATH": os.environ["PATH"], "HOME": str(home)}
    with pytest.raises(GitFailed, match=r"another user owns the repository.*safe\.directory"):
        place_of(Git(outer), str(repository.root))
    subprocess.run(["git", "config", "--global", "--add", "safe.directory", repository.root], env=outer, check=True)
    assert place_of(Git(outer), str(repository.root)).root == str(repository.root)
