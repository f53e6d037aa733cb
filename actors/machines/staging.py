"""Staging: deltas wait in memory, `item/completed` finalises, and every frame ends in exactly one disposition.

What the frames came to goes to ingest as numbered checkpoints, one at a time; the batches they cover are settled when
the checkpoint is durable. A checkpoint with anything durable goes at once, deltas alone at most `checkpoint_ms` later.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from actors.machines.decisions import decides
from actors.machines.draft import Draft
from actors.machines.effects import NOTHING, Effect, Effects, Send, Wake
from actors.machines.reading import Decode, Reading
from actors.machines.stage import Live, Stage
from actors.machines.standing import Now
from actors.machines.window import BATCHES_MAX, Inbox
from messages.records import (
    CheckpointKept,
    CheckpointRefused,
    KeepCheckpoint,
    StageOpened,
    StageReset,
)
from messages.settings import Limits, Timing
from messages.stream import (
    BatchSettled,
    FrameBatch,
    GenerationClosed,
    GenerationOpened,
    ResendFrames,
)

BOOKS_MAX = 16


@dataclass(slots=True)
class Staging:
    """The state of the machine."""

    stager: int
    limits: Limits
    timing: Timing
    decode: Decode
    live_lines: Callable[[str], Live]
    generation: int = 0
    inbox: Inbox | None = None
    """None until ingest said where to continue."""
    early: dict[int, FrameBatch] = field(default_factory=dict)
    """Batches that came before that, by first frame: at most what a sender may have on its way."""
    following: int = 0
    """A newer generation that waits until ingest said where this one continues."""
    closing_seq: int | None = None
    """The process is gone and this was its last frame."""
    reading: Reading = field(init=False)
    watched: bool = False
    outgoing: deque[KeepCheckpoint | StageOpened] = field(default_factory=deque)
    """What ingest has to confirm, in order; only the first is on its way."""
    sent_epoch: int = 0
    wake_epoch: int = 0
    books: dict[int, int] = field(default_factory=dict)
    """The last frame of each generation whose books are closed."""

    def __post_init__(self) -> None:
        self._continue_after(0)

    def _continue_after(self, through_seq: int) -> None:
        """Read the live generation from behind this frame, with nothing staged."""
        stage = Stage(self.limits.open_items_max, self.limits.staged_bytes_max, self.live_lines, self.watched)
        self.reading = Reading(self.decode, stage, Draft.after(self.generation, through_seq))

    # What arrives from the sidecar.

    @decides
    def opened(self, heard: GenerationOpened, now: Now) -> Effects:
        """A new process speaks, or the same one speaks to a new stager."""
        if heard.generation <= self.generation:
            return self._settled() if heard.generation == self.generation else NOTHING
        if self._unopened():
            # Its predecessor's actor ended, and ingest did not say yet where that one continues: what came of it is
            # read first. Frames of the newer one come again when nobody settles them.
            self.following = max(self.following, heard.generation)
            return NOTHING
        return self._open(heard.generation, now)

    def _unopened(self) -> bool:
        return any(isinstance(each, StageOpened) and each.generation == self.generation for each in self.outgoing) and (
            self.inbox is None and self.generation not in self.books
        )

    def _open(self, generation: int, now: Now) -> Effects:
        sent = bool(self.outgoing)
        self._close("its actor ended; frames after this one were never received", now)
        self.generation = generation
        self.inbox, self.closing_seq, self.early, self.following = None, None, {}, 0
        self._continue_after(0)
        self.outgoing.append(StageOpened(generation=generation, stager=self.stager))
        return NOTHING if sent else self._send_first()

    @decides
    def batch(self, heard: FrameBatch, now: Now) -> Effects:
        """Lines, in any order the transport likes."""
        if heard.generation > self.generation:
            return NOTHING  # not introduced yet: it comes again, with its introduction
        if heard.generation < self.generation:
            return self._stale(heard)
        if self.inbox is None:
            self._hold(heard)
            return NOTHING
        repeated = _last(heard) < self.inbox.next_seq
        ready = self.inbox.take(heard)
        effects: list[Effect] = []
        for each in ready:
            effects += self.reading.read(each, now)
        if repeated:
            effects += self._settled()
        elif not ready and len(self.inbox.early) == 1:  # asked once; if that is lost, its sender's resend helps
            through = self.inbox.next_seq - 1
            effects.append(Send("sidecar", ResendFrames(generation=self.generation, through_seq=through)))
        return (*effects, *self._close_if_drained(now), *self._flush(now))

    def _hold(self, heard: FrameBatch) -> None:
        """Keep a batch until ingest says where to continue. What is too much comes again."""
        bytes_max = self.limits.window_batches_max * self.limits.read_bytes_max
        room = len(self.early) < BATCHES_MAX and sum(len(each.lines) for each in self.early.values()) < bytes_max
        if room and self.generation not in self.books:
            self.early[heard.first_seq] = heard

    def _stale(self, heard: FrameBatch) -> Effects:
        """A batch of a process that is over changes nothing; it is counted in the books of its own generation.

        Of a generation that was never introduced here nobody waits for news: who read it is gone too.
        """
        through = self.books.get(heard.generation)
        if through is None or (through != heard.first_seq - 1 and self._waits(heard.generation)):
            return NOTHING
        if through != heard.first_seq - 1:  # counted already
            return (Send("sidecar", BatchSettled(generation=heard.generation, through_seq=through)),)
        self.books[heard.generation] = _last(heard)
        counted = KeepCheckpoint(
            generation=heard.generation,
            stager=self.stager,
            first_seq=heard.first_seq,
            last_seq=_last(heard),
            counts={"stale_generation": heard.count},
            closed=True,
        )
        self.outgoing.append(counted)
        return self._send_first() if len(self.outgoing) == 1 else NOTHING

    def _waits(self, generation: int) -> bool:
        """Whether ingest has to confirm something of this generation."""
        return any(each.generation == generation for each in self.outgoing)

    @decides
    def closed(self, heard: GenerationClosed, now: Now) -> Effects:
        """The process is gone; close its books when its last frame was read."""
        if heard.generation in self.books:
            through = self.books[heard.generation]
            closed = BatchSettled(generation=heard.generation, through_seq=through, closed=True)
            return NOTHING if self._waits(heard.generation) else (Send("sidecar", closed),)
        if heard.generation != self.generation:
            return NOTHING
        self.closing_seq = heard.last_seq
        return (*self._close_if_drained(now), *self._flush(now))

    # What arrives from ingest.

    @decides
    def reset(self, heard: StageReset, now: Now) -> Effects:
        """Where this generation continues."""
        first = self.outgoing[0] if self.outgoing else None
        if not isinstance(first, StageOpened) or (heard.generation, heard.stager) != (first.generation, self.stager):
            return NOTHING
        self.outgoing.popleft()
        waits = any(isinstance(each, KeepCheckpoint) and each.generation == self.generation for each in self.outgoing)
        if waits or first.generation != self.generation:
            # Ingest had forgotten this stage and knows it again (`not_opened`): what waits goes on as it is.
            return self._send_first()
        self.inbox = Inbox(self.generation, heard.through_seq + 1)
        self._continue_after(heard.through_seq)
        effects: list[Effect] = [*self._settled(), *self._send_first()]
        early, self.early = self.early, {}
        for first_seq in sorted(early):
            effects += self.batch(early[first_seq], now)
        effects += [*self._close_if_drained(now), *self._flush(now)]
        return (*effects, *(self._open(self.following, now) if self.following else NOTHING))

    @decides
    def kept(self, heard: CheckpointKept, now: Now) -> Effects:
        """The first checkpoint is durable: settle its batches, send the next."""
        first = self.outgoing[0] if self.outgoing else None
        if not isinstance(first, KeepCheckpoint) or heard.stager != self.stager:
            return NOTHING
        if heard.generation != first.generation or heard.through_seq < first.last_seq:
            return NOTHING
        if first.closed and not heard.closed:
            return NOTHING  # a late answer to the checkpoint before it: both end with the same frame
        self.outgoing.popleft()
        settled = BatchSettled(generation=first.generation, through_seq=first.last_seq, closed=first.closed)
        return (Send("sidecar", settled), *self._send_first(), *self._flush(now))

    @decides
    def refused(self, heard: CheckpointRefused) -> Effects:
        """Ingest could not take it. A store that failed is asked again later; a stage it does not know is opened
        again; frames that are missing before it are asked of the sidecar."""
        first = self.outgoing[0] if self.outgoing else None
        if heard.stager != self.stager or not isinstance(first, KeepCheckpoint):
            return NOTHING
        if heard.code == "not_opened":
            self.outgoing.appendleft(StageOpened(generation=first.generation, stager=self.stager))
            return self._send_first()
        if heard.code == "gap":
            return (Send("sidecar", ResendFrames(generation=heard.generation, through_seq=heard.through_seq)),)
        return NOTHING  # store_failed: the resend that is due asks again; old_stager: a newer one lives

    @decides
    def ingest_returned(self) -> Effects:
        """A new ingest knows nothing of what was on its way."""
        return self._send_first()

    @decides
    def woke(self, name: str, epoch: int, now: Now) -> Effects:
        """A deadline came due: send what waits, or send again what was not confirmed."""
        if name == "checkpoint" and epoch == self.wake_epoch:
            return self._flush(now, due=True)
        if name == "resend" and epoch == self.sent_epoch:
            return self._send_first()
        return NOTHING

    @decides
    def watch(self, on: bool) -> None:
        """Whether live lines are wanted, for items that open from now on."""
        self.watched = self.reading.stage.watched = on

    # How checkpoints leave.

    def _close_if_drained(self, now: Now) -> Effects:
        if self.inbox is None or self.closing_seq is None or self.inbox.next_seq <= self.closing_seq:
            return NOTHING
        sent = bool(self.outgoing)
        self._close("", now)
        return NOTHING if sent else self._send_first()

    def _close(self, why: str, now: Now) -> None:
        """End the books of the live generation: what is open is lost with a name."""
        if self.inbox is None:
            return
        reading = self.reading
        reading.lost(reading.stage.lose_where(lambda _: True, "sidecar_exited"))
        draft = reading.draft
        if why:
            text = f"frame {draft.last_seq}: {why}"
            draft.note("generation_cut", f"generation {self.generation}", text, now.wall, always=True)
        draft.closed = True
        self.outgoing.append(draft.message(self.stager, ()))
        self.books[self.generation] = draft.last_seq
        if len(self.books) > BOOKS_MAX:
            del self.books[next(iter(self.books))]
        reading.draft = Draft.after(self.generation, draft.last_seq)
        self.inbox = None

    def _flush(self, now: Now, due: bool = False) -> Effects:
        """Send the draft when nothing is on its way and somebody waits for it, or it is large, or it is time."""
        draft = self.reading.draft
        if draft.empty or self.outgoing:
            return NOTHING
        age_ms = now.mono - draft.since_ms
        large = draft.bytes_count >= self.limits.read_bytes_max
        if not (draft.durable or large or due or age_ms >= self.timing.checkpoint_ms):
            self.wake_epoch += 1
            return (Wake(self.timing.checkpoint_ms - age_ms, "checkpoint", self.wake_epoch),)
        self.outgoing.append(draft.message(self.stager, self.reading.stage.staged()))
        self.reading.draft = Draft.after(self.generation, draft.last_seq)
        return self._send_first()

    def _send_first(self) -> Effects:
        if not self.outgoing:
            return NOTHING
        self.sent_epoch += 1
        return (Send("ingest", self.outgoing[0]), Wake(self.timing.resend_ms, "resend", self.sent_epoch))

    def _settled(self) -> Effects:
        """Tell the sidecar how far everything is accounted for."""
        if self.inbox is None:
            return NOTHING
        mine = self.generation
        waiting = [each for each in self.outgoing if isinstance(each, KeepCheckpoint) and each.generation == mine]
        through = (waiting[0].first_seq if waiting else self.reading.draft.first_seq) - 1
        return (Send("sidecar", BatchSettled(generation=self.generation, through_seq=through)),)


def _last(batch: FrameBatch) -> int:
    return batch.first_seq + batch.count - 1
