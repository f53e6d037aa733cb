"""Rounds on real repositories."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from messages.records import FinalItem
from storage.linking import history, look
from storage.linking.git import Git, GitFailed
from storage.linking.look import Looker, repo_of
from storage.store import Store
from tests.storage.linking.repository import T0_MS, Repository, patched, ran
from tests.storage.story import Stream, open_store, rows, thread

NOW_MS = T0_MS + 3_600_000
LINES = ("+def price_of(item, count):", "+    return item.price * count")


class Desk:
    """A store, a repository, and somebody who looks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repository = Repository(folder / "r")
        self.repository.commit("base", 0, {"a.py": "import os\n"})
        self.store: Store = open_store(folder / "state")
        self.stream = Stream(self.store)
        self.looker = Looker(folder / "state" / "capture.sqlite3", Git())

    def take(self, *items: FinalItem, session: str = "t1", **about: Any) -> None:
        about.setdefault("cwd", str(self.repository.root))
        self.stream.send(len(items) + 1, sessions=[thread(session, **about)], items=items)

    def look(self, **how: Any) -> int:
        verdicts = [each for batch in self.looker.round(NOW_MS, **how) for each in batch]
        return self.store.keep_links(verdicts, NOW_MS)

    def links(self, session: str = "t1") -> list[tuple[str, str, str]]:
        sql = """SELECT l."commit", l.state, l.method FROM links l JOIN sessions s ON s.id = l.session_row
            WHERE s.session_id = ? ORDER BY l.committed_at_ms, l.id"""
        return rows(self.store, sql, session)

    def state(self, session: str = "t1") -> tuple[str, str]:
        sql = """SELECT l.state, l.reason FROM link_states l JOIN sessions s ON s.id = l.session_row
            WHERE s.session_id = ?"""
        return rows(self.store, sql, session)[0]  # type: ignore[return-value]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.store.close()


CODE = "import os\ndef price_of(item, count):\n    return item.price * count\n"


@pytest.mark.parametrize("zone", ["-0500", "+0000", "+1200"])
@pytest.mark.parametrize("absolute", [True, False])
def test_a_commit_in_the_window_is_linked_wherever_its_author_lives(desk: Desk, zone: str, absolute: bool) -> None:
    desk.take(patched(desk.repository.root / "a.py" if absolute else "a.py", *LINES))
    sha = desk.repository.commit("Add prices", 60, {"a.py": CODE}, zone=zone)
    desk.repository.commit("Something else, at HEAD", 120, {"b.py": "unrelated = True\n"})
    desk.look()
    assert desk.links() == [(sha, "linked", "hunks")]
    assert desk.state() == ("linked", "")


def test_an_impossible_path_of_one_session_does_not_keep_the_others_from_their_commits(desk: Desk) -> None:
    desk.take(patched("a\0.py", "+nobody = 1", item="c9", session="t0"), session="t0")
    desk.take(patched("a.py", *LINES))
    sha = desk.repository.commit("Add prices", 60, {"a.py": CODE})
    desk.look()
    assert desk.links() == [(sha, "linked", "hunks")]
    assert desk.state("t0") == ("unlinked", "it names a path that no file can have")


def test_head_is_never_a_guess(desk: Desk) -> None:
    desk.take(patched("a.py", *LINES))
    desk.repository.commit("Something else", 60, {"a.py": "import os\nother = True\n"})
    desk.look()
    assert desk.links() == []
    assert desk.state() == ("unlinked", "none of the 2 commits since its first change has what it wrote")


def test_a_commit_that_comes_later_is_found_when_a_name_moves(desk: Desk) -> None:
    desk.take(patched("a.py", *LINES))
    assert desk.look() == 1
    assert desk.look() == 0, "nothing moved"
    sha = desk.repository.commit("Add prices", 600, {"a.py": CODE})
    assert desk.look() == 1
    assert desk.links() == [(sha, "linked", "hunks")]
    assert desk.looker.watched == {str(desk.repository.root / ".git"): T0_MS + 10_000}


def test_a_rebase_moves_the_link_and_the_old_commit_is_told_as_gone(desk: Desk) -> None:
    desk.repository.git("checkout", "-qb", "topic")
    desk.take(patched("a.py", *LINES))
    old = desk.repository.commit("Add prices", 60, {"a.py": CODE})
    desk.look()
    desk.repository.git("checkout", "-q", "main")
    desk.repository.commit("Meanwhile", 90, {"b.py": "meanwhile = True\n"})
    desk.repository.git("checkout", "-q", "topic")
    desk.repository.git("rebase", "-q", "main", at_s=120)
    new = desk.repository.git("rev-parse", "HEAD")
    desk.look()
    assert sorted(desk.links()) == sorted([(old, "gone", "hunks"), (new, "linked", "patch_id")])
    assert rows(desk.store, "SELECT reason FROM links WHERE state = 'gone'") == [(f"it lives on as {new}",)]


