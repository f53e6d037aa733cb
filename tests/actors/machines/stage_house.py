"""A small world around the stager: a sidecar's courier, an ingest that keeps the store's contract, and bad channels.

`Scene` tells stories (`>>` arrives, `<<` leaves); `House` is the world of the property test. Lines are words with
blanks between them: `start i1`, `delta i1 text`, `done i1`, `turn u1 completed`, `usage u1 3`, `odd method`,
`garbage`, an empty line. An item is `i1` of turn `u1`, or `u2/i1`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from actors.machines.courier import Courier
from actors.machines.effects import Send, Wake
from actors.machines.staging import Staging
from actors.machines.standing import Now
from actors.machines.window import BATCHES_MAX
from actors.wire import frames as wire
from messages.base import Message
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
    DroppedLine,
    FrameBatch,
    GenerationClosed,
    GenerationOpened,
    ResendFrames,
)

THREAD = "t1"
TIMING = Timing(resend_ms=200, checkpoint_ms=50)
nothing: tuple[Any, ...] = ()


def place(name: str) -> tuple[str, str, str]:
    turn, _, item = name.rpartition("/")
    return THREAD, turn or "u1", item


def decode_line(line: str) -> object:
    """What one line says."""
    word, *rest = line.split(" ")
    match word, rest:
        case "start", [name]:
            return wire.ItemStarted(*place(name), "agentMessage", 10)
        case "delta", [name, text]:
            return wire.Delta(*place(name), text, "agentMessage")
        case "done", [name, *body]:
            return wire.ItemCompleted(*place(name), "agentMessage", "completed", 10, 20, " ".join(body) or "{}")
        case "turn", [turn, "started"]:
            return wire.TurnStarted(THREAD, turn, 5)
        case "turn", [turn, status]:
            return wire.TurnCompleted(THREAD, turn, status, None, None, 5, 9, 4)  # type: ignore[arg-type]
        case "usage", [turn, count]:
            return wire.TokenUsage(THREAD, turn, {"total": int(count)}, {})
        case "usage", [turn, count, total]:
            return wire.TokenUsage(THREAD, turn, {"total": int(count)}, {"total": int(total)})
        case "thread", [thread]:
            return wire.ThreadStarted(thread, "/tmp", None, None, None, None, None, None, None)
        case "odd", [method]:
            return wire.Unknown(method)
        case "unshaped", [method]:
            return wire.Unshaped(method, "field x")
        case "control", _:
            return wire.Control("thread/x")
    return wire.Malformed("malformed" if line else "blank")


def decode(data: bytes) -> Iterable[object]:
    """Like `wire.batch.decode_runs`: one value a line, but deltas in a row of one item are one value."""
    run: wire.Delta | None = None
    for line in data.decode().splitlines():
        frame = decode_line(line)
        if isinstance(frame, wire.Delta):
            if run is not None and run[:3] == frame[:3]:
                run = run._replace(text=run.text + frame.text, frames=run.frames + 1)
                continue
            if run is not None:
                yield run
            run = frame
            continue
        if run is not None:
            yield run
            run = None
        yield frame
    if run is not None:
        yield run


class PlainLive:
    """Live lines without redaction: whole lines at once, the rest at the end. A `/` stands for a line feed."""

    def __init__(self) -> None:
        self.held = ""

    def feed(self, delta: str) -> str:
        whole, cut, self.held = (self.held + delta).rpartition("/")
        return whole + cut

    def finish(self) -> str:
        held, self.held = self.held, ""
        return held


def new_stager(incarnation: int = 1, limits: Limits | None = None) -> Staging:
    return Staging(incarnation, limits or Limits(), TIMING, decode, lambda _session: PlainLive())


def batch(*lines: str, first: int = 1, generation: int = 1, dropped: Iterable[DroppedLine] = ()) -> FrameBatch:
    data = "".join(f"{line}\n" for line in lines).encode()
    return FrameBatch(
        generation=generation, first_seq=first, count=len(lines), dropped=tuple(dropped), at_ms=7, lines=data
    )


@dataclass(slots=True)
class Scene:
    """`scene >> what arrives << what leaves`. Wake-ups are kept apart in `wakes`."""

    machine: Staging
    said: list[Any] = field(default_factory=list)
    wakes: list[Wake] = field(default_factory=list)
    at: int = 0

    def __rshift__(self, heard: Any) -> Scene:
        now = Now(self.at, self.at)
        machine = self.machine
        match heard:
            case GenerationOpened():
                effects = machine.opened(heard, now)
            case FrameBatch():
                effects = machine.batch(heard, now)
            case GenerationClosed():
                effects = machine.closed(heard, now)
            case StageReset():
                effects = machine.reset(heard, now)
            case CheckpointKept():
                effects = machine.kept(heard, now)
            case CheckpointRefused():
                effects = machine.refused(heard)
            case "ingest returned":
                effects = machine.ingest_returned()
            case Wake():
                self.at += heard.after_ms
                effects = machine.woke(heard.name, heard.epoch, Now(self.at, self.at))
            case _:
                raise AssertionError(f"nobody says {heard}")
        self.said = [each for each in effects if not isinstance(each, Wake)]
        self.wakes += [each for each in effects if isinstance(each, Wake)]
        return self

    def __lshift__(self, expected: Any) -> Scene:
        wanted = [expected] if isinstance(expected, Send) else list(expected)
        assert self.said == wanted
        return self

    @property
    def checkpoint(self) -> KeepCheckpoint:
        """The one checkpoint that just left."""
        (found,) = [each.message for each in self.said if isinstance(each.message, KeepCheckpoint)]
        return found

    def keep(self, **other: Any) -> CheckpointKept:
        """Ingest's answer to what is on its way."""
        first = self.machine.outgoing[0]
        assert isinstance(first, KeepCheckpoint)
        given = {"generation": first.generation, "through_seq": first.last_seq, "stager": first.stager}
        return CheckpointKept(**{**given, "closed": first.closed, **other})


