"""What Thespian is to an actor, without Thespian: an address, sending, wake-ups, children. The shells run unchanged.

Thespian's own `Actor` passes everything on to one object (`_myRef`); here that object is a `Hosted`.
"""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from thespian.actors import ActorAddress, ThespianWatch, WakeupMessage

from actors.envelope import Envelope
from actors.tree import CHILDREN
from messages.base import Message
from messages.status import Party

if TYPE_CHECKING:
    from chaos.simulating.world import World


class Died(BaseException):
    """The process of this actor ends here, in the middle of whatever it does. No handler may catch it."""


class Address(ActorAddress):  # type: ignore[misc]  # thespian is untyped
    """Names one process for ever: a new incarnation has a new one."""

    def __init__(self, hosted: Hosted) -> None:
        super().__init__(hosted.name)
        self.hosted = hosted

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


class Carried(Envelope):
    """A message that is handed over as it is: it is frozen, and JSON between two actors of one process proves nothing.

    Every few seeds the real envelope is used instead.
    """

    __slots__ = ("message",)

    def __init__(
        self,
        message: Message,
        trace: str,
        hop: int,
        refs: tuple[Any, ...] = (),
        cause: str = "",
        name: str = "",
        sent_us: int = 0,
    ) -> None:
        super().__init__(type(message).__name__, b"", b"", refs, trace, hop, cause, name, sent_us)
        self.message = message


class Hosted:
    """One process of the tree."""

    globalName = None
    pid: int | None = None
    """No process of this machine: nobody may ask the kernel about it."""

    def __init__(self, world: World, party: Party, number: int, parent: Hosted | None) -> None:
        self.world = world
        self.party = party
        self.number = number
        self.name = f"{party}#{number}"
        self.address = Address(self)
        self.parent = parent
        self.actor: Any = None
        self.alive = True
        self.hung = False
        self.hung_ticks = 0
        self.resumed_us = 0
        """When it last went on after it hung."""
        self.waiting: deque[tuple[Any, Hosted]] = deque()
        """What came while it was hung."""
        self.watch: list[int] = []
        self.readable_due = False
        self.sends_left: int | None = None
        """It dies instead of sending more than so many messages."""
        self.children: list[Hosted] = []

    # What Thespian offers.

    def actor_send(self, to: Address, message: Any) -> None:
        if self.sends_left is not None:
            if self.sends_left <= 0:
                raise Died
            self.sends_left -= 1
        self.world.send(self, to.hosted, message)

    def createActor(self, name: str, *_: object) -> Address:
        role = next(child.role for child in CHILDREN if name == f"{child.module}.{child.actor}")
        return self.world.create(role, self).address

    def wakeupAfter(self, after: timedelta, payload: Any) -> None:
        self.world.wake(self, int(after.total_seconds() * 1_000_000), WakeupMessage(after, payload))

    def handleDeadLetters(self, _address: Address, _on: bool) -> None:
        """The supervisor is the only one who asks, so it gets them."""

    @property
    def _child_procs(self) -> list[Hosted]:
        return self.children

    # What the supervisor finds in there.

    @property
    def childAddr(self) -> Address:
        return self.address

    @property
    def childProc(self) -> Hosted:
        return self

    def kill(self) -> None:
        """SIGKILL, by the supervisor."""
        self.world.checks.killed_by_supervisor(self)
        self.world.kill(self)

    # Handling.

    def hear(self, received: Any, sender: Hosted) -> None:
        """Let the actor handle one thing."""
        outcome = self.actor.receiveMessage(received, sender.address)
        self.watch = outcome.filenos if isinstance(outcome, ThespianWatch) else []
