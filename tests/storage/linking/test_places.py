"""Which repository a path belongs to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from storage.linking.git import Git
from storage.linking.history import Place
from storage.linking.places import Places
from tests.storage.linking.repository import Repository
from tests.systems import posix


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "r")
    repository.commit("base", 0, {"src/a.py": "1\n"})
    return repository


def test_a_path_is_named_from_the_top_of_its_tree(repository: Repository) -> None:
    places = Places(Git(), {})
    here = Place(str(repository.root), str(repository.root / ".git"))
    assert places.of(f"{repository.root}/src/../src/new/x.py") == (here, "src/new/x.py")
    assert places.of_folder(str(repository.root / "src")) == here
    assert places.of_folder(str(repository.root)) == here


@posix
def test_a_symbolic_link_to_the_repository_is_the_repository(repository: Repository, tmp_path: Path) -> None:
    os.symlink(repository.root, tmp_path / "link")
    found = Places(Git(), {}).of(f"{tmp_path}/link/src/a.py")
    assert found == (Place(str(repository.root), str(repository.root / ".git")), "src/a.py")


def test_a_removed_tree_is_known_from_before(repository: Repository, tmp_path: Path) -> None:
    tree = tmp_path / "r" / "trees" / "side"
    known = {str(tree): str(repository.root / ".git")}
    assert Places(Git(), known).of(f"{tree}/src/a.py") == (Place(str(tree), known[str(tree)]), "src/a.py")
    unknown = Places(Git(), {}).of(f"{tree}/src/a.py")
    assert not isinstance(unknown, str)
    assert unknown[1] == "trees/side/src/a.py"


def test_no_place_has_its_reason(repository: Repository, tmp_path: Path) -> None:
    places = Places(Git(), {})
    assert places.of("src/a.py") == "nothing says which folder its paths start from"
    assert places.of(f"{tmp_path}/x.py") == f"{tmp_path} is in no git repository"
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / ".git").write_text("gitdir: /nowhere\n")
    assert str(places.of(f"{tmp_path}/broken/x.py")).startswith(f"git cannot read {tmp_path}/broken: not a git")


@pytest.mark.parametrize("tail", ["src/\0/a.py", "a\0.py", "x/" * 500_000 + "a.py"], ids=["folder", "name", "long"])
def test_what_no_file_can_be_called_has_no_place(repository: Repository, tail: str) -> None:
    places = Places(Git(), {})
    assert places.of(f"{repository.root}/{tail}") == "it names a path that no file can have"
