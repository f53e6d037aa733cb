"""Scenes that rewrite history leave the old branch for the first look and the new one for the second."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from chaos import link_rewrites as rewrites
from chaos.link_stage import Stage
from tests.chaos.link_house import new_stage


def played(folder: Path, scene: Callable[[Stage], None]) -> tuple[Stage, dict[str, object]]:
    """The scene with its second half, and the branches as the second look finds them."""
    stage = new_stage(folder)
    scene(stage)
    for later in stage.later:
        later()
    return stage, {**stage.first, **stage.last}


@pytest.mark.parametrize("scene", [rewrites.amended, rewrites.rebased, rewrites.squashed])
def test_what_was_rewritten_is_no_longer_the_truth(tmp_path: Path, scene: Callable[[Stage], None]) -> None:
    stage, branches = played(tmp_path, scene)
    for session in stage.sessions:
        assert session.before
        assert session.truth
        assert not session.truth & session.before
    [branch] = stage.first
    assert branches[branch] is not stage.first[branch]


def test_an_amended_commit_stands_where_the_old_one_stood(tmp_path: Path) -> None:
    stage, _ = played(tmp_path, rewrites.amended)
    [session] = stage.sessions
    [old], [new] = session.before, session.truth
    assert new.parents == old.parents
    assert new.subject == f"{old.subject}, better"


def test_a_rebase_keeps_subjects_and_order_on_what_main_is_by_then(tmp_path: Path) -> None:
    stage = new_stage(tmp_path)
    rewrites.rebased(stage)
    stage.person_commits()
    [later] = stage.later
    later()
    [session] = stage.sessions
    old, new = (sorted(each, key=lambda told: told.at_s) for each in (session.before, session.truth))
    assert [told.subject for told in new] == [told.subject for told in old]
    assert [told.parents for told in new] == [[stage.main], [new[0]]]


def test_a_squash_is_one_commit_on_main_and_its_branch_goes(tmp_path: Path) -> None:
    stage, branches = played(tmp_path, rewrites.squashed)
    one, two = stage.sessions
    assert one.truth == two.truth == {stage.main}
    assert list(branches.values()) == [None]


def test_a_pick_leaves_both_commits(tmp_path: Path) -> None:
    stage, branches = played(tmp_path, rewrites.picked)
    [session] = stage.sessions
    assert session.truth == set(branches.values())
    assert len(session.truth) == 2
    assert session.before == set()
