"""One line of a rollout under the eyes of its handlers: what they know, and how they say what it came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from actors.wire.gathered import FileLine, FileText, Gathered, Json, written
from actors.wire.rollout_state import RolloutState
from messages.records import AuditNote, FinalItem, TurnSeen


@dataclass(slots=True)
class Reading:
    """One run over some lines: what the handlers of this file and of `rollout_legacy.py` work on."""

    state: RolloutState
    got: Gathered
    file: FileText
    path: str | None
    now_ms: int
    line: FileLine
    at_ms: int | None = None
    following: Json | None = None
    """The next line, if there is one: an older file tells a prompt twice in a row."""

    @property
    def when(self) -> int:
        """The line's own time, else the reader's."""
        return self.now_ms if self.at_ms is None else self.at_ms

    def count(self, disposition: str) -> None:
        """This line becomes no record."""
        self.got.counts[disposition] += 1

    def turn(self, turn_id: str, frames: int = 1, **known: Any) -> None:
        """Something is known of a turn."""
        owner = self.state.owner(turn_id)
        self.got.turns.append(TurnSeen(session_id=owner, turn_id=turn_id, frames=frames, **known))

    def item(self, body: Json, turn_id: str, started_ms: int | None, completed_ms: int | None) -> bool:
        """An item is complete; false when it is nested too deep to be written, which is a drop."""
        try:
            text = written(body)
        except TypeError:
            self.got.drop("malformed", self.state.session, "an item is nested too deep", self.when)
            return False
        self.got.told += len(text)
        status = body.get("status")
        self.got.items.append(
            FinalItem(
                session_id=self.state.owner(turn_id),
                turn_id=turn_id,
                item_id=body["id"],
                kind=body["type"],
                status=status if isinstance(status, str) else None,
                started_at_ms=started_ms,
                completed_at_ms=completed_ms,
                body=text,
            )
        )
        return True

    def note(self, kind: str, subject: str, text: str) -> None:
        """An audit row."""
        self.got.audit.append(AuditNote(kind=kind, subject=subject, text=text, at_ms=self.when))

    def close_turn(self, how: str) -> None:
        """The open turn is over: calls of it that got no result end with an audit row each."""
        state = self.state
        for call_id, (_, _, turn_id) in list(state.calls.items()):
            if turn_id == state.turn:
                del state.calls[call_id]
                self.note("item_interrupted", call_id, f"turn {turn_id} {how} before this call got its result")
        state.turn, state.explicit, state.answered = "", False, False
