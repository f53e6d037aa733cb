"""The house of the live tests: the stage that drills play on."""

from __future__ import annotations

import psutil

from chaos.drilling.stage import Stage, alive, gone, named, runs
from hybrid_capture.settings import Settings

__all__ = ["ENDED_S", "PATIENCE_S", "House", "alive", "gone", "named", "runs", "tree"]

PATIENCE_S = 60.0
"""Longer than a part that is taken for hung while it starts needs to be started once more."""
ENDED_S = 20.0
"""What has to end and still runs after this time will stay. How long it takes is measured by the drills."""


class House(Stage):
    """A stage with the patience of these tests."""

    def __init__(self, settings: Settings, patience_s: float = PATIENCE_S) -> None:
        super().__init__(settings, patience_s)

    def __enter__(self) -> House:
        super().__enter__()
        return self


def tree(house: House) -> set[psutil.Process]:
    """The root that works and everything below it: without the spare one, which stays when they end."""
    root = psutil.Process(house.runtime.pids["root"])
    return {root, *root.children(recursive=True)}
