"""The actors and messages the transport is tried with. Module-level, so that a spawned child can import them."""

from __future__ import annotations

import os
import resource
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from thespian.actors import (
    Actor,
    ChildActorExited,
    DeadEnvelope,
    PoisonMessage,
    ThespianWatch,
    WakeupMessage,
    WatchMessage,
)

from actors.transport.datagram import DatagramTransport
from actors.transport.rejects import on_reject, transport_rejects
from actors.transport.seal import Kind, Sealer
from actors.transport.tcp import TcpTransport


@dataclass
class Note:
    """The application's message: what, and with what."""

    what: str
    value: Any = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"Note({self.what})"


@dataclass
class Numbered:
    """One of a stream of messages."""

    seq: int
    data: bytes = field(repr=False)

    def __str__(self) -> str:
        return f"Numbered({self.seq})"


@dataclass
class Taken:
    """Answer to Numbered."""

    seq: int


class Unlisted:
    """A class nobody put on the allow-list."""


WIRE = (Note, Numbered, Taken)


def open_fds() -> int:
    """Descriptors this process has open."""
    return len(os.listdir("/proc/self/fd"))


def rss_kib() -> int:
    """Resident memory of this process, KiB."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * (os.sysconf("SC_PAGE_SIZE") // 1024)


class Probe(Actor):
    """Answers, counts what it was told, and does what a test asks of it."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Any] = []
        self.reported: list[tuple[str, int]] = []

    def receiveMessage(self, message: Any, sender: Any) -> Any:
        if isinstance(message, Note):
            answer = getattr(self, "do_" + message.what)(message.value, sender)
            if answer is not None:
                self.send(sender, answer)
        elif isinstance(message, Numbered):
            self.kept.append(message.seq)
            self.send(sender, Taken(message.seq))
        elif isinstance(message, (DeadEnvelope, ChildActorExited, PoisonMessage)):
            self.kept.append(message)

    def do_echo(self, value: Any, _sender: Any) -> Any:
        return Note("echo", value)

    def do_keep(self, value: Any, _sender: Any) -> None:
        self.kept.append(value)

    def do_kept(self, _value: Any, _sender: Any) -> Note:
        kept, self.kept = self.kept, []
        return Note("kept", kept)

    def do_state(self, _value: Any, _sender: Any) -> Note:
        return Note(
            "state", {"pid": os.getpid(), "fds": open_fds(), "rss_kib": rss_kib(), "rejects": transport_rejects()}
        )

    def do_limit_fds(self, count: int, _sender: Any) -> Note:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        return Note("limited")

    def do_listen_to_rejects(self, _value: Any, _sender: Any) -> Note:
        on_reject(lambda reason, count: self.reported.append((reason, count)))
        return Note("listening")

    def do_reported(self, _value: Any, _sender: Any) -> Note:
        return Note("reported", list(self.reported))

    def do_forward(self, value: Any, _sender: Any) -> Note:
        target, message = value
        self.send(target, message)
        return Note("forwarded")

    def do_send_many(self, value: Any, _sender: Any) -> Note:
        target, count, size = value
        for seq in range(count):
            self.send(target, Note("keep", (seq, b"x" * size)))
        return Note("sent")

    def do_count_kept(self, _value: Any, _sender: Any) -> Note:
        return Note("count", [seq for seq, _ in self.kept])

    def do_bury_dead_letters(self, _value: Any, _sender: Any) -> Note:
        self.handleDeadLetters()
        return Note("burying")

    def do_raise(self, _value: Any, _sender: Any) -> None:
        raise RuntimeError("as asked")

    def do_sleep(self, seconds: float, _sender: Any) -> None:
        # Stands for a handler that is busy, not for waiting on anything.
        time.sleep(seconds)

    def do_create(self, name: str | None, _sender: Any) -> Note:
        return Note("created", self.createActor(Probe, globalName=name))


class Parent(Actor):
    """Creates children and writes each death, as it hears of it, to a file: so no message disturbs the hearing."""

    def __init__(self) -> None:
        super().__init__()
        self.path = ""

    def receiveMessage(self, message: Any, sender: Any) -> None:
        if isinstance(message, ChildActorExited):
            with open(self.path, "a") as log:
                log.write(f"{time.monotonic_ns()} {message.childAddress.addressDetails}\n")
        elif isinstance(message, Note) and message.what == "log_to":
            self.path = message.value
            self.send(sender, Note("logging"))
        elif isinstance(message, Note) and message.what == "create":
            self.waiting = sender
            self.child = self.createActor(Probe if message.value is None else message.value)
            self.send(self.child, Note("state"))
        elif isinstance(message, Note) and message.what == "create_stillborn":
            self.createActor(Stillborn)
            self.send(sender, Note("creating"))
        elif isinstance(message, Note) and message.what == "state":
            self.send(self.waiting, Note("child", (message.value["pid"], sender)))


class Stillborn(Actor):
    """Dies while it is being made, before it has told anyone its address."""

    def __init__(self) -> None:
        super().__init__()
        os._exit(3)


