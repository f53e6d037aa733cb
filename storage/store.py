"""The verbs of the one writer. Each is one transaction: all of it, or nothing and StoreUnavailable.

Times are arguments. Everything written passes `cleaning.py` first. Read `stage.py`, `items.py`, `turns.py` and
`ledger.py` for the parts, `reader.py` for the other side.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from messages.baseline import FilesTold, FilesWanted, KeepRecords, RecordsKept, RecordsRefused
from messages.pulls import KeepPulled, PositionsTold, PositionsWanted, PulledKept
from messages.records import (
    AuditNote,
    CheckpointKept,
    CheckpointRefused,
    KeepAudit,
    KeepCheckpoint,
    KeepTransitions,
    StagedItem,
    StageLoss,
    StageOpened,
    StageReset,
    TransitionsKept,
)
from messages.settings import Limits
from messages.status import LedgerStatus, Party
from messages.traces import KeepTraces
from storage import ledger as books
from storage import redaction as engine
from storage.audit import Audit, DecisionLog
from storage.cleaning import Cleaner, Redaction
from storage.database import open_writer
from storage.events import Events
from storage.homes import Homes
from storage.identity import Place
from storage.items import Items
from storage.keeping import Announced, Keeping
from storage.linking.verdict import Verdict
from storage.links import Links
from storage.numbering import Numbering, kept_all_of
from storage.positions import Positions
from storage.preparing import Key, Prepared
from storage.pulls import PULL, Pulls
from storage.purge import Purge
from storage.responses import Responses
from storage.sessions import Sessions
from storage.stage import Stage
from storage.tombstones import Tombstones, epoch
from storage.traces import Traces
from storage.transitions import Transitions
from storage.turns import Turns

STREAM = "stream"

_PROBE = """INSERT INTO meta (key, value) VALUES ('probed_at_ms', ?)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value"""


Reply = TypeVar("Reply", CheckpointKept | CheckpointRefused, PulledKept, RecordsKept | RecordsRefused)


@dataclass(frozen=True, slots=True)
class Kept(Generic[Reply]):
    """What a message came to: the answer to its sender, and what to announce now that it is durable."""

    reply: Reply
    announce: tuple[Announced, ...] = ()


class Store:
    """The single writer of one run. Open it in the process that uses it; it must not be carried over a fork.

    Errors of every verb: StoreUnavailable when nothing was written and the call may be repeated; StoreCorrupt.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        run_id: str,
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
        self._sessions = Sessions(database, cleaner)
        homes = Homes(database)
        self._turns = Turns(database, cleaner, self._sessions, homes)
        responses = Responses(database, cleaner, self._sessions, self._turns)
        self._links = Links(database, cleaner)
        homes.on_move = (responses.move, self._links.move)
        self._pulls = Pulls(database, "codex")
        self._positions = Positions(database, cleaner)
        self._numbering = Numbering(database, self._positions)
        self._transitions = Transitions(database, cleaner, run_id)
        self._tombstones = Tombstones(database)
        self._purges = ""
        self._open = False
        """A transaction for several verbs is open."""
        self._items = Items(database, cleaner, self._turns, limits.dedupe_keys_max, limits.dedupe_ttl_ms / 1000, timer)
        self._traces = Traces(database, cleaner, run_id, limits.trace_rows_max)
        self._keeping = Keeping(
            cleaner,
            self._audit,
            self._decisions,
            self._sessions,
            self._turns,
            self._items,
            responses,
            self._links,
            Events(database, cleaner, self._sessions, self._items.spread),
            self._tombstones,
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

    def keep_checkpoint(self, message: KeepCheckpoint, at_ms: int) -> Kept[CheckpointKept | CheckpointRefused]:
        """Everything that a run of frames came to, in one transaction; applied once, however often it is sent."""
        place = Place(self.run_id, STREAM, message.generation, at_ms)
        with self._writing():
            answer = self._stage.advance(message, place)
            if answer is not None:
                return Kept(answer)
            tally = Counter(message.counts)
            announce = self._keeping.keep(message, place, tally)
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

    def keep_pulled(self, message: KeepPulled, at_ms: int) -> Kept[PulledKept]:
        """What the app-server's history has and the stream missed, in one transaction; applied once."""
        place = Place(self.run_id, PULL, message.generation, at_ms)
        reply = PulledKept(generation=message.generation, n=message.n)
        tally: Counter[str] = Counter()
        with self._writing():
            if not self._pulls.advance(message, place):
                return Kept(reply)
            announce = self._keeping.keep(message, place, tally)
            for position in message.positions:
                self._pulls.keep(position)
            for note in message.audit:
                self._audit.note(note)
            announce += self._keeping.sweep(place) if message.sweep else ()
            self._ledger.add(place, tally)
            self._ledger.check(place)
        return Kept(reply, tuple(announce))

    def file_positions(self, wanted: FilesWanted) -> FilesTold:
        """How far these files are stored."""
        with self._database.reading():
            positions = self._positions.told(wanted.files)
        return FilesTold(incarnation=wanted.incarnation, n=wanted.n, positions=positions)

    def keep_prepared(
        self, message: KeepRecords, ready: dict[Key, Prepared], at_ms: int
    ) -> Kept[RecordsKept | RecordsRefused]:
        """`keep_records` for a message whose items were redacted in another process."""
        self._items.prepared = ready
        try:
            return self.keep_records(message, at_ms)
        finally:
            self._items.prepared = {}

    def keep_records(self, message: KeepRecords, at_ms: int) -> Kept[RecordsKept | RecordsRefused]:
        """What raw records of a file or of telemetry came to, in one transaction; applied once, however often it is
        sent. Messages of one source follow on one another: one behind a hole is refused, and so is one whose file
        position does not follow on what is stored."""
        place = Place(self.run_id, message.source, message.incarnation, at_ms, message.tool)
        tally = Counter(message.counts)
        with self._writing():
            answer = self._numbering.advance(message, place)
            if answer is not None:
                return Kept(answer)
            announce = self._keeping.keep(message, place, tally)
            self._keeping.keep_usage(message.usage, place, tally)
            self._keeping.keep_events(message.events, place, tally)
            for note in message.audit:
                self._audit.note(note)
            if message.position:
                self._positions.keep(message.position)
            self._ledger.add(place, tally)
            self._ledger.check(place)
        return Kept(kept_all_of(message), tuple(announce))

    def keep_transitions(self, message: KeepTransitions) -> TransitionsKept:
        """Transitions in order, each once. Those behind a hole are left: the sender sends on from `through_seq`."""
        with self._writing():
            through = self._transitions.keep(message.transitions)
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

    def links_waited_for(self, now_ms: int) -> bool:
        """Whether a session changed something lately: its commits may still come."""
        with self._database.reading():
            return self._links.waited_for(now_ms)

    def keep_links(self, verdicts: Iterable[Verdict], at_ms: int) -> int:
        """What looking at git came to; gives how many verdicts were taken."""
        count = 0
        with self._writing():
            for verdict in verdicts:
                self._links.keep(verdict, at_ms)
                count += 1
        return count

    def keep_traces(self, told: Iterable[tuple[Party, KeepTraces]], anchor_us: int) -> int:
        """What parts of the tree tell of the messages they handled; gives how many rows were written."""
        return self._traces.keep(told, anchor_us, self._forget)

    def look(self) -> None:
        """See that what is stored still stands where it stood; costs one read of a page. Errors: StoreCorrupt."""
        self._database.look()

    def probe(self, at_ms: int) -> None:
        """Prove with a committed write that the store works. Errors: StoreUnavailable, which says why it does not."""
        with self._writing():
            self._database.run(_PROBE, (str(at_ms),))

    def purge(self, before_ms: int, at_ms: int, why: str, steps_max: int = 1) -> bool:
        """Remove sessions in which nothing happened since `before_ms`, in so many transactions.

        True when some are left. When none is, old bytes leave log and index, too.
        """
        purge = Purge(self._database, self.run_id, self._cleaner)
        worked = False
        for _ in range(steps_max):
            doomed = purge.older_than(before_ms, limit=1)
            if not doomed:
                break
            purge.step(doomed[0], at_ms, why)
            worked = True
        left = bool(purge.older_than(before_ms, limit=1))
        if worked and not left:
            self._database.reclaim(compact=False)
        return left

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

    @contextmanager
    def together(self) -> Iterator[None]:
        """Several verbs in one transaction: all of them, or none and StoreUnavailable. An answer counts when it ends.

        For `import`, where nobody waits for one message: a commit waits for the disk, and these share it.
        """
        with self._writing():
            self._open = True
            try:
                yield
            finally:
                self._open = False

    @contextmanager
    def _writing(self) -> Iterator[None]:
        if self._open:
            yield
            return
        with self._database.write(self._forget):
            purges = epoch(self._database)
            if purges != self._purges:
                self._forget()
                self._purges = purges
            yield

    def _forget(self) -> None:
        parts = (self._stage, self._sessions, self._turns, self._items, self._links, self._decisions, self._tombstones)
        for part in parts:
            part.forget()

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
