"""Stories of the stager: `scene >> what arrives << what leaves`.

Lines are words with blanks between them: `start i1`, `delta i1 text`, `done i1`, `turn u1 completed`, `usage u1 3`,
`odd method`, `garbage`, an empty line. An item is `i1` of turn `u1`, or `u2/i1`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from actors.machines.effects import Send, Wake
from actors.machines.staging import Staging
from actors.machines.standing import Now
from actors.wire import frames as wire
from messages.base import Message
from messages.records import CheckpointKept, CheckpointRefused, KeepCheckpoint, StageReset
from messages.settings import Limits, Timing
from messages.stream import BatchSettled, DroppedLine, FrameBatch, GenerationClosed, GenerationOpened

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
