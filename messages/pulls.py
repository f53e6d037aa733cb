"""Catching up: what the sidecar pulled from the app-server's own history, and how far each thread is stored.

Between sidecar and ingest, one message of each kind at a time and numbered per generation, so a resend is harmless:
the number says that it was applied. Rows, ledger and positions of one message are one transaction.
"""

from __future__ import annotations

from pydantic import Field

from messages.base import Message
from messages.records import AuditNote, FinalItem, SessionSeen, TurnSeen


class PullPosition(Message):
    """How far one thread is stored from the pull."""

    session_id: str
    cursor: str | None = None
    """Upstream's cursor of the page to read next; None: from the thread's beginning."""
    last_turn_id: str | None = None
    """The last turn of that page whose end is stored; None: the page is read from its beginning."""
    updated_at_s: int | None = None
    """Upstream's time of the thread's last change when all of it was stored; None while something is left."""


class PositionsWanted(Message):
    """How far are these threads? Sidecar → ingest; resent until told."""

    generation: int
    n: int
    session_ids: tuple[str, ...]


class PositionsTold(Message):
    """Like this; a thread that is not named was never pulled. Ingest → sidecar."""

    generation: int
    n: int
    positions: tuple[PullPosition, ...]


class KeepPulled(Message):
    """Turns that ended and their items, as the app-server's history has them. Sidecar → ingest; resent until kept."""

    generation: int
    n: int = Field(ge=1)
    """Counts up from 1 within a generation."""
    sessions: tuple[SessionSeen, ...] = ()
    turns: tuple[TurnSeen, ...] = ()
    items: tuple[FinalItem, ...] = ()
    """In upstream's order, each turn's together."""
    positions: tuple[PullPosition, ...] = ()
    audit: tuple[AuditNote, ...] = ()
    sweep: bool = False
    """The first round of this generation is over: a turn of an older process that nobody ended by now has no end."""


class PulledKept(Message):
    """The transaction committed (now or before). Ingest → sidecar."""

    generation: int
    n: int
