"""When a message arrives: in order on its link, at its own pace, unless something is wrong with the link.

What may be dropped or repeated while both ends live is data: only conversations that are numbered and acknowledged.
Everything else relies on the transport, which loses nothing but what was on its way to a process that died (facts:
thespian-datagram.md).
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from chaos.simulating.chance import mix
from chaos.simulating.hosted import Hosted

PACE_US = (80, 500)

NUMBERED = frozenset(
    {
        "FrameBatch", "BatchSettled", "GenerationOpened", "GenerationClosed", "ResendFrames", "KeepCheckpoint",
        "CheckpointKept", "CheckpointRefused", "StageOpened", "StageReset", "KeepTransitions", "TransitionsKept",
        "PositionsWanted", "PositionsTold", "KeepPulled", "PulledKept", "KeepRecords", "RecordsKept", "RecordsRefused",
        "OtlpPart", "OtlpTaken", "FilesWanted", "FilesTold", "SourceProbed",
        "LedgerWanted", "LedgerTold", "LiveLines", "BaselineProbed",
    }
)  # fmt: skip
"""Conversations that survive the loss and the repetition of any of their messages."""
REPEATABLE = (NUMBERED - {"OtlpPart"}) | {
    "Ping", "Pong",
    "ClientSaid", "AccountUpdated", "AuthStateChanged", "HandshakeChanged", "StatusChanged", "SidecarExited",
    "SidecarStarted", "ItemStored", "TurnStored", "ApprovalAsked", "ApprovalSettled", "SupervisionDone", "CallDone",
}  # fmt: skip
"""What may come twice, later than what followed it. A part of a request that is answered would begin it anew: on our
transport, which keeps the order of a link, it cannot come so late."""


class Links:
    """Every pair of processes."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._last: dict[tuple[int, int], int] = {}
        self._counts: dict[tuple[int, int], int] = {}
        self.slow_us: Counter[tuple[str, str]] = Counter()
        self.drops: Counter[tuple[str, str]] = Counter()
        self.repeats: Counter[tuple[str, str]] = Counter()

    def arrivals(self, sender: Hosted, receiver: Hosted, message: Any, now_us: int) -> tuple[int, ...]:
        """When it arrives: once, never, or twice."""
        link = (sender.number, receiver.number)
        count = self._counts[link] = self._counts.get(link, 0) + 1
        pace = PACE_US[0] + mix(self._seed, (link[0] << 20) | link[1], count) % (PACE_US[1] - PACE_US[0])
        at_us = max(now_us + pace, self._last.get(link, 0) + 1)
        if self.slow_us or self.drops or self.repeats:
            parties = (sender.party, receiver.party)
            kind = getattr(message, "kind", "")
            at_us = max(at_us, now_us + pace + self.slow_us[parties])
            if self.drops[parties] > 0 and kind in NUMBERED:
                self.drops[parties] -= 1
                return ()
            if self.repeats[parties] > 0 and kind in REPEATABLE:
                self.repeats[parties] -= 1
                again = at_us + 1 if kind not in NUMBERED else at_us + mix(self._seed, 4, count) % 400_000
                self._last[link] = at_us
                return (at_us, again)
        self._last[link] = at_us
        return (at_us,)

    def heal(self) -> None:
        """Every link works again."""
        self.slow_us.clear()
        self.drops.clear()
        self.repeats.clear()
