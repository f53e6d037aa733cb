"""FacadeActor: the only actor that a renderer can reach; a policy table, wired."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actors.machines.effects import Effect, Effects, ReadStore, Woke
from actors.machines.facade import METER, Facade
from actors.shell import Shell, now
from actors.store_reads import StoreReads
from messages.auth import AuthCommandDone
from messages.base import Message
from messages.calls import ApprovalAsked, ApprovalSettled, CallDone, StatusChanged, SupervisionDone
from messages.facade import ClientGone, ClientSaid
from messages.lifecycle import Begin
from messages.records import ItemStored, LedgerTold, TurnStored
from messages.status import Party
from messages.stream import LiveLines


class FacadeActor(Shell):
    """Forwards what the policy allows, passes on what renderers may see."""

    ROLE = "facade"

    def begin(self, begin: Begin) -> None:
        self.machine = Facade(begin.settings.limits)
        self.reads = StoreReads(begin.settings)
        self.perform(self.machine.begin())

    def on(self, message: Message, sender: Party) -> None:
        if isinstance(message, ClientSaid):
            self.perform(self.machine.said(message, now(), self.trace))
        else:
            if isinstance(message, ItemStored):
                self.machine.count(message, now())
            self.perform(HANDLERS[type(message)](self.machine, message))

    def watched(self) -> list[int]:
        return self.reads.watched()

    def readable(self, ready: list[int]) -> None:
        for each in self.reads.finished():
            self.perform(self.machine.read(each.key, each.data, each.code, each.text))

    def perform_other(self, effect: Effect) -> None:
        if isinstance(effect, ReadStore):
            self.reads.ask(effect)
        else:
            super().perform_other(effect)

    def peers_changed(self, changed: list[Party]) -> None:
        if "stager" in changed:
            self.perform(self.machine.stager_returned())

    def woke(self, woke: Woke) -> None:
        self.perform(self.machine.measure(now()) if woke.name == METER else self.machine.woke(woke.name))


HANDLERS: dict[type[Message], Callable[[Facade, Any], Effects]] = {
    ClientGone: Facade.gone,
    StatusChanged: Facade.status_changed,
    LedgerTold: Facade.ledger,
    CallDone: Facade.done,
    SupervisionDone: Facade.done,
    AuthCommandDone: Facade.auth_done,
    ItemStored: Facade.stored,
    TurnStored: Facade.stored,
    LiveLines: Facade.live,
    ApprovalAsked: Facade.asked,
    ApprovalSettled: Facade.settled,
}
