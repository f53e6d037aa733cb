"""What renderers read in the simulation: the real pages of the real file, without a thread; some take a while."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from thespian.actors import WatchMessage

from actors.machines.effects import ReadStore
from actors.store_reads import Finished, StoreReads
from chaos.simulating.chance import mix
from messages.renderer_reads import GetIngestConfig
from messages.settings import TreeSettings
from storage.errors import StoreError
from storage.pages import Pages
from storage.paging import BadPage

if TYPE_CHECKING:
    from chaos.simulating.world import World

TAKES_US = 3_000
LATE_ONE_IN = 12
LATE_US = 7_000_000
"""Longer than the facade waits: what comes then is nobody's any more."""
WITHIN_S = 60.0
"""The one real clock in here: no busy machine may change a story."""
_FD = -1


class Reads(StoreReads):
    """Stands for the facade's threads. The page is read when it is asked for, and is there a little later."""

    def __init__(self, world: World, settings: TreeSettings) -> None:
        super().__init__(settings)
        self._world = world
        self._facade = world.live["facade"]
        self._there: list[Finished] = []

    def watched(self) -> list[int]:
        return []

    def ask(self, effect: ReadStore) -> None:
        done = self._answer(effect)
        chance = mix(self._world.plan.seed, 5, self._world.numbered)
        takes_us = LATE_US if chance % LATE_ONE_IN == 0 else chance % TAKES_US
        self._world.after(takes_us, self._arrive, done)

    def finished(self) -> list[Finished]:
        there, self._there = self._there, []
        return there

    def _arrive(self, done: Finished) -> None:
        self._there.append(done)
        self._world.ready(self._facade, WatchMessage([_FD]))

    def _answer(self, effect: ReadStore) -> Finished:
        pages = None
        try:
            if not isinstance(effect.command, GetIngestConfig):
                pages = Pages(self._settings.database)
            return self._read(effect, pages, time.monotonic() + WITHIN_S)
        except BadPage as error:
            return Finished(effect.key, None, error.code, str(error))
        except StoreError as error:
            return Finished(effect.key, None, "AWAY", str(error))
        finally:
            if pages is not None:
                pages.close()
