"""The house of the live tests: the stage that drills play on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import psutil

from chaos.drilling.stage import LOOK_S, Stage, alive, gone, named, runs
from hybrid_capture.settings import Settings

__all__ = ["ENDED_S", "PATIENCE_S", "House", "alive", "gone", "named", "no_strangers", "runs", "tree"]

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

    def told_after(
        self, act: Callable[[], object], wanted: Callable[[dict[str, Any]], bool], what: str
    ) -> dict[str, Any]:
        """Do something, and give the first status that fits, as a listener hears it who was there before.

        What ends the tree is told within milliseconds: who begins to listen after it may hear of the next tree only.
        """
        end = time.monotonic() + self.patience_s
        with self.runtime.subscribe() as events:
            act()
            while (left := end - time.monotonic()) > 0:
                event = events.next(left)
                if event is not None and event.get("event") == "status" and wanted(event["status"]):
                    return dict(event["status"])
        raise AssertionError(f"nobody was told of {what}; now: {self.runtime.status()}")

    def break_spine(self, name: str) -> None:
        """Kill supervisor, admin or root, and wait until it is told that the tree is down."""
        self.told_after(lambda: self.kill(name), lambda s: s["mode"] == "FAILURE", f"the end of {name}")


def no_strangers(house: House) -> bool:
    """Whether every process that names the state folder belongs to the living tree, as soon as it is so.

    A gateway of the last tree hands over for a moment, and a spare root that was just started is not known yet.
    """
    end = time.monotonic() + ENDED_S
    while left := alive(named(house.runtime.state_dir)) - house.everything():
        if time.monotonic() > end:
            return False
        psutil.wait_procs(left, timeout=LOOK_S)
    return True


def tree(house: House) -> set[psutil.Process]:
    """The root that works and everything below it: without the spare one, which stays when they end."""
    root = psutil.Process(house.runtime.pids["root"])
    return {root, *root.children(recursive=True)}