def opened(generation: int = 1) -> GenerationOpened:
    return GenerationOpened(generation=generation)


def reset(through: int = 0, generation: int = 1, stager: int = 1) -> StageReset:
    return StageReset(generation=generation, stager=stager, through_seq=through)


def closed(last: int, generation: int = 1) -> GenerationClosed:
    return GenerationClosed(generation=generation, last_seq=last)


def to_sidecar(message: Message) -> Send:
    return Send("sidecar", message)


def settled(through: int, generation: int = 1, closed: bool = False) -> Send:
    return Send("sidecar", BatchSettled(generation=generation, through_seq=through, closed=closed))


def ready(limits: Limits | None = None) -> Scene:
    """A stager in the middle of generation 1, nothing read yet."""
    return Scene(new_stager(limits=limits)) >> opened() >> reset()


@dataclass(slots=True)
class Books:
    """What the store knows of one generation."""

    through: int = 0
    received: int = 0
    closed: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    staged: dict[tuple[str, str, str], int] = field(default_factory=dict)

    @property
    def difference(self) -> int:
        return self.received - sum(self.counts.values()) - sum(self.staged.values())


@dataclass(slots=True)
class FakeStore:
    """The contract of `storage/stage.py` and `storage/ledger.py`, without a file."""

    valid: int = 0
    books: dict[int, Books] = field(default_factory=dict)
    bodies: Counter[str] = field(default_factory=Counter)
    audit: Counter[str] = field(default_factory=Counter)
    failing: bool = False

    def hear(self, message: Message) -> Message | None:
        if isinstance(message, StageOpened):
            return None if self.failing else self._open(message)
        assert isinstance(message, KeepCheckpoint)
        if self.failing:
            return self._refuse(message, message.first_seq - 1, "store_failed")
        return self._keep(message)

    def _open(self, message: StageOpened) -> StageReset:
        if message.stager > self.valid:
            self.valid = message.stager
            for book in self.books.values():
                book.counts["dropped:stager_lost"] += sum(book.staged.values())
                self.audit["stager_lost"] += len(book.staged)
                book.staged.clear()
        if message.stager == self.valid:
            self.books.setdefault(message.generation, Books())
        book = self.books.get(message.generation, Books())
        return StageReset(generation=message.generation, stager=self.valid, through_seq=book.through)

    def _keep(self, message: KeepCheckpoint) -> Message:
        book = self.books.get(message.generation)
        frames = message.last_seq - message.first_seq + 1
        assert frames > 0 or message.closed, "only a closing checkpoint covers nothing"
        if book is None or message.stager > self.valid:
            return self._refuse(message, book.through if book else 0, "not_opened")
        if message.stager < self.valid:
            return self._refuse(message, book.through, "old_stager")
        if message.first_seq == book.through + 1 and (frames > 0 or not book.closed):
            self._apply(book, message, frames)
        elif message.last_seq > book.through or message.first_seq > message.last_seq + 1:
            return self._refuse(message, book.through, "gap")
        return CheckpointKept(
            generation=message.generation, through_seq=book.through, stager=message.stager, closed=message.closed
        )

    def _apply(self, book: Books, message: KeepCheckpoint, frames: int) -> None:
        book.through, book.received = message.last_seq, book.received + frames
        book.closed = book.closed or message.closed
        book.counts.update(message.counts)
        book.counts["stored"] += sum(each.frames for each in (*message.sessions, *message.turns, *message.items))
        book.counts["merged"] += sum(each.merged_frames for each in message.items)
        self.bodies.update(each.body for each in message.items)
        for loss in message.losses:
            book.counts[f"dropped:{loss.reason}"] += loss.frames
        self.audit.update(note.kind for note in message.audit)
        self.audit["stage_loss"] += len(message.losses)
        book.staged = {(each.session_id, each.turn_id, each.item_id): each.frames for each in message.staged}
        assert not (message.closed and message.staged), "nothing is open in closed books"
        assert book.difference == 0, f"{book.difference} frames differ after {message.first_seq}..{message.last_seq}"

    def _refuse(self, message: KeepCheckpoint, through: int, code: Any) -> CheckpointRefused:
        return CheckpointRefused(
            generation=message.generation, stager=message.stager, through_seq=through, code=code, text=""
        )


