"""One actor without a system around it: what it hears is handed to it, what it sends is kept.

Thespian's `Actor` passes everything on to one object (`_myRef`), which here only takes notes.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from thespian.actors import ActorAddress, ThespianWatch, WakeupMessage, WatchMessage

from actors.envelope import Envelope, pack, unpack
from actors.machines.effects import Woke
from actors.shell import Shell
from messages.base import Message
from messages.lifecycle import ActorFaulted, Begin, PeersChanged
from messages.settings import SidecarSettings, TreeSettings
from messages.status import Party, Role

M = TypeVar("M", bound=Message)
PARTIES: tuple[Party, ...] = ("root", "supervisor", "ingest", "stager", "auth", "sidecar", "facade", "baseline")


class Notes:
    """Stands where Thespian stands."""

    globalName = None

    def __init__(self, role: Role) -> None:
        self.address = ActorAddress(role)
        self.sent: list[tuple[str, Any]] = []
        self.wakes: list[Woke] = []

    def actor_send(self, to: Any, message: Any) -> None:
        self.sent.append((to.addressDetails, message))

    def wakeupAfter(self, after: timedelta, payload: Woke) -> None:
        self.wakes.append(payload)


class ActorHouse:
    """An actor that has begun and knows everybody. `die_with_parent` has to be patched away: see the fixtures."""

    def __init__(self, kind: type[Shell], settings: TreeSettings, incarnation: int = 1) -> None:
        self.notes = Notes(kind.ROLE)
        self.actor = kind()
        self.actor._myRef = self.notes
        self.watched: list[int] = []
        begin = Begin(
            role=kind.ROLE, incarnation=incarnation, token="t", root_pid=1, root_created_at=1.0, settings=settings
        )
        self.hear(begin, "supervisor")
        others = tuple(party for party in PARTIES if party != "supervisor")
        refs = tuple(map(ActorAddress, others))
        self.hear(PeersChanged(parties=others, incarnations=(1,) * len(others)), "supervisor", refs)

    def hear(self, message: Message, sender: Party, refs: tuple[Any, ...] = ()) -> None:
        """A message arrives."""
        self._receive(pack(message, "", 0, refs), ActorAddress(sender))

    def woke(self, name: str) -> None:
        """A wake-up of this name comes due."""
        self._receive(WakeupMessage(timedelta(0), Woke(name)), self.notes.address)

    def ready(self, *descriptors: int) -> None:
        """Watched descriptors have something to read."""
        self._receive(WatchMessage(list(descriptors)), self.notes.address)

    def _receive(self, received: Any, sender: Any) -> None:
        outcome = self.actor.receiveMessage(received, sender)
        self.watched = outcome.filenos if isinstance(outcome, ThespianWatch) else []
        assert self.sent(ActorFaulted) == [], "it failed"

    def sent(self, kind: type[M], to: Party | None = None) -> list[M]:
        """What it sent of this kind."""
        letters = [(party, unpack(each)) for party, each in self.notes.sent if isinstance(each, Envelope)]
        return [each for party, each in letters if isinstance(each, kind) and to in (None, party)]

    def forget(self) -> None:
        """What was sent so far is of no interest."""
        self.notes.sent.clear()


def settings_in(folder: Path, **given: Any) -> TreeSettings:
    """Settings of a tree whose files are there."""
    base: dict[str, Any] = {
        "run_id": "r.1", "state_dir": str(folder), "database": str(folder / "capture.sqlite3"), "links": False,
        "sidecar": SidecarSettings(codex_path=None),
    }  # fmt: skip
    return TreeSettings(**{**base, **given})
