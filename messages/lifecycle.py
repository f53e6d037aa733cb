"""How the supervisor brings an actor up, keeps watch over it and lets it go."""

from __future__ import annotations

from pydantic import Field

from messages.base import Message
from messages.settings import TreeSettings
from messages.status import Party, Role


class Begin(Message):
    """The first message an actor gets; before it the actor knows nothing and does nothing."""

    role: Role
    incarnation: int = Field(ge=1)
    """Counts the starts of this role within a run."""
    token: str = Field(repr=False)
    """Random for each start: `Ready` brings it back, which proves that the right process answers."""
    root_pid: int
    root_created_at: float
    """The root process: when it is gone, so is the reason to live."""
    settings: TreeSettings = Field(repr=False)


class Ready(Message):
    """The actor took its `Begin` and can be spoken to."""

    role: Role
    incarnation: int
    pid: int
    token: str = Field(repr=False)
    created_at: float
    """When the process was created, as `actors/lifeline.py` counts: with the pid it names one process."""


class PeersChanged(Message):
    """Who is who now. The addresses travel beside the message, in the order of `parties`."""

    parties: tuple[Party, ...]
    incarnations: tuple[int, ...]
    """0 for the root, which has only one."""


class Ping(Message):
    """Are you there? Sent to every actor each `ping_interval_ms`."""

    n: int


class Pong(Message):
    """Here."""

    n: int
    incarnation: int
    rejects: dict[str, int] = Field(default_factory=dict)
    """What this process's transport refused since it began, by reason."""


class Knock(Message):
    """The root asks the supervisor for a sign of life, each `ping_interval_ms`."""

    n: int


class Knocked(Message):
    """The supervisor's sign of life."""

    n: int


class ActorFaulted(Message):
    """A handler raised: the actor reports it and leaves. Thespian alone would hand it the message again."""

    role: Role
    incarnation: int
    doing: str
    """The type of the message that was being handled."""
    text: str
    """The exception, redacted and cut."""


class Leave(Message):
    """Finish what is in hand, give up what you hold, and exit."""

    reason: str


class Left(Message):
    """Done; the process ends right after this."""

    role: Role
    incarnation: int


class StopTree(Message):
    """The root asks the supervisor to let every actor leave, in order."""

    reason: str


class TreeStopped(Message):
    """Every actor has left; the system can be shut down."""

    clean: bool
    """False when an actor had to be killed."""


class TreeReady(Message):
    """Every actor reported once."""

    supervisor_pid: int
    pids: dict[Role, int]


class TreeFailed(Message):
    """The supervisor cannot go on; the root reaps the tree."""

    text: str
