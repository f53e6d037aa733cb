"""Links are right on a labelled corpus: what is told as sure is so, and little is missed."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.link_scenes import SCENES
from chaos.linkage import Counts, measure

AIM = 0.95


def test_the_same_seed_gives_the_same_corpus_and_the_same_links(tmp_path: Path) -> None:
    first, second = (measure(tmp_path / name, 15, seed=9) for name in ("one", "two"))
    assert first.by_hazard == second.by_hazard
    assert first.all.right > 10


@pytest.mark.parametrize("seed", [1])
def test_sure_links_are_right_and_few_are_missed(tmp_path: Path, seed: int) -> None:
    found = measure(tmp_path, 300, seed)
    told = "\n".join(found.mistakes)
    assert found.all.sessions >= 300
    assert len(found.by_hazard) >= len(SCENES) - 2, "two formatters count as one hazard"
    assert found.all.precision is not None
    assert found.all.recall is not None
    assert found.all.precision >= AIM, told
    assert found.all.recall >= AIM, told
    assert found.all.wrong == 0, told
    assert found.by_hazard["ambiguous"].asked == found.by_hazard["ambiguous"].sessions


def test_what_was_not_counted_has_no_rate() -> None:
    assert Counts().precision is None
    assert Counts().recall is None
    assert Counts(right=3, wrong=1, missed=2).precision == 0.75
    assert Counts(right=3, wrong=1, missed=2).recall == 0.6
