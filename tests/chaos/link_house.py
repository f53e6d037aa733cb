"""A stage on which scenes of linking play: four files of code and one commit."""

from __future__ import annotations

from pathlib import Path
from random import Random

from chaos import plausible_code as code
from chaos.link_stage import Stage
from chaos.made_repository import MadeRepository

BEGIN_S = 1_780_000_000


def new_stage(folder: Path, seed: int = 7) -> Stage:
    rng = Random(seed)
    made = MadeRepository(folder / "r")
    tree = {f"src/f{n}.py": code.module(rng, 3) for n in range(4)}
    return Stage(made, rng, BEGIN_S, made.commit(tree, [], BEGIN_S - 1_000_000, "Begin"), folder / "link")
