"""Scenes tell the truth about themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.link_scenes import SCENES
from chaos.link_stage import Stage
from tests.chaos.link_house import new_stage

NOTHING_IN_HISTORY = {"undone", "discarded", "no_commit", "nobody_can_tell"}
"""Scenes after which no commit is a session's."""


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_a_scene_has_sessions_and_says_whose_commit_is_whose(scene: Callable[[Stage], None], tmp_path: Path) -> None:
    stage = new_stage(tmp_path)
    made = stage.repository
    scene(stage)
    for later in stage.later:
        later()
    assert stage.sessions
    assert all(session.edits for session in stage.sessions)
    truth = {told for session in stage.sessions for told in session.truth | session.also}
    assert bool(truth) is (scene.__name__ not in NOTHING_IN_HISTORY)
    assert truth <= set(made.told)
    first_edit_s = min(at for session in stage.sessions for at, _, _ in session.edits)
    assert all(told.at_s >= first_edit_s for told in truth)
