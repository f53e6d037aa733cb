"""IngestActor: the only writer of the store. Redact, dedupe, store and link are functions behind one verb."""

from __future__ import annotations

from collections import deque

from actors import tracing
from actors.held_notes import HeldNotes
from actors.link_helper import HUNG_MS, LinkHelper
from actors.machines.effects import Woke
from actors.shell import Shell, clean, now
from messages.base import Message
from messages.baseline import FilesWanted, KeepRecords, RecordsRefused
from messages.lifecycle import Begin
from messages.pulls import KeepPulled, PositionsWanted
from messages.records import (
    AuditNote,
    BaselineProbed,
    CheckpointRefused,
    KeepAudit,
    KeepCheckpoint,
    KeepTransitions,
    LedgerTold,
    LedgerWanted,
    StageOpened,
    StoreSetAside,
)
from messages.status import Party
from messages.traces import KeepTraces
from storage.aside import begin_anew, set_aside_by, standing_aside
from storage.errors import StoreCorrupt, StoreError, StoreUnavailable
from storage.store import Store

LOOK_AGAIN_MS = 900_000
"""Sessions whose commits may still come are looked at this often, when no process looks anyhow."""
TRACE_ROWS_MAX = 16_384
"""Rows of traces that wait to be written. Over: what is told then is not kept."""
TRACE_WAIT_MS = 1_500
"""How long rows that were told wait for others, to be written together: each transaction costs what 100 rows do."""
TRACE_PIECE_ROWS = 1_000
"""Rows that one transaction writes, give or take a message: some 5 ms."""

DAY_MS = 86_400_000
RETIRE_FIRST_MS, RETIRE_NEXT_MS, RETIRE_AGAIN_MS = 2_000, 200, 3_600_000
"""Until old sessions are looked for, between two removals, and until they are looked for again."""