@dataclass(slots=True)
class House:
    """Sidecar, stager, ingest, and four channels that lose, repeat and reorder."""

    limits: Limits
    store: FakeStore = field(default_factory=FakeStore)
    courier: Courier = field(init=False)
    stager: Staging = field(init=False)
    wakes: list[tuple[int, Wake]] = field(default_factory=list)
    channels: dict[str, list[Message]] = field(default_factory=dict)
    now: int = 1_000
    generation: int = 0
    alive: bool = False
    ingest_up: bool = True
    read: Counter[int] = field(default_factory=Counter)
    """Frames that came out of each process."""
    orphaned: set[int] = field(default_factory=set)
    """Generations whose courier died: what it had not handed over is gone with it."""
    bodies: dict[str, int] = field(default_factory=dict)
    """Of every completed item, and its generation."""

    def __post_init__(self) -> None:
        self.channels = {"to_stager": [], "to_sidecar": [], "to_ingest": [], "from_ingest": []}
        self.courier = self._new_courier()
        self.stager = new_stager(1, self.limits)

    def _new_courier(self) -> Courier:
        return Courier(self.limits.window_batches_max * self.limits.read_bytes_max, TIMING.resend_ms)

    # What happens by itself.

    def start_process(self) -> None:
        if not self.alive:
            self.generation, self.alive = self.generation + 1, True
            self._do(self.courier.opened(self.generation))

    def speak(self, lines: list[str]) -> None:
        if not self.alive or self.courier.full or not lines:
            return
        lines = [self._unique(line) for line in lines]
        self.read[self.generation] += len(lines)
        data = "".join(f"{line}\n" for line in lines).encode()
        dropped = [(index, 99, "line_too_long") for index, line in enumerate(lines) if not line]
        self._do(self.courier.read(data, len(lines), dropped, self.now, self.now))

    def _unique(self, line: str) -> str:
        if not line.startswith("done "):
            return line
        body = f"{line.split()[1]}#{len(self.bodies)}"
        self.bodies[body] = self.generation
        return f"{line} {body}"

    def end_process(self) -> None:
        if self.alive:
            self.alive = False
            self._do(self.courier.closed(self.generation))

    def pass_time(self, ms: int) -> None:
        self.now += ms
        self._do(self.courier.tick(self.now))
        due = [wake for at, wake in self.wakes if at <= self.now]
        self.wakes = [(at, wake) for at, wake in self.wakes if at > self.now]
        for wake in due:
            self._do(self.stager.woke(wake.name, wake.epoch, self._at()))

    # What goes wrong.

    def kill_stager(self) -> None:
        self.stager = new_stager(self.stager.stager + 1, self.limits)
        self.wakes.clear()
        self.channels["to_stager"].clear()
        self.channels["from_ingest"].clear()
        self._do(self.courier.stager_returned(self.now))

    def kill_ingest(self) -> None:
        self.channels["to_ingest"].clear()
        self.ingest_up = False

    def start_ingest(self) -> None:
        if not self.ingest_up:
            self.ingest_up = True
            self._do(self.stager.ingest_returned())

    def kill_sidecar(self) -> None:
        """The actor that owns the process dies, and the process with it."""
        self.orphaned |= {box.generation for box in self.courier.waiting}
        self.channels["to_sidecar"].clear()
        self.alive = False
        self.courier = self._new_courier()

    # Channels.

    def deliver(self, channel: str, index: int = 0) -> None:
        waiting = self.channels[channel]
        if waiting:
            self._hear(channel, waiting.pop(index % len(waiting)))

    def lose(self, channel: str, index: int) -> None:
        waiting = self.channels[channel]
        if waiting:
            del waiting[index % len(waiting)]

    def repeat(self, channel: str, index: int) -> None:
        waiting = self.channels[channel]
        if waiting and len(waiting) < 200:
            waiting.append(waiting[index % len(waiting)])

    def _hear(self, channel: str, message: Message) -> None:
        now = self._at()
        match channel, message:
            case "to_ingest", _:
                answer = self.store.hear(message) if self.ingest_up else None
                if answer is not None:
                    self.channels["from_ingest"].append(answer)
            case "to_sidecar", BatchSettled():
                self._do(self.courier.settled(message))
            case "to_sidecar", ResendFrames():
                self._do(self.courier.resend(message, self.now))
            case _, CheckpointRefused():
                self._do(self.stager.refused(message))
            case _:
                heard = {
                    GenerationOpened: self.stager.opened,
                    FrameBatch: self.stager.batch,
                    GenerationClosed: self.stager.closed,
                    StageReset: self.stager.reset,
                    CheckpointKept: self.stager.kept,
                }[type(message)]
                self._do(heard(message, now))  # type: ignore[operator]
        self.check()

    def _do(self, effects: Iterable[Any]) -> None:
        for effect in effects:
            if isinstance(effect, Wake):
                self.wakes.append((self.now + effect.after_ms, effect))
            elif effect.to == "stager":
                self.channels["to_stager"].append(effect.message)
            elif effect.to == "sidecar":
                self._check_settled(effect.message)
                self.channels["to_sidecar"].append(effect.message)
            elif effect.to == "ingest" and self.ingest_up:
                self.channels["to_ingest"].append(effect.message)

    def _at(self) -> Now:
        return Now(self.now, self.now)

    # What must hold.

    def _check_settled(self, message: Message) -> None:
        if not isinstance(message, BatchSettled):
            return
        book = self.store.books.get(message.generation, Books())
        assert message.through_seq <= max(book.through, 0), f"settled before it is kept: {message}, kept {book.through}"
        assert book.closed or not message.closed, f"closed before it is kept: {message}"

    def check(self) -> None:
        """After every message."""
        for generation, book in self.store.books.items():
            assert book.received <= self.read[generation]
        window = self.limits.window_batches_max * self.limits.read_bytes_max
        largest = self.limits.read_bytes_max
        for box in self.courier.waiting:
            assert box.bytes_count == sum(len(each.lines) for each in box.batches.values())
            assert box.bytes_count < window + largest, "the window bounds what the sidecar keeps"
            assert len(box.batches) <= BATCHES_MAX
        inbox = self.stager.inbox
        early = [*(inbox.early.values() if inbox else ()), *self.stager.early.values()]
        assert sum(len(each.lines) for each in early) < window + largest, "the window bounds what the stager holds"
        stage = self.stager.reading.stage
        assert len(stage.items) <= stage.items_max
        assert stage.bytes_count <= stage.bytes_max
        assert stage.bytes_count == sum(item.bytes_count for item in stage.items.values())
        assert not stage.touched

    def come_to_rest(self) -> None:
        """No more faults: everything must be accounted for, soon and in order."""
        self.store.failing = False
        self.start_ingest()
        if not self.alive:
            self.start_process()
        self.speak(["control"])  # a process always says something: its first word introduces it, if nothing did
        for _ in range(400):
            for channel in self.channels:
                while self.channels[channel]:
                    self.deliver(channel)
            live = self.courier.waiting[0].generation == self.generation if self.courier.waiting else True
            if live and self.courier.idle and not self.stager.outgoing and self.stager.reading.draft.empty:
                return
            self.pass_time(20)
        raise AssertionError("the house does not come to rest")

    def check_accounts(self) -> None:
        """Every frame that was read is accounted for exactly once, and every completed item stored exactly once."""
        for generation, count in self.read.items():
            book = self.store.books.get(generation, Books())
            assert book.difference == 0
            if generation in self.orphaned:
                assert book.received <= count
            else:
                assert book.received == count, f"generation {generation}: {count} read, {book.received} received"
            # Whose courier and stager both died has nobody left who could close its books.
            forsaken = generation in self.orphaned and self.stager.stager > 1
            if generation != self.generation and generation in self.store.books and not forsaken:
                assert book.closed, f"the books of generation {generation} stay open"
                assert not book.staged
        for body, generation in self.bodies.items():
            stored = self.store.bodies[body]
            assert stored == 1 or (stored == 0 and generation in self.orphaned), f"{body} is stored {stored} times"
