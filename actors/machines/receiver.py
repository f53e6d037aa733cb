"""What becomes of OTLP requests: parts become bodies, bodies drafts, and a request is answered when all are durable.

Bodies are decoded in the order in which they came complete, a piece at a time, and only while the lane to ingest wants
more: a large body never keeps the actor from answering a ping. What one `step` came to leaves before the next, so that
ingest stores a piece while another is decoded. (When all steps were told together, each waited for the other.) Taking a
part is what lets the gateway send another, so what is held here is bounded. Nothing here is durable: after a restart
the gateway, which still has every body whose request waits, sends them again, and the store knows by their keys what it
has.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from actors.machines.baseline import Draft, Lane
from actors.machines.effects import NOTHING, Effect, Effects, Send
from actors.wire.otlp import Undecodable
from messages.baseline import RecordsKept, RecordsRefused
from messages.otlp import Encoding, OtlpAnswered, OtlpGivenUp, OtlpPart, OtlpTaken, Signal, TurnTraced
from messages.records import TurnSeen

HELD_BYTES_MAX = 4 * 1024 * 1024
"""Undecoded bytes in hand before parts are no longer taken; one body may be larger."""
EMPTY: frozenset[tuple[Encoding, bytes]] = frozenset({("protobuf", b""), ("json", b"{}")})
"""A request without a record: answered at once, whoever waits. The gateway's probe is one."""
REJECTED = "dropped:malformed"

Decode = Callable[[Signal, Encoding, bytes], Iterator[Draft]]
"""Errors: Undecodable at the call, never while iterating."""


class Key(NamedTuple):
    """Which request of which start of the gateway."""

    gateway: int
    request: int


@dataclass(slots=True)
class Body:
    """A body that is still coming, or waits to be decoded."""

    signal: Signal
    encoding: Encoding
    parts: list[bytes] = field(default_factory=list)
    size: int = 0
    whole: bool = False
    heard_ms: int = 0
    """When its last part came."""


@dataclass(slots=True)
class Asked:
    """A request that is decoded, at least in part."""

    unkept: int = 0
    """Drafts that are not durable."""
    decoded: bool = False
    rejected: int = 0


