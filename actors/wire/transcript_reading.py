"""One line of a transcript under the eyes of its handlers: what they know, and how they say what it came to."""

from __future__ import annotations

from typing import Any

from actors.wire.gathered import FileLine, FileText, Gathered, Json, loads, objects_of, text_of, words, written
from actors.wire.transcript_items import call_body
from actors.wire.transcript_state import TranscriptState
from messages.records import AuditNote, FinalItem, TurnSeen


class Reading:
    """One line under the eyes of its handlers."""

    def __init__(self, state: TranscriptState, got: Gathered, file: FileText, path: str | None, now_ms: int) -> None:
        self.state, self.got, self.file, self.path, self.now_ms = state, got, file, path, now_ms
        self.line = FileLine(b"", 0, 0)
        self.value: Json = {}
        self.at_ms: int | None = None
        self.frame = 1

    @property
    def when(self) -> int:
        """The line's own time, else the reader's."""
        return self.now_ms if self.at_ms is None else self.at_ms

    @property
    def copied(self) -> bool:
        """The line is older than its file: a fork copied it."""
        return self.at_ms is not None and self.at_ms < (self.state.begun_ms or 0)

    def took(self) -> int:
        """The line's frame, for the first record that asks; the others carry none."""
        frame, self.frame = self.frame, 0
        return frame

    def count(self, disposition: str) -> None:
        """This line becomes no record, or no further one."""
        self.got.counts[disposition] += self.took()

    def turn(self, turn_id: str, **known: Any) -> None:
        """Something is known of a turn."""
        seen = TurnSeen(session_id=self.state.session, turn_id=turn_id, frames=self.took(), **known)
        self.got.turns.append(seen)

    def item(self, body: Json, turn_id: str, status: str | None = None, frame: bool = True) -> None:
        """A revision of an item; one that is nested too deep to be written is a drop. Without `frame` it comes of the
        turn's end and not of this line."""
        agent = text_of(self.value.get("agentId")) if frame else None
        try:
            text = written(body | {"agentId": agent} if agent else body)
        except TypeError:
            self.got.drop("malformed", self.state.session, "an item is nested too deep", self.when)
            self.got.counts["dropped:malformed"] -= 1 - self.took()
            return
        final = FinalItem(
            session_id=self.state.session, turn_id=turn_id, item_id=body["id"], kind=body["type"], status=status,
            started_at_ms=None, completed_at_ms=self.at_ms, body=text, frames=self.took() if frame else 0,
        )  # fmt: skip
        self.got.items.append(final)
        self.got.told += len(text)

    def note(self, kind: str, subject: str, text: str) -> None:
        """An audit row."""
        self.got.audit.append(AuditNote(kind=kind, subject=subject, text=text, at_ms=self.when))

    def turn_of_line(self) -> str:
        """The turn that a line without a prompt of its own belongs to."""
        prompt = text_of(self.value.get("promptId"))
        if prompt is not None and (prompt != self.state.prompt or not self.state.turn):
            return prompt
        return self.state.turn or self.state.prompt or self.state.session

    def call_at(self, offset: int, length: int, index: int) -> Json | None:
        """The call that was read before, from its line."""
        line = loads(self.file.recall(offset, length)) or {}
        blocks = objects_of(words(line, "message", "content"))
        if index >= len(blocks) or not text_of(blocks[index].get("id")):
            return None
        body = call_body(blocks[index], text_of(line.get("cwd")))
        agent = text_of(line.get("agentId"))
        return body | {"agentId": agent} if agent else body

    def close_turn(self, how: str, *, interrupted: bool, at_ms: int | None = None) -> None:
        """The newest turn is over. Calls of it without a result end as interrupted, with an audit row each."""
        state = self.state
        for call_id, (offset, length, turn_id, index, open_) in list(state.calls.items()):
            if open_ and turn_id == state.turn:
                state.calls[call_id][-1] = False  # a result may yet come late, and then completes it
                body = self.call_at(offset, length, index)
                if body is not None:
                    self.item(body | {"status": "interrupted"}, turn_id, "interrupted", frame=False)
                self.note("item_interrupted", call_id, f"turn {turn_id} {how} before this call got its result")
        state.ended = True
        if interrupted:
            self.turn(state.turn, status="interrupted", completed_at_ms=at_ms)