class IngestActor(Shell):
    """Keeps what it is given in one transaction, and proves with probes that it still can."""

    ROLE = "ingest"

    def begin(self, begin: Begin) -> None:
        self.settings = begin.settings
        self.timing = self.settings.timing
        self.open_store: Store | None = None
        self.replaced = ""
        """Why another store stands in its place: the tree ends, and nothing more is kept in this run."""
        self.looked = False
        """Whether it is known that nobody set it aside in this run."""
        self.good = "the store commits"
        self.held = HeldNotes()
        self.healthy: bool | None = None
        self.committed_ms = 0
        self.waiting_traces: deque[tuple[Party, KeepTraces]] = deque()
        self.waiting_rows = 0
        self.links = LinkHelper(self.settings.database)
        self.look_again_ms = 0
        try:
            _ = self.store
        except StoreCorrupt as damage:
            self._set_aside(damage)
        except StoreError:
            pass  # a server that is away comes back, so does a folder: the first probe tells, all later ones try again
        self.wake(0, "probe")  # not before the supervisor knows who we are
        if self.settings.retention_days is not None:
            self.wake(RETIRE_FIRST_MS, "retention")

    @property
    def store(self) -> Store:
        """The store, opened when it is first needed. Errors: StoreError."""
        if self.replaced:
            raise StoreUnavailable(self.replaced, "the next run keeps")
        if self.open_store is None:
            settings = self.settings
            self.open_store = Store(settings.database, run_id=settings.run_id, limits=settings.limits)
            aside = standing_aside(settings.database)
            if aside:
                self.good = (
                    f"the store commits; a damaged one stands aside as {aside[-1].name}: see `hybrid-capture doctor`"
                )
        if not self.looked:
            # Who set it aside in this run and died before it could tell: what is numbered here fits on nothing.
            self.replaced = set_aside_by(self.settings.database, self.settings.run_id)
            self.looked = True
            if self.replaced:
                return self.store  # which says so
        return self.open_store

    def on(self, message: Message, sender: Party) -> None:
        if self.replaced:
            return
        if isinstance(message, KeepTraces):
            self._note_traces(sender, message)
            return
        try:
            self._keep(message)
        except StoreCorrupt as damage:
            self._damaged(damage, message)
        except StoreError as failed:
            self._failed(message, str(failed))
        else:
            if not self.replaced:
                self._told(True, self.good)

    def _keep(self, message: Message) -> None:
        at = now()
        if isinstance(message, KeepCheckpoint):
            kept = self.store.keep_checkpoint(message, at.wall)
            if isinstance(kept.reply, CheckpointRefused) and kept.reply.code == "gap":
                self._knows_less(kept.reply.text)
                return
            self.send_to("stager", kept.reply)
            for told in kept.announce:
                self.send_to("facade", told)
            self.committed_ms = at.mono
        elif isinstance(message, KeepPulled):
            pulled = self.store.keep_pulled(message, at.wall)
            self.send_to("sidecar", pulled.reply)
            for told in pulled.announce:
                self.send_to("facade", told)
            self.committed_ms = at.mono
        elif isinstance(message, KeepRecords):
            recorded = self.store.keep_records(message, at.wall)
            self.send_to("baseline", recorded.reply)
            for told in recorded.announce:
                self.send_to("facade", told)
            self.committed_ms = at.mono
        elif isinstance(message, FilesWanted):
            self.send_to("baseline", self.store.file_positions(message))
        elif isinstance(message, PositionsWanted):
            self.send_to("sidecar", self.store.positions(message))
        elif isinstance(message, StageOpened):
            self.send_to("stager", self.store.open_stage(message, at.wall))
        elif isinstance(message, KeepTransitions):
            self.send_to("supervisor", self.store.keep_transitions(message))
            self.committed_ms = at.mono
        elif isinstance(message, KeepAudit):
            self.store.keep_audit((*self.held.waiting(at.wall), *message.notes))
            self.held.clear()
        elif isinstance(message, LedgerWanted):
            self.send_to("facade", LedgerTold(command_id=message.command_id, ledger=self.store.ledger()))

    def _failed(self, message: Message | None, text: str) -> None:
        """Nothing was written. Who numbered the message sends it again; notes wait here."""
        text = clean(text)
        if isinstance(message, KeepCheckpoint):
            refused = CheckpointRefused(
                generation=message.generation,
                stager=message.stager,
                through_seq=message.first_seq - 1,
                code="store_failed",
                text=text,
            )
            self.send_to("stager", refused)
        elif isinstance(message, KeepRecords):
            not_kept = RecordsRefused(
                incarnation=message.incarnation,
                n=message.n,
                source=message.source,
                code="store_failed",
                through_n=message.n - 1,
                text=text,
            )
            self.send_to("baseline", not_kept)
        elif isinstance(message, KeepAudit):
            self.held.hold(*message.notes)
        self._told(False, text)

    def woke(self, woke: Woke) -> None:
        if self.replaced:
            self._tell_replaced()
        elif woke.name == "retention":
            self._retire()
        else:
            self._probe()

    def _retire(self) -> None:
        """Remove a piece of what is older than it may be; the next one soon, so that others come in between."""
        days = self.settings.retention_days
        assert days is not None, "nobody wakes us for it otherwise"
        wall = now().wall
        try:
            left = self.store.purge(wall - days * DAY_MS, wall, f"retention of {days} days")
        except StoreCorrupt as damage:
            self._damaged(damage)
            return
        except StoreError:
            left = False  # the next probe tells why; it is tried again in an hour
        self.wake(RETIRE_NEXT_MS if left else RETIRE_AGAIN_MS, "retention")

    def _set_aside(self, damage: StoreCorrupt) -> str:
        """Begin a fresh store; gives why that is impossible, or nothing."""
        try:
            if self.open_store is not None:
                self.open_store.close()
            self.open_store = None
            self.replaced = begin_anew(self.settings.database, damage, self.settings.run_id, now().wall).text
        except (StoreError, OSError) as failed:
            return clean(str(damage) if failed is damage else f"{damage}; it cannot be set aside: {failed}")
        return ""

    def _damaged(self, damage: StoreCorrupt, message: Message | None = None) -> None:
        why = self._set_aside(damage)
        if why:
            self._failed(message, why)
        else:
            self._tell_replaced()

    def _knows_less(self, missing: str) -> None:
        """What came before was stored, or it would have come again. So this is an older store, or a new one, that took
        its place while nobody had it open; a server may go back behind a commit, too. Nobody has those frames any more,
        and what follows would be refused for ever: a new run has everything told again from where this store stands."""
        text = f"the store knows less than this run has stored: {missing}; a new run goes on from what it knows"
        self.store.keep_audit((AuditNote(kind="store_replaced", subject="store", text=text, at_ms=now().wall),))
        self.replaced = text
        self._tell_replaced()

    def _tell_replaced(self) -> None:
        if self.replaced:
            self.send_to("supervisor", StoreSetAside(text=clean(self.replaced)))

    def _probe(self) -> None:
        """A commit since the last probe is proof enough that it can be written; otherwise one is made.

        It proves nothing of the file: commits go to the write-ahead log. With one every two seconds, as an idle
        app-server's signs of life make them, a file that was cut off was not noticed for more than a minute.
        """
        at = now()
        try:
            self.store.look()
            if at.mono - self.committed_ms >= self.timing.probe_interval_ms or self.healthy is not True:
                self.store.probe(at.wall)
                if self.held:
                    self.store.keep_audit(self.held.waiting(at.wall))
                    self.held.clear()
        except StoreCorrupt as damage:
            self._damaged(damage)
        except StoreError as failed:
            self._told(False, clean(str(failed)))
        else:
            self._told(True, self.good, always=True)
        self._look_for_links()
        self.wake(self.timing.probe_interval_ms, "probe")

    def _look_for_links(self) -> None:
        """Have git looked at when there is something to look for; nobody waits for it here."""
        at = now()
        if not self.settings.links or self.healthy is not True:
            return
        try:
            due = self.store.links_due()
            if not due and at.mono >= self.look_again_ms:
                self.look_again_ms = at.mono + LOOK_AGAIN_MS
                due = not self.links.running and self.store.links_waited_for(at.wall)
        except StoreError:
            return  # the next probe tells
        hung = self.links.replace_hung(at.mono)
        if hung is not None:
            self._note_hung(hung, at.wall)
        if due:
            self.links.poke(at.mono)

    def _note_hung(self, pid: int, wall_ms: int) -> None:
        text = f"process {pid}, which looks at git, gave no sign of life for {HUNG_MS // 1000} s: it was replaced"
        note = AuditNote(kind="link_helper_hung", subject=str(pid), text=text, at_ms=wall_ms)
        try:
            self.store.keep_audit((note,))
        except StoreError:
            self.held.hold(note)  # the next probe writes it, or tells why not

    def watched(self) -> list[int]:
        return self.links.watched()

    def readable(self, ready: list[int]) -> None:
        """What looking at git came to. What cannot be stored now is found again by a later round."""
        at = now()
        verdicts = self.links.read(at.mono)
        if not verdicts or self.replaced:
            return
        try:
            self.store.keep_links(verdicts, at.wall)
        except StoreCorrupt as damage:
            self._damaged(damage)
        except StoreError as failed:
            self._told(False, clean(str(failed)))

    # Traces: kept when there is time, and let go rather than waited for.

    def _note_traces(self, party: Party, told: KeepTraces) -> None:
        if self.waiting_rows + told.count <= TRACE_ROWS_MAX:
            self.waiting_traces.append((party, told))
            self.waiting_rows += told.count
        self._traces_due()

    def _traces_due(self) -> None:
        """Write them when something is heard after this time: the heartbeat at the latest."""
        self.traces.due_ns = min(self.traces.due_ns, tracing.NANOS() + TRACE_WAIT_MS * 1_000_000)

    def tell_traces(self) -> None:
        """Write what was told, a bounded piece at a time, so that no checkpoint waits for more than that.

        A store that fails costs these rows: their numbers tell, and its own probes say why.
        """
        own = self.traces.take()
        if own is not None:
            self.waiting_traces.append(("ingest", own))
            self.waiting_rows += own.count
        piece: list[tuple[Party, KeepTraces]] = []
        rows = 0
        while self.waiting_traces and rows < TRACE_PIECE_ROWS:
            piece.append(self.waiting_traces.popleft())
            rows += piece[-1][1].count
        self.waiting_rows -= rows
        if not piece or self.replaced or self.open_store is None:
            return
        try:
            self.open_store.keep_traces(piece, now().wall * 1_000 - tracing.micros())
        except StoreCorrupt as damage:
            self._damaged(damage)
        except StoreError:
            return
        if self.waiting_traces:
            self._traces_due()

    def _told(self, healthy: bool, reason: str, always: bool = False) -> None:
        """Every change at once; a good probe also when nothing changed, since its absence means something."""
        if healthy != self.healthy or always:
            self.healthy = healthy
            self.send_to("supervisor", BaselineProbed(healthy=healthy, reason=reason))

    def _send_audit(self, notes: tuple[AuditNote, ...]) -> None:
        """What it has to say itself needs no message: one to itself would be refused, and that audited again."""
        self.on(KeepAudit(n=0, notes=notes), "ingest")

    def leave(self) -> None:
        self.links.stop()
        self.tell_traces()
        if self.open_store is not None:
            self.open_store.close()
        self.left()
