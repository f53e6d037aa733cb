"""The gateway's end of its link to the root: bodies out in parts, answers in, within a window.

A body stays here until its request is answered, so whoever dies behind the link costs nothing but time: when a new
baseline has come up, everything that waits is sent again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from hybrid_capture.frames import Said
from messages.otlp import Encoding, Signal

PART_BYTES = 256 * 1024
WINDOW_PARTS = 4
"""Parts that are on their way without having been taken."""
SMALL_BYTES = 64
"""A body up to this size is sent at once, past the window: the probe must not wait behind a flood."""
RESEND_S = 2.0

Say = Callable[[Signal, Encoding, memoryview], Awaitable["Answer"]]
"""Another way to have a body stored."""
Tell = Callable[..., None]
"""`tell(op, blob, **fields)` puts a frame on the link."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request came to."""

    code: Literal["kept", "undecodable", "busy"]
    rejected: int = 0
    text: str = ""


AWAY = Answer("busy", text="the receiver is stopping")
LATE = Answer("busy", text="it could not be stored in time")


@dataclass(slots=True, eq=False)
class Asked:
    """A request that waits for its answer."""

    number: int
    signal: Signal
    encoding: Encoding
    body: memoryview
    answer: asyncio.Future[Answer]
    sent: int = 0
    """Parts that went out."""
    open: dict[int, float] = field(default_factory=dict)
    """Parts that went out and were not taken, with the time."""

    @property
    def parts(self) -> int:
        return max(1, -(-len(self.body) // PART_BYTES))


class Exchange:
    """All requests that wait. For one event loop."""

    def __init__(self, tell: Tell, hold_s: float) -> None:
        self._tell = tell
        self.hold_s = hold_s
        """How long an exporter waits for its answer."""
        self._numbers = 0
        self._asked: dict[int, Asked] = {}
        self._unsent: deque[Asked] = deque()
        self._closed = False
        self.busy = asyncio.Event()
        """Set while a request waits: only then is there anything to `tick` for."""
        self._say: Say | None = None
        self._saying: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """Requests without an answer."""
        return len(self._asked)

    async def ask(self, signal: Signal, encoding: Encoding, body: bytes, more_s: float = 0.0) -> Answer:
        """Have a body stored; `busy` when that did not happen within the time that an exporter waits, and `more_s`."""
        if self._closed:
            return AWAY
        self._numbers += 1
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        asked = Asked(self._numbers, signal, encoding, memoryview(body), answer)
        self._asked[asked.number] = asked
        self.busy.set()
        if self._say is not None:
            self._say_on(asked, self._say)
        elif len(body) <= SMALL_BYTES:
            self._send_part(asked)
        else:
            self._unsent.append(asked)
            self._send()
        try:
            return await asyncio.wait_for(asyncio.shield(answer), self.hold_s + more_s)
        except TimeoutError:
            return LATE
        finally:
            del self._asked[asked.number]
            if not self._asked:
                self.busy.clear()
            if not answer.done():
                # Late, or the client hung up.
                answer.cancel()
                if self._say is None:
                    self._tell("givenUp", request=asked.number)
            if asked in self._unsent:
                self._unsent.remove(asked)
            self._send()

    def heard(self, said: Said) -> None:
        """What the root passes on of the baseline."""
        asked = self._asked.get(said.fields.get("request", 0))
        if said.op == "returned":
            self._start_over()
        elif asked is None:
            return
        elif said.op == "taken":
            asked.open.pop(said.fields["n"], None)
            self._send()
        elif said.op == "answered" and not asked.answer.done():
            fields: dict[str, Any] = said.fields
            asked.answer.set_result(Answer(fields["code"], fields["rejected"], fields["text"]))

    def tick(self, now_s: float) -> None:
        """Send again what nobody took: a message can be lost on its way."""
        if self._say is not None:
            return
        for asked in self._asked.values():
            if asked.open and now_s - min(asked.open.values()) >= RESEND_S:
                asked.sent = min(asked.open)
                asked.open.clear()
                if asked not in self._unsent:
                    self._unsent.append(asked)
        self._send()

    def hand_over(self, say: Say) -> None:
        """The link is gone: what waits, and what comes, is stored another way, within the same time."""
        self._say = say
        self._unsent.clear()
        for asked in self._asked.values():
            self._say_on(asked, say)

    def _say_on(self, asked: Asked, say: Say) -> None:
        async def run() -> None:
            answer = await say(asked.signal, asked.encoding, asked.body)
            if not asked.answer.done():
                asked.answer.set_result(answer)

        task = asyncio.get_running_loop().create_task(run())
        self._saying.add(task)
        task.add_done_callback(self._saying.discard)
        asked.answer.add_done_callback(lambda _: task.cancel())

    def close(self) -> None:
        """Nobody is there any more: everything that waits is to be sent again later."""
        self._closed = True
        for asked in self._asked.values():
            if not asked.answer.done():
                asked.answer.set_result(AWAY)

    def _start_over(self) -> None:
        """A new baseline knows nothing."""
        self._unsent.clear()
        for asked in self._asked.values():
            asked.sent = 0
            asked.open.clear()
            self._unsent.append(asked)
        self._send()

    def _send(self) -> None:
        """Send parts, one body after the other, while the window has room."""
        if self._say is not None:
            return
        on_way = sum(len(asked.open) for asked in self._asked.values())
        while self._unsent and on_way < WINDOW_PARTS:
            asked = self._unsent[0]
            self._send_part(asked)
            on_way += 1
            if asked.sent == asked.parts:
                self._unsent.popleft()

    def _send_part(self, asked: Asked) -> None:
        n = asked.sent
        asked.sent += 1
        asked.open[n] = asyncio.get_running_loop().time()
        self._tell(
            "part",
            asked.body[n * PART_BYTES : (n + 1) * PART_BYTES],
            request=asked.number,
            n=n,
            last=asked.sent == asked.parts,
            signal=asked.signal,
            encoding=asked.encoding,
        )
