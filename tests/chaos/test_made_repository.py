"""A repository made to measure is one that git believes."""

from __future__ import annotations

from pathlib import Path

from chaos.made_repository import MadeRepository
from storage.linking.git import Git
from storage.linking.history import History, place_of


def test_commits_have_the_dates_and_contents_that_were_told(tmp_path: Path) -> None:
    made = MadeRepository(tmp_path / "r")
    first = made.commit({'odd "name" ü.py': ["x = 1"]}, [], 1_780_000_000, "Begin")
    second = made.commit({"b.py": ["y = 2", "z = 3"]}, [first], 1_780_000_100, "Go on")
    merge = made.commit({"b.py": ["y = 2", "z = 3"]}, [first, second], 1_780_000_200, "Merge")
    made.write()
    made.point({"main": merge, "topic": second})
    made.forget_drafts()
    git = Git()
    history = History(git, place_of(git, str(made.root)))
    commits = history.commits(0)
    history.fill(commits)
    assert [(each.sha, each.committed_ms) for each in commits] == [
        (told.sha, told.at_s * 1000) for told in (first, second, merge)
    ]
    assert [file.path for file in commits[0].files] == ['odd "name" ü.py']
    assert {file.path: file.added for file in commits[1].files if file.status == "A"} == {"b.py": ["y = 2", "z = 3"]}
    made.point({"main": first, "topic": None})
    assert [each.sha for each in history.commits(0)] == [first.sha]
    assert history.lost([second.sha])[second.sha].subject == "Go on"


def test_a_linked_tree_knows_its_commits(tmp_path: Path) -> None:
    made = MadeRepository(tmp_path / "r")
    told = made.commit({"a": ["1"]}, [], 1_780_000_000, "Begin")
    made.write()
    made.point({"main": told, "side": told})
    made.tree_at(tmp_path / "side", "side", "side", [told])
    git = Git()
    place = place_of(git, str(tmp_path / "side"))
    assert place.repo == str(made.git_folder)
    assert History(git, place).made_in(str(tmp_path / "side")) == {told.sha}
