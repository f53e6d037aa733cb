"""Scenes tell the truth about themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from chaos import plausible_code as code
from chaos.link_scenes import SCENES, Stage
from chaos.made_repository import MadeRepository

NOTHING_IN_HISTORY = {"undone", "discarded", "no_commit", "nobody_can_tell"}
"""Scenes after which no commit is a session's."""


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_a_scene_has_sessions_and_says_whose_commit_is_whose(scene: Callable[[Stage], None], tmp_path: Path) -> None:
    rng = Random(7)
    made = MadeRepository(tmp_path / "r")
    tree = {f"src/f{n}.py": code.module(rng, 3) for n in range(4)}
    stage = Stage(made, rng, 1_780_000_000, made.commit(tree, [], 1_779_000_000, "Begin"), tmp_path / "link")
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
