"""A small world around the stager for the property test: a sidecar's courier, an ingest, and bad channels.

`stage_scene.py` has the words of its lines, `stage_store.py` the ingest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from actors.machines.courier import Courier
from actors.machines.effects import Wake
from actors.machines.staging import Staging
from actors.machines.standing import Now
from actors.machines.window import BATCHES_MAX
from messages.base import Message
from messages.records import CheckpointKept, CheckpointRefused, StageReset
from messages.settings import Limits
from messages.stream import BatchSettled, FrameBatch, GenerationClosed, GenerationOpened, ResendFrames
from tests.actors.machines.stage_scene import TIMING, new_stager
from tests.actors.machines.stage_store import Books, FakeStore


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
