"""The verbs of the one writer. Each is one transaction: all of it, or nothing and StoreUnavailable.

Times are arguments. Everything written passes `cleaning.py` first. Read `stage.py`, `items.py`, `turns.py` and
`ledger.py` for the parts, `reader.py` for the other side.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from messages.pulls import KeepPulled, PositionsTold, PositionsWanted, PulledKept
from messages.records import (
    AuditNote,
    CheckpointKept,
    CheckpointRefused,
    FinalItem,
    ItemStored,
    KeepAudit,
    KeepCheckpoint,
    KeepTransitions,
    SessionSeen,
    StagedItem,
    StageLoss,
    StageOpened,
    StageReset,
    TransitionsKept,
    TurnSeen,
    TurnStored,
)
from messages.settings import Limits
from messages.status import LedgerStatus
from storage import ledger as books
from storage import redaction as engine
from storage.audit import Audit, DecisionLog
from storage.cleaning import ERROR_TEXT, WORD_CHARS_MAX, Cleaner, Redaction, cut
from storage.database import open_writer
from storage.identity import ID_CHARS_MAX, Malformed, Place
from storage.items import Items
from storage.items import Kept as KeptItem
from storage.linking.verdict import Verdict
from storage.links import Links
from storage.pulls import PULL, Pulls
from storage.sessions import Sessions
from storage.stage import Stage
from storage.turns import Turns

STREAM = "stream"

_LAST_TRANSITION = "SELECT coalesce(max(seq), 0) FROM transitions WHERE run_id = ?"
_TRANSITION = """INSERT INTO transitions
    (run_id, seq, what, who, before, after, cause, at_ms, monotonic_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_PROBE = """INSERT INTO meta (key, value) VALUES ('probed_at_ms', ?)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value"""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a checkpoint came to: the answer to its sender, and what to announce now that it is durable."""

    reply: CheckpointKept | CheckpointRefused
    announce: tuple[ItemStored | TurnStored, ...] = ()


@dataclass(frozen=True, slots=True)
class Pulled:
    """The same for a message of the pull."""

    reply: PulledKept
    announce: tuple[ItemStored | TurnStored, ...] = ()


class Store:
    """The single writer of one run. Open it in the process that uses it; it must not be carried over a fork.

    Errors of every verb: StoreUnavailable when nothing was written and the call may be repeated; StoreCorrupt.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        run_id: str,
        tool: str = "codex",
        limits: Limits | None = None,
        redaction: Redaction | None = None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open or create the database and bring its schema up to date.

        `redaction` is `storage.redaction` unless given; `timer` (s) is only for the age of cache entries.
        Errors: StoreNotWritable, StoreCorrupt, WrongSchema, StoreUnavailable.
        """
        limits = limits or Limits()
        if redaction is None:
            engine.warm()  # about a second, once per process: here rather than inside the first checkpoint
        cleaner = Cleaner(redaction or engine)
        database = open_writer(path)
        self.run_id = run_id
        self._database = database
        self._cleaner = cleaner
        self._audit = Audit(database, cleaner, run_id)
        self._decisions = DecisionLog(database)
        self._ledger = books.Ledger(database, self._audit)
        self._stage = Stage(database, cleaner, self._ledger, self._audit)
        self._sessions = Sessions(database, cleaner, tool)
        self._turns = Turns(database, cleaner, self._sessions)
        self._pulls = Pulls(database, tool)
        self._links = Links(database, cleaner)
        self._tool = tool
        self._items = Items(
            database, cleaner, self._turns, tool, limits.dedupe_keys_max, limits.dedupe_ttl_ms / 1000, timer
        )

    @property
    def redaction_failures(self) -> int:
        """Texts that were hidden because they could not be redacted, since the store was opened."""
        return self._cleaner.failures

    def open_stage(self, opened: StageOpened, at_ms: int) -> StageReset:
        """A stager begins on a generation: what an earlier one had staged becomes `dropped:stager_lost`, audited.

        The answer names the valid stager: when it is not the one that asked, that one is old and nothing was written.
        """
        place = Place(self.run_id, STREAM, opened.generation, at_ms)
        with self._writing():
            stager, through = self._stage.open(opened, place)
        return StageReset(generation=opened.generation, stager=stager, through_seq=through)

    def keep_checkpoint(self, message: KeepCheckpoint, at_ms: int) -> Kept:
        """Everything that a run of frames came to, in one transaction; applied once, however often it is sent."""
        place = Place(self.run_id, STREAM, message.generation, at_ms)
        with self._writing():
            answer = self._stage.advance(message, place)
            if answer is not None:
                return Kept(answer)
            tally = Counter(message.counts)
            announce = self._keep_records(message, place, tally)
            for note in message.audit:
                self._audit.note(note)
            for loss in message.losses:
                self._lose(loss, loss.reason, place, tally)
            self._keep_staged(message, place, tally)
            self._ledger.add(place, tally)
            self._ledger.check(place)
        reply = CheckpointKept(
            generation=message.generation,
            through_seq=message.last_seq,
            stager=message.stager,
            closed=message.closed,
        )
        return Kept(reply, tuple(announce))

    def positions(self, wanted: PositionsWanted) -> PositionsTold:
        """How far these threads are stored from the pull."""
        with self._database.reading():
            positions = self._pulls.positions(wanted.session_ids)
        return PositionsTold(generation=wanted.generation, n=wanted.n, positions=positions)

    def keep_pulled(self, message: KeepPulled, at_ms: int) -> Pulled:
        """What the app-server's history has and the stream missed, in one transaction; applied once."""
        place = Place(self.run_id, PULL, message.generation, at_ms)
        reply = PulledKept(generation=message.generation, n=message.n)
        tally: Counter[str] = Counter()
        with self._writing():
            if not self._pulls.advance(message, place):
                return Pulled(reply)
            announce = self._keep_records(message, place, tally)
            for position in message.positions:
                self._pulls.keep(position)
            for note in message.audit:
                self._audit.note(note)
            announce += self._sweep(place) if message.sweep else ()
            self._ledger.add(place, tally)
            self._ledger.check(place)
        return Pulled(reply, tuple(announce))

    def keep_transitions(self, message: KeepTransitions) -> TransitionsKept:
        """Transitions in order, each once. Those behind a hole are left: the sender sends on from `through_seq`."""
        with self._writing():
            (through,) = self._database.run(_LAST_TRANSITION, (self.run_id,)).fetchone()
            for one in sorted(message.transitions, key=lambda t: t.seq):
                if one.seq != through + 1:
                    continue
                words = [self._cleaner.text(word, WORD_CHARS_MAX) for word in (one.who, one.before, one.after)]
                cause = self._cleaner.text(one.cause)
                self._database.run(
                    _TRANSITION, (self.run_id, one.seq, one.what, *words, cause, one.at_ms, one.monotonic_ms)
                )
                through = one.seq
        return TransitionsKept(through_seq=through)

    def keep_audit(self, notes: KeepAudit | Iterable[AuditNote]) -> int:
        """Audit rows from anybody; gives how many were written."""
        rows = notes.notes if isinstance(notes, KeepAudit) else tuple(notes)
        with self._writing():
            for note in rows:
                self._audit.note(note)
        return len(rows)

    def links_due(self) -> bool:
        """Whether sessions have evidence that nobody has held against git yet."""
        with self._database.reading():
            return self._links.due()

    def keep_links(self, verdicts: Iterable[Verdict], at_ms: int) -> int:
        """What looking at git came to; gives how many verdicts were taken."""
        count = 0
        with self._writing():
            for verdict in verdicts:
                self._links.keep(verdict, at_ms)
                count += 1
        return count

    def probe(self, at_ms: int) -> None:
        """Prove with a committed write that the store works. Errors: StoreUnavailable, which says why it does not."""
        self._database.look()
        with self._writing():
            self._database.run(_PROBE, (str(at_ms),))

    def ledger(self) -> LedgerStatus:
        """The books of this run, summed."""
        return books.status(self.ledger_rows())

    def ledger_rows(self) -> list[books.LedgerRow]:
        """The books of this run per source and generation."""
        with self._database.reading():
            return books.rows(self._database, self.run_id)

    def close(self) -> None:
        """Give the file up."""
        self._database.close()

    def _writing(self) -> AbstractContextManager[None]:
        return self._database.write(self._forget)

    def _forget(self) -> None:
        for part in (self._stage, self._sessions, self._turns, self._items):
            part.forget()

    def _keep_records(
        self, message: KeepCheckpoint | KeepPulled, place: Place, tally: Counter[str]
    ) -> list[ItemStored | TurnStored]:
        """Sessions, then turns, then items, then the results of turns that ended: a turn may end in the same checkpoint
        as its last item. Gives what to announce."""
        announce: list[ItemStored | TurnStored] = []
        for session in message.sessions:
            self._see_session(session, place, tally)
        ended = [(turn, row) for turn in message.turns if (row := self._see_turn(turn, place, tally)) is not None]
        unsettled = {row for _, row in ended}
        new: set[tuple[str, str, str]] = set()
        for item in message.items:
            kept = self._keep_item(item, place, tally)
            if kept.decision in ("accepted", "replaced"):
                announce.append(_item_stored(item, kept.decision))
            if kept.decision == "accepted":
                new.add((item.session_id, item.turn_id, item.item_id))
            if kept.turn_row is not None and item.kind == "agentMessage":
                unsettled.add(kept.turn_row)
        if place.source == PULL:
            self._items.arrange(message.items, new, place)
        for row in sorted(unsettled):
            self._turns.settle(row)
        announce.extend(self._turns.stored(turn, row) for turn, row in ended)
        return announce

    def _sweep(self, place: Place) -> list[TurnStored]:
        """End what nobody will end any more, each with its audit row."""
        told = []
        for session_id, turn_id, row in self._turns.sweep(place):
            self._turns.settle(row)
            self._decisions.write(place, (session_id, turn_id, None), "turn", "accepted", "its process is gone", None)
            text = f"thread {session_id}: its process is gone and wrote no end"
            self._audit.say(place.at_ms, "turn_lost", turn_id, text)
            seen = TurnSeen(session_id=session_id, turn_id=turn_id, status="interrupted")
            told.append(self._turns.stored(seen, row))
        return told

    def _see_session(self, seen: SessionSeen, place: Place, tally: Counter[str]) -> None:
        try:
            changed = self._sessions.see(seen, place)
        except Malformed as error:
            tally["dropped:malformed"] += seen.frames
            self._audit.say(place.at_ms, "record_dropped", seen.session_id, f"session: {error}")
        else:
            tally["stored" if changed else "duplicate"] += seen.frames

    def _see_turn(self, seen: TurnSeen, place: Place, tally: Counter[str]) -> int | None:
        """The turn's row when it ended with this."""
        try:
            change = self._turns.see(seen, place)
        except Malformed as error:
            tally["dropped:malformed"] += seen.frames
            self._audit.say(place.at_ms, "record_dropped", seen.turn_id, f"turn: {error}")
            return None
        tally["stored" if change.changed else "duplicate"] += seen.frames
        key = (seen.session_id, seen.turn_id, None)
        if change.ended:
            self._decisions.write(place, key, "turn", "accepted", f"ended as {seen.status}", None)
            return change.row
        if change.refused:
            self._decisions.write(place, key, "turn", "duplicate", change.refused, None)
        return None

    def _keep_item(self, item: FinalItem, place: Place, tally: Counter[str]) -> KeptItem:
        kept = self._items.keep(item, place)
        if kept.decision in ("accepted", "replaced"):
            self._links.see(self._tool, item)
        key = (cut(item.session_id, ID_CHARS_MAX), cut(item.turn_id, ID_CHARS_MAX), cut(item.item_id, ID_CHARS_MAX))
        kind = self._cleaner.word(item.kind)
        self._decisions.write(place, key, kind, kept.decision, kept.reason, kept.revision)
        tally[kept.disposition] += item.frames
        # What an item absorbs shares its fate: deltas of an item that could not be stored are not merged into anything.
        tally[kept.disposition if kept.decision == "dropped" else "merged"] += item.merged_frames
        if kept.decision == "dropped" or kept.redaction_failed:
            what = "item_dropped" if kept.decision == "dropped" else "redaction_failed"
            about = _loss(item, kind, kept.disposition)
            reason = kept.reason if kept.decision == "dropped" else f"redaction failed; {ERROR_TEXT} stands for it"
            self._audit.item(place, what, f"{kind}: {reason}", about)
        return kept

    def _lose(self, about: StageLoss | StagedItem, reason: str, place: Place, tally: Counter[str]) -> None:
        tally[f"dropped:{reason}"] += about.frames
        text = f"{about.kind} ended open ({reason}): {about.frames} frames and {about.bytes_count} bytes are not stored"
        self._audit.item(place, "stage_loss", text, about)

    def _keep_staged(self, message: KeepCheckpoint, place: Place, tally: Counter[str]) -> None:
        """A closed generation holds nothing open: what its stager still lists is lost with the process."""
        if message.closed:
            for left in message.staged:
                self._lose(left, "sidecar_exited", place, tally)
        self._stage.replace(() if message.closed else message.staged, place)


def _item_stored(item: FinalItem, decision: str) -> ItemStored:
    return ItemStored(
        session_id=item.session_id, turn_id=item.turn_id, item_id=item.item_id, kind=item.kind, decision=decision
    )


def _loss(item: FinalItem, kind: str, reason: str) -> StageLoss:
    return StageLoss(
        session_id=cut(item.session_id, ID_CHARS_MAX),
        turn_id=cut(item.turn_id, ID_CHARS_MAX),
        item_id=cut(item.item_id, ID_CHARS_MAX),
        kind=kind,
        frames=item.frames + item.merged_frames,
        bytes_count=len(item.body.encode()),
        reason=reason,
    )