def test_a_squash_keeps_both_sessions(desk: Desk) -> None:
    desk.repository.git("checkout", "-qb", "topic")
    desk.take(patched("a.py", *LINES))
    desk.repository.commit("Prices", 60, {"a.py": CODE})
    desk.take(ran("git commit -am 'Add names'", "", desk.repository.root, at_s=91, session="t2"), session="t2")
    desk.repository.commit("Add names", 90, {"b.py": "def name_of(item):\n    return item.title\n"})
    desk.look()
    assert desk.links("t2")[0][2] == "commit_command"
    desk.repository.git("checkout", "-q", "main")
    desk.repository.git("merge", "-q", "--squash", "topic")
    squash = desk.repository.commit("All of it", 200)
    desk.repository.git("branch", "-qD", "topic")
    desk.look()
    assert (squash, "linked", "hunks") in desk.links("t1")
    assert (squash, "linked", "hunks") in desk.links("t2")


def test_a_tree_that_is_removed_before_anybody_looks(desk: Desk, tmp_path: Path) -> None:
    tree = tmp_path / "side"
    desk.repository.git("worktree", "add", "-q", "-b", "side", str(tree))
    desk.take(patched(tree / "a.py", *LINES), cwd=str(tree))
    desk.look()
    (tree / "a.py").write_text(CODE)
    desk.repository.git("commit", "-qam", "Side", at_s=60, cwd=tree)
    desk.repository.git("worktree", "remove", str(tree))
    desk.look()
    assert desk.links() == [(desk.repository.git("rev-parse", "side"), "linked", "hunks")]


def test_why_there_is_no_link_is_told(desk: Desk, tmp_path: Path) -> None:
    desk.take(patched(tmp_path / "x.py", *LINES, session="homeless"), session="homeless", cwd=str(tmp_path))
    desk.take(
        patched("a.py", *LINES, item="i1", session="undone"),
        patched("a.py", *(f"-{line[1:]}" for line in LINES), item="i2", at_s=20, session="undone"),
        session="undone",
    )
    desk.look()
    assert desk.state("homeless") == ("unlinked", f"{tmp_path} is in no git repository")
    assert desk.state("undone") == ("unlinked", "it took back everything that it changed")


def test_a_session_in_two_repositories_has_commits_in_both(desk: Desk, tmp_path: Path) -> None:
    other = Repository(tmp_path / "other")
    desk.take(patched("a.py", *LINES, item="i1"), patched(other.root / "n.py", *LINES, item="i2"))
    here = desk.repository.commit("Here", 60, {"a.py": CODE})
    there = other.commit("There", 70, {"n.py": "\n".join(line[1:] for line in LINES) + "\n"})
    desk.look()
    assert [commit for commit, _, _ in desk.links()] == [here, there]
    assert desk.state() == ("linked", "")


def test_a_repository_that_git_cannot_read_is_a_reason(desk: Desk) -> None:
    desk.take(patched("a.py", *LINES))
    shutil.rmtree(desk.repository.root / ".git" / "objects")
    desk.look()
    state, reason = desk.state()
    assert state == "unlinked"
    assert reason.startswith("git cannot read")


def test_an_oddity_of_one_repository_stops_no_other(desk: Desk, tmp_path: Path) -> None:
    odd = Repository(tmp_path / "odd")
    text = f"tree {odd.git('mktree')}\nauthor x\ncommitter x <x@x> notatime +0000\n\nbroken \x01 \x02 commit\n"
    (odd.root / "raw").write_text(text)
    sha = odd.git("hash-object", "-t", "commit", "-w", "--literally", "raw")
    odd.git("update-ref", "refs/heads/main", sha)
    desk.take(patched(odd.root / "a.py", *LINES, session="odd"), session="odd")
    desk.take(patched("a.py", *LINES))
    good = desk.repository.commit("Add prices", 60, {"a.py": CODE})
    desk.look()
    assert desk.links() == [(good, "linked", "hunks")]
    assert desk.state("odd")[0] == "unlinked"


def test_a_history_too_long_to_read_takes_no_link_away(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.take(patched("a.py", *LINES))
    sha = desk.repository.commit("Add prices", 60, {"a.py": CODE})
    desk.look()
    for n in range(3):
        desk.repository.commit("later", 600 + n, {"b.py": f"value = {n}\n"})
    for module in (look, history):
        monkeypatch.setattr(module, "COMMITS_MAX", 2)
    desk.take(patched("a.py", "+more = 'of it'", item="c9"))
    desk.look()
    assert desk.links() == [(sha, "linked", "hunks")]
    assert rows(desk.store, "SELECT revision - looked_revision FROM link_states") == [(0,)]


def test_a_whole_repository_is_looked_at_on_demand(desk: Desk) -> None:
    desk.take(patched("a.py", *LINES))
    sha = desk.repository.commit("Add prices", 60, {"a.py": CODE})
    desk.look()
    rows(desk.store, "DELETE FROM links")
    assert desk.look() == 0
    assert desk.look(all_of=repo_of(Git(), str(desk.repository.root))) == 1
    assert desk.links() == [(sha, "linked", "hunks")]
    rows(desk.store, "DELETE FROM links")
    assert desk.look(everything=True) == 1
    assert desk.links() == [(sha, "linked", "hunks")]
    os.makedirs(desk.folder / "nowhere")
    with pytest.raises(GitFailed, match="no git repository"):
        repo_of(Git(), str(desk.folder / "nowhere"))
