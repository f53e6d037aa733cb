"""The verbs of links on a real repository."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hybrid_capture import link_view, store_view
from hybrid_capture.console import Screen
from hybrid_capture.problems import Problem
from storage.linking import dispute, match
from tests.storage.linking.repository import Repository, patched
from tests.storage.story import Stream, open_store, thread

CODE = ("+def price_of(item, count):", "+    return item.price * count")
EVERYTHING: dict[str, Any] = {"session": None, "commit": None, "repo": None, "state": None, "limit": 50}


@dataclass
class Desk:
    database: str
    repository: Repository
    commit: str


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A session whose commit nobody has looked for yet."""
    repository = Repository(tmp_path / "r")
    repository.commit("base", 0, {"a.py": "import os\n"})
    with closing(open_store(tmp_path / "state")) as store:
        about = thread("sess-one", cwd=str(repository.root))
        Stream(store).send(2, sessions=[about, thread("sess-two")], items=[patched("a.py", *CODE, session="sess-one")])
    sha = repository.commit("Add prices", 60, {"a.py": "import os\n" + "\n".join(line[1:] for line in CODE) + "\n"})
    return Desk(str(tmp_path / "state" / "capture.sqlite3"), repository, sha)


def said(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_repair_links_and_list_shows_it(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert link_view.repair(desk.database, None, Screen(True)) == 0
    done = said(capsys)
    assert (done["looked"], done["before"]["linked"], done["after"]["linked"]) == (1, 0, 1)
    link_view.show(desk.database, Screen(True), **EVERYTHING)
    first, second = said(capsys)["links"]
    assert (first["session_id"], first["commit"], first["state"]) == ("sess-one", desk.commit, "linked")
    assert (second["session_id"], second["state"]) == ("sess-two", "unlinked")
    link_view.show(desk.database, Screen(False), **{**EVERYTHING, "repo": desk.repository.root / "."})
    out = capsys.readouterr().out
    assert desk.commit[:10] in out
    assert "sess-two" not in out


def test_a_link_is_explained_in_plain_words(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    link_view.repair(desk.database, desk.repository.root, Screen(True))
    capsys.readouterr()
    for wanted in ("1", "sess-o"):
        link_view.explain(desk.database, wanted, Screen(False))
        out = capsys.readouterr().out
        assert "session sess-one (codex) is linked" in out
        assert f"commit {desk.commit[:10]} is its own: Add prices" in out
        assert "its changed lines stand in the commit" in out
        assert "a.py: 2 of 2 changed lines match" in out
    link_view.explain(desk.database, "sess-two", Screen(True))
    assert said(capsys)["words"] == [
        "session sess-two (codex) is unlinked: it changed no file and made no commit",
    ]


def test_a_session_tells_its_links(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    store_view.session(desk.database, "sess-one", False, Screen(False))
    assert "unlinked: not looked for yet" in capsys.readouterr().out
    link_view.repair(desk.database, None, Screen(True))
    capsys.readouterr()
    store_view.session(desk.database, "sess-one", False, Screen(True))
    links = said(capsys)["links"]
    assert (links["state"], links["links"][0]["commit"]) == ("linked", desk.commit)
    store_view.session(desk.database, "sess-one", False, Screen(False))
    assert f"linked {desk.commit[:10]}  Add prices" in capsys.readouterr().out


def test_what_cannot_be_found_is_said(desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Problem, match="no link and no session nobody"):
        link_view.explain(desk.database, "nobody", Screen(False))
    with pytest.raises(Problem, match="several sessions begin with sess"):
        link_view.explain(desk.database, "sess", Screen(False))
    with pytest.raises(Problem, match="no git repository"):
        link_view.repair(desk.database, tmp_path, Screen(False))
    link_view.show(desk.database, Screen(False), **{**EVERYTHING, "state": "gone"})
    assert "nothing fits" in capsys.readouterr().out


def test_every_method_has_plain_words() -> None:
    source = "".join(Path(each.__file__).read_text() for each in (match, dispute))
    named = {word for word in link_view.METHODS if f'"{word}"' in source}
    assert named == set(link_view.METHODS)
