"""Reading frames: each line ends in exactly one disposition, in the draft of the next checkpoint or in the stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from actors.machines.draft import Draft
from actors.machines.effects import Effect, Send
from actors.machines.stage import Key, Stage
from actors.machines.standing import Now
from actors.wire import frames as wire
from messages.records import FinalItem, SessionSeen, StageLoss, TurnSeen
from messages.stream import FrameBatch, LiveLines

Decode = Callable[[bytes], Iterable[object]]
"""Whole lines in, typed frames out, in order; a `Delta` may stand for several lines."""

NAMED_UNKNOWN_MAX = 256
"""Unknown methods that get an audit row of their own; further ones are only counted."""
TURNS_MAX = 4096
"""Turns of this generation that are remembered; older ones are forgotten first."""
LOST_WITH_TURN = {"interrupted": "turn_interrupted", "failed": "turn_failed", "completed": "turn_completed"}


@dataclass(slots=True)
class Reading:
    """What is known of one generation's frames. Replaced with the next generation."""

    decode: Decode
    stage: Stage
    draft: Draft
    unknown: set[str] = field(default_factory=set)
    closed_turns: dict[tuple[str, str], None] = field(default_factory=dict)
    usage: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    totals: dict[str, dict[str, int]] = field(default_factory=dict)
    """By thread, the total that was told last."""

    def read(self, batch: FrameBatch, now: Now) -> list[Effect]:
        """Account for every line of a batch; returns the live lines that somebody watches."""
        draft = self.draft
        if draft.empty:
            draft.since_ms = now.mono
        dropped = {each.seq: each for each in batch.dropped}
        items = self.stage.items
        touched = self.stage.touched
        seq = batch.first_seq
        effects: list[Effect] = []
        for frame in self.decode(batch.lines):
            if type(frame) is wire.Delta:  # the hot path: nothing but a lookup and two appends
                key = (frame.thread_id, frame.turn_id, frame.item_id)
                item = items.get(key)
                if item is None:
                    self._delta_without_item(key, frame, now)
                else:
                    item.frames += frame.frames
                    item.fresh.append(frame.text)
                    touched[key] = item
                seq += frame.frames
                continue
            if seq in dropped:
                lost = dropped[seq]
                draft.counts[f"dropped:{lost.reason}"] += 1
                draft.note(lost.reason, f"frame {seq}", f"{lost.bytes_count} bytes", now.wall)
            else:
                effects += self._frame(frame, seq, now)
            seq += 1
        assert seq == batch.first_seq + batch.count, "one frame per line"
        draft.last_seq = seq - 1
        draft.bytes_count += len(batch.lines)
        for (session, turn, name), item, text in self.stage.settle_batch():
            effects.append(Send("facade", _live(session, turn, name, item.kind, text)))
        self.lost(self.stage.evict())
        return effects

    def _delta_without_item(self, key: Key, frame: wire.Delta, now: Now) -> None:
        if key in self.stage.finished:
            self.draft.counts["merged"] += frame.frames  # late: its completed item holds the text already
        elif key[:2] in self.closed_turns:
            self.draft.counts["dropped:turn_completed"] += frame.frames
            self.draft.note("late_delta", key[2], f"thread {key[0]} turn {key[1]} is over", now.wall)
        else:
            # Its beginning went with an earlier stager, or was evicted; the completed item will hold all of it.
            item, _ = self.stage.open(key, frame.kind)
            item.frames += frame.frames
            item.fresh.append(frame.text)
            self.stage.touched[key] = item

    def _frame(self, frame: object, seq: int, now: Now) -> list[Effect]:
        reader = READERS.get(type(frame))
        if reader is not None:
            return reader(self, frame, seq, now)
        self.draft.counts["control"] += 1
        return []

    def _item_started(self, frame: wire.ItemStarted, *_: object) -> list[Effect]:
        item, loss = self.stage.open((frame.thread_id, frame.turn_id, frame.item_id), frame.kind)
        item.frames = 1
        self.lost([loss] if loss else [])
        return []

    def _item_completed(self, frame: wire.ItemCompleted, *_: object) -> list[Effect]:
        item = self.stage.close((frame.thread_id, frame.turn_id, frame.item_id))
        self.draft.items.append(
            FinalItem(
                session_id=frame.thread_id,
                turn_id=frame.turn_id,
                item_id=frame.item_id,
                kind=frame.kind,
                status=frame.status,
                started_at_ms=frame.started_at_ms,
                completed_at_ms=frame.completed_at_ms,
                body=frame.body,
                merged_frames=item.frames if item else 0,
            )
        )
        self.draft.durable = True
        if item is None or item.live is None:
            return []
        text = item.live.feed("".join(item.fresh)) + item.live.finish()
        shown = _live(frame.thread_id, frame.turn_id, frame.item_id, frame.kind, text)
        return [Send("facade", shown)] if text else []

    def _thread_started(self, frame: wire.ThreadStarted, *_: object) -> list[Effect]:
        self.draft.sessions.append(
            SessionSeen(
                session_id=frame.thread_id,
                cwd=frame.cwd,
                branch=frame.branch,
                commit=frame.commit,
                model=frame.model,
                title=frame.title,
                cli_version=frame.cli_version,
                path=frame.path,
                created_at_ms=frame.created_at_ms,
                frames=1,
            )
        )
        self.draft.durable = True
        return []

    def _turn_started(self, frame: wire.TurnStarted, *_: object) -> list[Effect]:
        self.draft.turns.append(
            TurnSeen(
                session_id=frame.thread_id,
                turn_id=frame.turn_id,
                status="inProgress",
                started_at_ms=frame.started_at_ms,
                frames=1,
            )
        )
        self.draft.durable = True
        return []

    def _turn_completed(self, frame: wire.TurnCompleted, *_: object) -> list[Effect]:
        turn = (frame.thread_id, frame.turn_id)
        reason = LOST_WITH_TURN.get(frame.status, "turn_failed")
        self.lost(self.stage.lose_where(lambda key: key[:2] == turn, reason))
        self.closed_turns[turn] = None
        if len(self.closed_turns) > TURNS_MAX:
            del self.closed_turns[next(iter(self.closed_turns))]
        self.draft.turns.append(
            TurnSeen(
                session_id=frame.thread_id,
                turn_id=frame.turn_id,
                status=frame.status,
                error=frame.error,
                started_at_ms=frame.started_at_ms,
                completed_at_ms=frame.completed_at_ms,
                duration_ms=frame.duration_ms,
                frames=1,
            )
        )
        self.draft.durable = True
        return []

    def _usage(self, frame: wire.TokenUsage, *_: object) -> list[Effect]:
        # Upstream tells the tokens of the last model response: those of the turn are the sum (codex 0.169). It tells
        # them again without a new response, as after a compaction or a resume: the thread's total stands still then.
        if frame.total and self.totals.get(frame.thread_id) == frame.total:
            self.draft.counts["control"] += 1
            return []
        self.totals[frame.thread_id] = frame.total
        if len(self.totals) > TURNS_MAX:
            del self.totals[next(iter(self.totals))]
        turn = (frame.thread_id, frame.turn_id)
        summed = self.usage.setdefault(turn, Counter())
        summed.update(frame.usage)
        if len(self.usage) > TURNS_MAX:
            del self.usage[next(iter(self.usage))]
        seen = TurnSeen(session_id=frame.thread_id, turn_id=frame.turn_id, usage=dict(summed), frames=1)
        self.draft.turns.append(seen)
        self.draft.durable = True
        return []

    def _unknown(self, frame: wire.Unknown, seq: int, now: Now) -> list[Effect]:
        self.draft.counts["ignored_unknown"] += 1
        if frame.method not in self.unknown and len(self.unknown) < NAMED_UNKNOWN_MAX:
            self.unknown.add(frame.method)
            self.draft.note("unknown_method", frame.method[:200], f"first seen as frame {seq}", now.wall)
        return []

    def _malformed(self, frame: wire.Malformed, seq: int, now: Now) -> list[Effect]:
        reason = "invalid_utf8" if frame.reason == "invalid_utf8" else "malformed"
        self.draft.counts[f"dropped:{reason}"] += 1
        self.draft.note(reason, f"frame {seq}", frame.reason, now.wall)
        return []

    def _unshaped(self, frame: wire.Unshaped, seq: int, now: Now) -> list[Effect]:
        self.draft.counts["dropped:malformed"] += 1
        self.draft.note("malformed", f"frame {seq}", f"{frame.method}: {frame.reason}", now.wall)
        return []

    def lost(self, losses: list[StageLoss]) -> None:
        """Open items end without their completion; the checkpoint that says so is durable and leaves at once."""
        self.draft.losses += losses
        self.draft.durable = self.draft.durable or bool(losses)


READERS: dict[type, Callable[..., list[Effect]]] = {
    wire.ItemStarted: Reading._item_started,
    wire.ItemCompleted: Reading._item_completed,
    wire.ThreadStarted: Reading._thread_started,
    wire.TurnStarted: Reading._turn_started,
    wire.TurnCompleted: Reading._turn_completed,
    wire.TokenUsage: Reading._usage,
    wire.Unknown: Reading._unknown,
    wire.Malformed: Reading._malformed,
    wire.Unshaped: Reading._unshaped,
}
"""How each kind of frame is read; what is not here is a control frame."""


def _live(session_id: str, turn_id: str, item_id: str, kind: str, text: str) -> LiveLines:
    return LiveLines(session_id=session_id, turn_id=turn_id, item_id=item_id, kind=kind, text=text)