class Watcher(Actor):
    """Watches a pipe and reports what it reads, like the sidecar reads its child."""

    def receiveMessage(self, message: Any, sender: Any) -> Any:
        if isinstance(message, Note) and message.what == "open":
            self.reads, self.writes = os.pipe()
            self.lines: list[bytes] = []
            self.asker = sender
            self.watching = [self.reads]
            self.send(sender, Note("open"))
        elif isinstance(message, Note) and message.what == "write":
            os.write(self.writes, message.value)
        elif isinstance(message, Note) and message.what == "stop_watching":
            self.watching = []
            self.send(sender, Note("stopped"))
        elif isinstance(message, Note) and message.what == "watch_closed":
            doomed, other = os.pipe()
            os.close(doomed)
            os.close(other)
            self.watching = [doomed, self.reads]
            self.send(sender, Note("watching"))
        elif isinstance(message, WatchMessage):
            for fd in message.ready:
                self.send(self.asker, Note("read", (fd == self.reads, os.read(fd, 65536))))
        return ThespianWatch(self.watching)


class Sleeper(Actor):
    """Sets wake-ups; reports their payloads in the order they came, and between which moments each was due, s."""

    def __init__(self) -> None:
        super().__init__()
        self.woken: list[Any] = []
        self.due_s: dict[Any, tuple[float, float]] = {}
        self.asker: Any = None
        self.expected = 0

    def receiveMessage(self, message: Any, sender: Any) -> None:
        if isinstance(message, Note):
            self.asker, self.expected, self.woken, self.due_s = sender, len(message.value), [], {}
            for milliseconds, payload in message.value:
                before_s = time.monotonic()
                self.wakeupAfter(timedelta(milliseconds=milliseconds), payload)
                self.due_s[payload] = (before_s + milliseconds / 1000, time.monotonic() + milliseconds / 1000)
        elif isinstance(message, WakeupMessage):
            self.woken.append(message.payload)
            if len(self.woken) == self.expected:
                self.send(self.asker, Note("woken", (self.woken, self.due_s)))


class Stage(Actor):
    """One stage of a pipeline: keeps `window` messages unanswered at the next stage; checks what it gets for order."""

    def __init__(self) -> None:
        super().__init__()
        self.next: Any = None
        self.window = 1
        self.total = 0
        self.received = 0
        self.disorder = 0
        self.sent = 0
        self.answered = 0
        self.size = 0
        self.boss: Any = None
        self.source = False

    def receiveMessage(self, message: Any, sender: Any) -> None:
        if isinstance(message, Note) and message.what == "set_up":
            self.next, self.window, self.total, self.size = message.value
            self.boss = sender
            self.send(sender, Note("ready"))
        elif isinstance(message, Note) and message.what == "go":
            self.boss = sender
            self.source = True
            self.pump()
        elif isinstance(message, Numbered):
            self.disorder += message.seq != self.received
            self.received += 1
            self.send(sender, Taken(message.seq))
            self.pump()
            self.report()
        elif isinstance(message, Taken):
            self.disorder += message.seq != self.answered
            self.answered += 1
            self.pump()
            self.report()

    def pump(self) -> None:
        ready = self.total if self.source else self.received
        while self.next is not None and self.sent < ready and self.sent - self.answered < self.window:
            self.send(self.next, Numbered(self.sent, b"y" * self.size))
            self.sent += 1

    def report(self) -> None:
        incoming = self.source or self.received == self.total
        outgoing = self.next is None or self.answered == self.total
        if incoming and outgoing and self.boss is not None:
            self.send(self.boss, Note("done", (self.received, self.answered, self.disorder)))
            self.boss = None


class TapSealer(Sealer):
    """Writes every DATA frame it seals to a file: what somebody who listens in would have."""

    path = ""

    def seal(
        self, kind: Kind, destination: bytes, message: int, offset: int = 0, total: int = 0, data: Any = b""
    ) -> bytes:
        prefix = super().seal(kind, destination, message, offset, total, data)
        if kind is Kind.DATA and len(data) < 4096:
            with open(self.path, "ab") as tap:
                frame = prefix + bytes(data)
                tap.write(destination + len(frame).to_bytes(4, "big") + frame)
        return prefix


class TappedDatagram(DatagramTransport):
    """The datagram transport with a tap in it."""

    def _open(self) -> None:
        _tap(self)
        super()._open()


class TappedTcp(TcpTransport):
    """The TCP transport with a tap in it."""

    def _open(self) -> None:
        _tap(self)
        super()._open()


def _tap(transport: Any) -> None:
    tap = TapSealer(transport._settings.key, transport._token, os.urandom(8), time.monotonic_ns)
    tap.path = os.path.join(transport._settings.folder, "tap")
    transport._sealer = tap


def tapped_frames(path: str, destination: bytes) -> list[bytes]:
    """The frames for `destination` that went past the tap."""
    frames = []
    with open(path, "rb") as tap:
        while head := tap.read(12):
            frame = tap.read(int.from_bytes(head[8:], "big"))
            if head[:8] == destination:
                frames.append(frame)
    return frames