@dataclass(slots=True)
class Receiver:
    """The state of the machine."""

    lane: Lane
    decode: Decode
    stale_ms: int
    """A body that is not whole, and of which nothing came for so long, is nobody's: a first part that was repeated
    after its answer, or came behind the word that it was given up. Longer than the gateway keeps a request waiting."""
    gateway: int = 0
    """The newest start of the gateway that was heard of."""
    bodies: dict[Key, Body] = field(default_factory=dict)
    whole: deque[Key] = field(default_factory=deque)
    """Bodies that are complete, in order."""
    asked: dict[Key, Asked] = field(default_factory=dict)
    drafts: Iterator[Draft] | None = None
    """Of the request that is being decoded."""
    decoding: Key = field(default_factory=lambda: Key(0, 0))
    held_bytes: int = 0
    untaken: deque[OtlpTaken] = field(default_factory=deque)
    """Parts in hand whose sender has not been told, so that it does not send more."""

    @property
    def idle(self) -> bool:
        """Nothing is in hand."""
        return not (self.bodies or self.asked) and self.lane.idle

    def part(self, heard: OtlpPart, now_ms: int) -> Effects:
        """A piece of a body; a repeated one is only acknowledged, one behind a hole is for the sender to repeat."""
        key = Key(heard.gateway, heard.request)
        if heard.gateway > self.gateway:
            self._forget_before(heard.gateway)
        if heard.gateway < self.gateway:
            return NOTHING
        taken = OtlpTaken(gateway=heard.gateway, request=heard.request, n=heard.n)
        body = self.bodies.get(key)
        if key in self.asked or (body is not None and (body.whole or heard.n < len(body.parts))):
            return NOTHING if taken in self.untaken else (Send("root", taken),)
        if body is None:
            if heard.n != 0:
                return NOTHING
            if heard.last and (heard.encoding, heard.body.strip()) in EMPTY:
                return (Send("root", taken), _answer(key, "kept"))
            body = self.bodies[key] = Body(heard.signal, heard.encoding)
        elif heard.n > len(body.parts):
            return NOTHING
        body.parts.append(heard.body)
        body.size += len(heard.body)
        body.whole, body.heard_ms = heard.last, now_ms
        self.held_bytes += len(heard.body)
        if heard.last:
            self.whole.append(key)
        self.untaken.append(taken)
        return NOTHING

    def given_up(self, heard: OtlpGivenUp) -> None:
        """Nobody waits for this any more. What is being decoded goes on: it may be durable before it is sent again."""
        self._forget(Key(heard.gateway, heard.request))

    def kept(self, heard: RecordsKept, now_ms: int) -> Effects:
        """Something is durable: the next message leaves, and whose request is complete is answered."""
        tickets, effects = self.lane.kept(heard, now_ms)
        answers: list[Effect] = []
        for key in tickets:
            asked = self.asked.get(key) if isinstance(key, Key) else None
            if isinstance(key, Key) and asked is not None:
                asked.unkept -= 1
                answers += self._done(key, asked)
        return (*effects, *answers)

    def refused(self, heard: RecordsRefused, now_ms: int) -> Effects:
        """Ingest could not write. The lane tries again; who cannot wait is given up by the gateway."""
        self.lane.refused(heard, now_ms)
        return self.lane.tick(now_ms)

    def traced(self, heard: TurnTraced, now_ms: int) -> Effects:
        """Have it kept which trace a turn's telemetry carries; nobody waits for an answer."""
        turn = TurnSeen(session_id=heard.session_id, turn_id=heard.turn_id, trace_id=heard.trace_id)
        return self.lane.offer(Draft("codex", "otlp", turns=[turn]), None, now_ms)

    def ingest_returned(self, now_ms: int) -> Effects:
        """A new ingest knows nothing of what was on its way."""
        return self.lane.ingest_returned(now_ms)

    def tick(self, now_ms: int) -> Effects:
        """Forget bodies whose rest never came, try again what was refused, go on decoding."""
        late_ms = now_ms - self.stale_ms
        for key in [key for key, body in self.bodies.items() if not body.whole and body.heard_ms <= late_ms]:
            self._forget(key)
        return self.lane.tick(now_ms)

    def step(self, now_ms: int) -> Effects | None:
        """Take a part for which there is room, or decode a piece while the lane wants more. None: nothing is to be done
        until something is heard."""
        if self.untaken and (self.held_bytes < HELD_BYTES_MAX or not self.whole):
            return (Send("root", self.untaken.popleft()),)
        if not self.lane.wants:
            return None
        if self.drafts is None:
            return self._open(self.whole.popleft()) if self.whole else None
        draft = next(self.drafts, None)
        asked = self.asked[self.decoding]
        if draft is None:
            self.drafts, asked.decoded = None, True
            return tuple(self._done(self.decoding, asked))
        asked.unkept += 1
        asked.rejected += draft.counts[REJECTED]
        return self.lane.offer(draft, self.decoding, now_ms)

    def _open(self, key: Key) -> Effects:
        body = self.bodies.pop(key)
        self.held_bytes -= body.size
        try:
            self.drafts = self.decode(body.signal, body.encoding, b"".join(body.parts))
        except Undecodable as error:
            return (_answer(key, "undecodable", text=str(error)),)
        self.decoding, self.asked[key] = key, Asked()
        return NOTHING

    def _done(self, key: Key, asked: Asked) -> list[Effect]:
        if not asked.decoded or asked.unkept:
            return []
        del self.asked[key]
        text = f"{asked.rejected} records are not what OTLP calls a record" if asked.rejected else ""
        return [_answer(key, "kept", asked.rejected, text)]

    def _forget(self, key: Key) -> None:
        body = self.bodies.pop(key, None)
        if body is not None:
            self.held_bytes -= body.size
            self.untaken = deque(each for each in self.untaken if (each.gateway, each.request) != key)
            if body.whole:
                self.whole.remove(key)

    def _forget_before(self, gateway: int) -> None:
        self.gateway = gateway
        for key in [key for key in self.bodies if key.gateway < gateway]:
            self._forget(key)


def _answer(key: Key, code: str, rejected: int = 0, text: str = "") -> Effect:
    return Send(
        "root",
        OtlpAnswered(gateway=key.gateway, request=key.request, code=code, rejected=rejected, text=text),  # type: ignore[arg-type]  # one of the three words
    )
