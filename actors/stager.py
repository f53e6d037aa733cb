"""StreamStagerActor: staging, wired."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actors.machines.effects import Effects, Woke
from actors.machines.staging import Staging
from actors.machines.standing import Now
from actors.shell import Shell, now
from actors.wire.batch import decode_runs
from messages.base import Message
from messages.lifecycle import Begin
from messages.records import CheckpointKept, CheckpointRefused, KeepCheckpoint, StageReset
from messages.status import Party
from messages.stream import FrameBatch, GenerationClosed, GenerationOpened, LiveWanted
from storage.redaction import LiveSessions


class StreamStagerActor(Shell):
    """Holds deltas in memory until their item completes. A new one starts empty, and says what that lost."""

    ROLE = "stager"

    def begin(self, begin: Begin) -> None:
        settings = begin.settings
        self.machine = Staging(begin.incarnation, settings.limits, settings.timing, decode_runs, LiveSessions())
        self.closing = False
        self.brought: tuple[str, int, str] | None = None
        """The trace of the newest batch: what comes of frames belongs to it, whoever's turn it is just now."""

    def on(self, message: Message, sender: Party) -> None:
        if isinstance(message, FrameBatch):
            self.brought = (self.trace, self.hop, self.cause)
            if message.generation < self.machine.generation:
                self.outcome = "stale"
        if isinstance(message, LiveWanted):
            self.machine.watch(message.on)
        elif isinstance(message, CheckpointRefused):
            self.audit("checkpoint_refused", f"generation {message.generation}", f"{message.code}: {message.text}")
            self.perform(self.machine.refused(message))
        else:
            self.perform(HANDLERS[type(message)](self.machine, message, now()))
        self._leave_when_settled()

    def send_to(self, party: Party, message: Message, refs: tuple[Any, ...] = ()) -> None:
        """A checkpoint leaves when the one before it is kept, or when its time is over: its cause is what it holds."""
        if self.brought is None or not isinstance(message, KeepCheckpoint):
            super().send_to(party, message, refs)
            return
        around = (self.trace, self.hop, self.cause)
        self.trace, self.hop, self.cause = self.brought
        super().send_to(party, message, refs)
        self.trace, self.hop, self.cause = around

    def woke(self, woke: Woke) -> None:
        self.perform(self.machine.woke(woke.name, woke.epoch, now()))

    def peers_changed(self, changed: list[Party]) -> None:
        if "ingest" in changed:
            self.perform(self.machine.ingest_returned())

    def leave(self) -> None:
        """The sidecar has left: what it sent is kept first. The supervisor's deadline bounds the wait."""
        self.closing = True
        self._leave_when_settled()

    def _leave_when_settled(self) -> None:
        if self.closing and not self.machine.outgoing and self.machine.reading.draft.empty:
            self.left()


HANDLERS: dict[type[Message], Callable[[Staging, Any, Now], Effects]] = {
    GenerationOpened: Staging.opened,
    FrameBatch: Staging.batch,
    GenerationClosed: Staging.closed,
    StageReset: Staging.reset,
    CheckpointKept: Staging.kept,
}
