"""Sessions of the panel's socket: what each was told, numbered, and kept for who reads slowly or comes back.

Pure bookkeeping: no socket, no clock. `sockets.py` speaks, `panel_hub.py` connects sessions with the facade.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from messages.renderer_words import ClientRole


class Told(NamedTuple):
    """One answer or event."""

    seq: int
    body: bytes
    droppable: bool
    """An event may give way to newer ones; an answer is owed as long as there is room for answers at all."""


@dataclass(slots=True)
class Session:
    """One renderer, over all of its connections."""

    id: str
    role: ClientRole
    events_max: int
    bytes_max: int
    seq: int = 0
    """Of the last thing told."""
    sent: deque[Told] = field(default_factory=deque)
    """What went out, kept in case the connection breaks before it arrives."""
    pending: deque[Told] = field(default_factory=deque)
    """What has to go out."""
    size: int = 0
    out_seq: int = 0
    """The last number that went out, or that a gap told of."""
    open: dict[str, bool] = field(default_factory=dict)
    """Commands that wait, in order: whether each was accepted. Bounded by `OPEN_MAX`."""
    live: bool | None = None
    """How it subscribed; None: not at all."""

    def tell(self, body: bytes, droppable: bool) -> None:
        """Number it and keep it. Over the bound: first what went out already, then the oldest events."""
        self.seq += 1
        self.pending.append(Told(self.seq, body, droppable))
        self.size += len(body)
        while len(self.sent) + len(self.pending) > self.events_max or self.size > self.bytes_max:
            if self.sent:
                gone = self.sent.popleft()
            elif len(self.pending) == 1:
                return  # one alone always has room: the facade bounds it
            else:
                place = next((n for n, each in enumerate(self.pending) if each.droppable), 0)
                gone = self.pending[place]
                del self.pending[place]
            self.size -= len(gone.body)

    def next(self) -> tuple[int, Told] | None:
        """What goes out now, with how many numbers before it are lost; None when nothing waits."""
        if not self.pending:
            return None
        told = self.pending.popleft()
        missed = told.seq - self.out_seq - 1
        self.out_seq = told.seq
        self.sent.append(told)
        return missed, told

    def resume(self, after: int) -> int:
        """The renderer has everything through `after`: send again what follows. Gives the number it goes on from."""
        after = min(max(after, 0), self.seq)
        while self.sent and self.sent[-1].seq > after:
            self.pending.appendleft(self.sent.pop())
        while self.pending and self.pending[0].seq <= after:
            self.size -= len(self.pending.popleft().body)
        self.out_seq = after
        return after

    def begin_anew(self) -> int:
        """The renderer knows nothing any more: what it was told is of no use to it."""
        self.sent.clear()
        self.pending.clear()
        self.size, self.out_seq = 0, self.seq
        return self.seq
