"""On the stage time passes, main moves, and a session's work is told as it is done."""

from __future__ import annotations

from pathlib import Path
from random import Random

from chaos import plausible_code as code
from chaos.link_stage import grown, work
from tests.chaos.link_house import new_stage


def test_a_commit_is_on_main_unless_it_has_parents_of_its_own(tmp_path: Path) -> None:
    stage = new_stage(tmp_path)
    begin, began_s = stage.main, stage.now_s
    told = stage.commit(begin.tree)
    assert stage.main is told
    assert told.parents == [begin]
    beside = stage.commit(begin.tree, parents=[begin])
    assert stage.main is told
    assert beside.parents == [begin]
    assert began_s < told.at_s < beside.at_s == stage.now_s


def test_a_person_changes_one_file_and_is_no_session(tmp_path: Path) -> None:
    stage = new_stage(tmp_path)
    before = stage.main.tree
    after = stage.person_commits().tree
    assert len([path for path in after if after[path] != before[path]]) == 1
    assert stage.sessions == []


def test_a_session_edits_as_many_files_as_it_is_told_to_and_the_tree_it_began_with_stays(tmp_path: Path) -> None:
    stage = new_stage(tmp_path)
    session = stage.session("plain", shape="codex")
    before = dict(stage.main.tree)
    after = work(stage, session, stage.main.tree, files=3)
    assert stage.main.tree == before
    assert len(session.edits) == 3
    assert [at for at, _, _ in session.edits] == sorted(at for at, _, _ in session.edits)
    whole = {change["path"] for _, _, body in session.edits for change in body["changes"]}
    told = {path.removeprefix(f"{session.cwd}/") for path in whole}
    assert {path for path in after if after[path] != before[path]} <= told <= set(before)


def test_sessions_and_names_are_unlike_each_other(tmp_path: Path) -> None:
    stage = new_stage(tmp_path)
    one = stage.name("topic")
    first, second = stage.session("merge"), stage.session("merge")
    assert first.session_id != second.session_id
    assert stage.name("topic") != one


def test_code_that_grows_is_always_other_code() -> None:
    for seed in range(50):
        rng = Random(seed)
        lines = code.module(rng, 2)
        kept = list(lines)
        assert grown(rng, lines) != kept
        assert lines == kept, "what it began with stays"
