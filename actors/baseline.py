"""BaselineActor: what the tools export over OTLP and write into files, on its way to the store; wiring of
`machines/receiver.py` and, for files, of `tailing.py`.

Never here: what an event means (`wire/*_telemetry.py`), when something is sent again (`machines/baseline.py`).
"""

from __future__ import annotations

from actors.machines.baseline import Lane
from actors.machines.drafting import Drafting
from actors.machines.effects import Woke
from actors.machines.receiver import Receiver
from actors.shell import Shell, now
from actors.tailing import FileTail
from messages.base import Message
from messages.baseline import FilesTold, RecordsKept, RecordsRefused
from messages.lifecycle import Begin
from messages.otlp import OtlpGivenUp, OtlpPart, TurnTraced
from messages.status import Party

TICK_MS = 250
WORK_MS = 5
"""Decoding goes on for so long, and for a piece more, before other messages are heard."""
HOLDS = 2
"""Times that the gateway has a request in hand at most, after which an unfinished body is nobody's."""


class BaselineActor(Shell):
    """Decodes OTLP bodies and has them kept. A new one starts empty: the gateway still has what was not answered."""

    ROLE = "baseline"

    def begin(self, begin: Begin) -> None:
        timing = begin.settings.timing
        lane = Lane(begin.incarnation, timing.resend_ms)
        self.receiver = Receiver(lane, Drafting().decode, HOLDS * timing.otlp_in_hand_ms)
        self.files = FileTail(begin, self.perform, self.wake)
        self.closing = False
        self.ticking = self.coming_back = False
        self.files.start(now())

    def on(self, message: Message, sender: Party) -> None:
        at_ms = now().mono
        if isinstance(message, OtlpPart):
            self.perform(self.receiver.part(message, at_ms))
        elif isinstance(message, OtlpGivenUp):
            self.receiver.given_up(message)
        elif isinstance(message, TurnTraced):
            self.perform(self.receiver.traced(message, at_ms))
        elif isinstance(message, RecordsKept) and message.source == "otlp":
            self.perform(self.receiver.kept(message, at_ms))
        elif isinstance(message, RecordsRefused) and message.source == "otlp":
            self.perform(self.receiver.refused(message, at_ms))
        elif isinstance(message, FilesTold | RecordsKept | RecordsRefused):
            self.files.heard(message, now())
        self._rest()

    def woke(self, woke: Woke) -> None:
        if woke.name == "files":
            if not self.closing:
                self.files.woke(now())
            return
        if woke.name == "decode":
            self.coming_back = False
        else:
            self.ticking = False
            self.perform(self.receiver.tick(now().mono))
        self._rest()

    def peers_changed(self, changed: list[Party]) -> None:
        if "ingest" in changed:
            self.perform(self.receiver.ingest_returned(now().mono))
            self.files.ingest_returned(now())

    def leave(self) -> None:
        """What is in hand is kept first; the gateway sends nothing more. The supervisor's deadline bounds the wait."""
        self.closing = True
        self.files.close()  # what was read and not kept is read again from the stored position
        self._rest()

    def _come_back(self) -> None:
        """Go on when what was told has left and what came meanwhile was heard: the kernel takes half of a large message
        at once, and the rest leaves between two messages."""
        if not self.coming_back:
            self.coming_back = True
            self.wake(0, "decode")

    def _rest(self) -> None:
        """Decode what the lane has room for; tick only while something is in hand, so that an idle baseline sleeps."""
        end_ms = now().mono + WORK_MS
        while (effects := self.receiver.step(now().mono)) is not None:
            self.perform(effects)
            if now().mono >= end_ms:
                self._come_back()
                break
        if self.closing and self.receiver.idle:
            self.left()
        elif not self.receiver.idle and not self.ticking:
            self.ticking = True
            self.wake(TICK_MS, "tick")
