"""What the reader of a rollout has to know to go on in the middle of the file. Names and places, never content."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import orjson

UUID_CHARS = 36
LINEAGE_MAX = 32
"""Sessions that a fork of forks descends from; further ones are left out, oldest first."""
CALLS_MAX = 256
"""Calls that wait for their result; the oldest leaves first, and its result then stands alone."""
SAID_MAX = 8
"""Messages of the agent that the next response item may repeat."""
ID_CHARS_MAX = 512

Mode = Literal["", "completed", "legacy"]
"""Which lines carry the items: `completed` is `item_completed`, `legacy` are the older files without it; empty is not
known yet."""


@dataclass(slots=True)
class RolloutState:
    """Where the reading of one rollout stands. As JSON it stays below 64 KiB by its own bounds."""

    session: str = ""
    """The session that this file belongs to; empty before its first line."""
    lineage: list[str] = field(default_factory=list)
    """Sessions that this one was forked from, nearest first: copied turns belong to them."""
    spawned: bool = False
    """The session is a sub-agent's: its file begins with what its parent had said by then, in mid turn."""
    mode: Mode = ""
    turn: str = ""
    """The open turn; empty when none is."""
    explicit: bool = False
    """The turn was opened by `task_started`, not by its prompt."""
    answered: bool = False
    """The agent said something in the open turn."""
    line: int = 0
    """Number of the next line, from 0: older turns have no other name."""
    items: int = 0
    """Items numbered so far in an older file."""
    last_kind: str = ""
    """Kind of the newest numbered item."""
    said: list[int] = field(default_factory=list)
    """CRC-32 of what the agent said last."""
    calls: dict[str, list[Any]] = field(default_factory=dict)
    """Open calls: id → [offset, length, turn] of the line."""
    tokens: dict[str, int] = field(default_factory=dict)
    """The session's token count as last told, by our names."""
    model: str | None = None
    cwd: str | None = None

    def dumped(self) -> str:
        """As JSON, for `FilePosition.state`."""
        return orjson.dumps(asdict(self)).decode()

    @classmethod
    def loaded(cls, text: str) -> RolloutState:
        """What `dumped` wrote. Errors: TypeError, ValueError for anything else."""
        return cls(**orjson.loads(text))

    def owner(self, turn_id: str) -> str:
        """The session that a turn belongs to.

        A fork begins with the turns it inherited (older codex; 0.169 does not copy them), under their own ids. Ids
        begin with their time of birth (UUIDv7): a turn belongs to the youngest session that is not younger than itself.
        Where ids tell no time the turn is the file's own.
        """
        for session in (self.session, *self.lineage):
            if not _timed(session) or not _timed(turn_id) or session[:13] <= turn_id[:13]:
                return session
        return self.lineage[-1] if self.lineage else self.session

    def descends_from(self, session_id: str) -> None:
        """Note an origin of this file's session."""
        if session_id not in (self.session, *self.lineage) and len(self.lineage) < LINEAGE_MAX:
            self.lineage.append(session_id[:ID_CHARS_MAX])

    def opened(self, call_id: str, offset: int, length: int) -> None:
        """A call waits for its result."""
        if len(call_id) <= ID_CHARS_MAX // 4:
            self.calls[call_id] = [offset, length, self.turn]
            if len(self.calls) > CALLS_MAX:
                del self.calls[next(iter(self.calls))]


def _timed(session_or_turn: str) -> bool:
    return len(session_or_turn) == UUID_CHARS and session_or_turn[14] == "7"
