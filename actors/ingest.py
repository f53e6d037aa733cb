"""IngestActor: the only writer of the store. Redact, dedupe, store and link are functions behind one verb."""

from __future__ import annotations

from actors.machines.effects import Woke
from actors.shell import Shell, clean, now
from messages.base import Message
from messages.lifecycle import Begin
from messages.pulls import KeepPulled, PositionsWanted
from messages.records import (
    AuditNote,
    BaselineProbed,
    CheckpointRefused,
    KeepAudit,
    KeepCheckpoint,
    KeepTransitions,
    LedgerTold,
    LedgerWanted,
    StageOpened,
)
from messages.status import Party
from storage.errors import StoreError
from storage.store import Store

HELD_NOTES_MAX = 1_000
"""Audit notes that wait for a store that fails; further ones are counted in the last."""


class IngestActor(Shell):
    """Keeps what it is given in one transaction, and proves with probes that it still can."""

    ROLE = "ingest"

    def begin(self, begin: Begin) -> None:
        settings = begin.settings
        self.timing = settings.timing
        self.store = Store(settings.database, run_id=settings.run_id, limits=settings.limits)
        self.held: list[AuditNote] = []
        self.healthy: bool | None = None
        self.committed_ms = 0
        self.wake(0, "probe")  # not before the supervisor knows who we are

    def on(self, message: Message, sender: Party) -> None:
        try:
            self._keep(message)
        except StoreError as failed:
            self._failed(message, failed)
        else:
            self._told(True, "the store commits")

    def _keep(self, message: Message) -> None:
        at = now()
        if isinstance(message, KeepCheckpoint):
            kept = self.store.keep_checkpoint(message, at.wall)
            self.send_to("stager", kept.reply)
            for told in kept.announce:
                self.send_to("facade", told)
            self.committed_ms = at.mono
        elif isinstance(message, KeepPulled):
            pulled = self.store.keep_pulled(message, at.wall)
            self.send_to("sidecar", pulled.reply)
            for told in pulled.announce:
                self.send_to("facade", told)
            self.committed_ms = at.mono
        elif isinstance(message, PositionsWanted):
            self.send_to("sidecar", self.store.positions(message))
        elif isinstance(message, StageOpened):
            self.send_to("stager", self.store.open_stage(message, at.wall))
        elif isinstance(message, KeepTransitions):
            self.send_to("supervisor", self.store.keep_transitions(message))
            self.committed_ms = at.mono
        elif isinstance(message, KeepAudit):
            self.store.keep_audit((*self.held, *message.notes))
            self.held.clear()
        elif isinstance(message, LedgerWanted):
            self.send_to("facade", LedgerTold(command_id=message.command_id, ledger=self.store.ledger()))

    def _failed(self, message: Message, failed: StoreError) -> None:
        """Nothing was written. Who numbered the message sends it again; notes wait here."""
        text = clean(str(failed))
        if isinstance(message, KeepCheckpoint):
            refused = CheckpointRefused(
                generation=message.generation,
                stager=message.stager,
                through_seq=message.first_seq - 1,
                code="store_failed",
                text=text,
            )
            self.send_to("stager", refused)
        elif isinstance(message, KeepAudit):
            self.held = [*self.held, *message.notes][-HELD_NOTES_MAX:]
        self._told(False, text)

    def woke(self, woke: Woke) -> None:
        self._probe()

    def _probe(self) -> None:
        """A commit since the last probe is proof enough; otherwise one is made."""
        at = now()
        try:
            if at.mono - self.committed_ms >= self.timing.probe_interval_ms or self.healthy is not True:
                self.store.probe(at.wall)
                if self.held:
                    self.store.keep_audit(tuple(self.held))
                    self.held.clear()
        except StoreError as failed:
            self._told(False, clean(str(failed)))
        else:
            self._told(True, "the store commits", always=True)
        self.wake(self.timing.probe_interval_ms, "probe")

    def _told(self, healthy: bool, reason: str, always: bool = False) -> None:
        """Every change at once; a good probe also when nothing changed, since its absence means something."""
        if healthy != self.healthy or always:
            self.healthy = healthy
            self.send_to("supervisor", BaselineProbed(healthy=healthy, reason=reason))

    def leave(self) -> None:
        self.store.close()
        self.left()
