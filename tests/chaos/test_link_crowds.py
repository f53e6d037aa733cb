"""With several sessions at work, each scene says who of them made what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from chaos import link_crowds as crowds
from chaos.link_stage import Stage
from tests.chaos.link_house import new_stage


@pytest.mark.parametrize("scene", [crowds.several_sessions, crowds.swept_up])
def test_one_commit_is_of_both(tmp_path: Path, scene: Callable[[Stage], None]) -> None:
    stage = new_stage(tmp_path)
    scene(stage)
    one, two = stage.sessions
    assert one.truth == two.truth == {stage.main}


def test_whoever_commits_everything_shows_it_and_the_other_does_not(tmp_path: Path) -> None:
    stage = new_stage(tmp_path)
    crowds.swept_up(stage)
    one, two = stage.sessions
    assert [told for _, told, _ in one.made] == [stage.main]
    assert two.made == []


def test_parts_of_one_file_are_committed_one_after_the_other(tmp_path: Path) -> None:
    stage = new_stage(tmp_path)
    crowds.same_file(stage)
    [first], [second] = (session.truth for session in stage.sessions)
    assert second.parents == [first]
    begin = first.parents[0]
    [path] = (name for name in first.tree if first.tree[name] != begin.tree[name])
    assert [name for name in second.tree if second.tree[name] != first.tree[name]] == [path]


def test_each_of_a_crowd_has_a_commit_of_its_own(tmp_path: Path) -> None:
    stage = new_stage(tmp_path)
    crowds.concurrent(stage)
    assert [len(session.truth) for session in stage.sessions] == [1, 1, 1]
    assert len({told for session in stage.sessions for told in session.truth}) == 3


def test_of_two_that_wrote_the_same_in_two_trees_the_committed_one_is_right(tmp_path: Path) -> None:
    winners = set()
    for seed in range(8):
        stage = new_stage(tmp_path / str(seed), seed)
        crowds.same_work_twice(stage)
        winners.add(tuple(len(session.truth) for session in stage.sessions))
        assert [bool(made) for *_, made in stage.trees] == [bool(session.truth) for session in stage.sessions]
    assert winners == {(1, 0), (0, 1)}


def test_in_one_tree_nobody_can_tell(tmp_path: Path) -> None:
    stage = new_stage(tmp_path)
    crowds.nobody_can_tell(stage)
    assert [session.truth | session.also for session in stage.sessions] == [set(), set()]


def test_of_what_was_thrown_away_and_redone_the_first_has_nothing(tmp_path: Path) -> None:
    proved = set()
    for seed in range(8):
        stage = new_stage(tmp_path / str(seed), seed)
        crowds.redone(stage)
        first, second = stage.sessions
        assert first.truth | first.also == set()
        assert second.truth | second.also == {stage.main}
        assert bool(second.truth) is bool(second.made)
        proved.add(bool(second.truth))
    assert proved == {True, False}
