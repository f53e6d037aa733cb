"""The OTLP receiver as a web application: `POST /v1/logs|traces|metrics`, answered as the OTLP/HTTP specification says.

200 means durable. What may be sent again gets 503 with `Retry-After: 1`, and nothing else does: the exporters of both
tools drop a batch at any other refusal (measured). The token stands in `Authorization: Bearer`, or in the path for an
exporter that can set no header: `/s/TOKEN/v1/logs`. What an exporter that sends nothing twice has exported is tried on
behind its 503: a tree takes longer than anybody waits to come back on a busy machine.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import get_args

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from actors.wire.otlp_answers import CONTENT_TYPES, Code, accepted, refused
from hybrid_capture.exchange import LATE, Answer, Exchange
from hybrid_capture.inflating import NotGzip, TooLarge, Unpacking
from messages.otlp import Encoding, Signal

ENCODINGS: dict[str, Encoding] = {content_type: encoding for encoding, content_type in CONTENT_TYPES.items()}
PLAIN = ("", "identity", "none")
SENDS_ONCE = "OTel-OTLP-Exporter-Rust/"
"""How the exporter in Codex names itself: it drops a batch at any refusal, 503 too (codex 0.169, measured)."""
DRAIN_BYTES_MAX = 256 * 1024 * 1024
"""What is read and thrown away of a refused body, so that the client hears why instead of a broken connection."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the receiver takes at most."""

    body_bytes_max: int
    waiting_bytes_max: int
    requests_max: int
    read_s: float
    keep_s: float
    """What is sent once stays in hand for so long after its 503."""


class Refusal(Exception):
    """A request that is not taken. The text holds nothing of it."""

    def __init__(self, status: int, code: Code, text: str) -> None:
        self.status, self.code, self.text = status, code, text


def busy(text: str) -> Refusal:
    """What an exporter sends again."""
    return Refusal(503, 14, text)


class Receiver:
    """Takes requests in hand, within bounds, until they are durable."""

    def __init__(self, exchange: Exchange, token: str, bounds: Bounds) -> None:
        self._exchange = exchange
        self._token = token.encode()
        self._bounds = bounds
        self.requests = 0
        """Requests in hand, also those that were answered 503 and are tried on."""
        self._bytes = 0
        self._trying: set[asyncio.Task[Answer]] = set()
        self.stopping = False
        """Nothing new is taken; what is in hand is finished."""
        self.leaving = False
        """Another gateway takes connections: whoever has one here is told to come there."""

    async def take(self, request: Request) -> Response:
        """Answer one request."""
        encoding = ENCODINGS.get(request.headers.get("content-type", "").partition(";")[0].strip().lower())
        try:
            signal = self._signal(request)
            self._known(request)
            gzip = _packing(request)
            if encoding is None:
                raise Refusal(415, 3, f"Content-Type has to be one of {', '.join(ENCODINGS)}")
            answer = await self._stored(request, signal, encoding, gzip)
            if answer.code == "undecodable":
                raise Refusal(400, 3, answer.text)
            if answer.code == "busy":
                raise busy(f"{answer.text}: send it again")
        except Refusal as why:
            return await _refusal(request, encoding or "json", why)
        body = accepted(signal, encoding, answer.rejected, answer.text)
        headers = {"Connection": "close"} if self.leaving else {}
        return Response(body, headers=headers, media_type=CONTENT_TYPES[encoding])

    def _signal(self, request: Request) -> Signal:
        signal = request.path_params["signal"]
        if signal not in get_args(Signal):
            raise Refusal(404, 5, "there is /v1/logs, /v1/traces and /v1/metrics")
        return signal  # type: ignore[no-any-return]  # one of the three words

    def _known(self, request: Request) -> None:
        """Whoever says the token. A page in a browser never does, and is told so before that."""
        if "origin" in request.headers:
            raise Refusal(403, 7, "this is no place for web pages")
        scheme, _, said = request.headers.get("authorization", "").partition(" ")
        said = request.path_params.get("token") or (said.strip() if scheme.lower() == "bearer" else "")
        if not secrets.compare_digest(said.encode(), self._token):
            raise Refusal(401, 16, "the token is missing or wrong: `hybrid-capture setup` tells the tools")

    async def _stored(self, request: Request, signal: Signal, encoding: Encoding, gzip: bool) -> Answer:
        if self.stopping:
            raise busy("the receiver is stopping")
        if self.requests >= self._bounds.requests_max:
            raise busy("too many requests are in hand")
        length = request.headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length) > self._bounds.body_bytes_max:
            raise self._too_large()
        self.requests += 1
        unpacking = Unpacking(gzip, self._bounds.body_bytes_max)
        held, mine = 0, True
        try:
            async with asyncio.timeout(self._bounds.read_s):
                async for more in _unpacked(request, unpacking):
                    held += more
                    self._bytes += more
                    if self._bytes > self._bounds.waiting_bytes_max:
                        raise busy("too much is in hand")
            if not request.headers.get("user-agent", "").startswith(SENDS_ONCE):
                return await self._exchange.ask(signal, encoding, unpacking.finish())
            trying = self._try_on(signal, encoding, unpacking.finish(), held)
            mine = False
            await asyncio.wait({trying}, timeout=self._exchange.hold_s)
            return trying.result() if trying.done() else LATE
        except TooLarge:
            raise self._too_large() from None
        except NotGzip:
            raise Refusal(400, 3, "the body is not gzip, though Content-Encoding says so") from None
        except TimeoutError:
            raise Refusal(408, 4, "the body did not come in time") from None
        finally:
            if mine:
                self._let_go(held)

    def _try_on(self, signal: Signal, encoding: Encoding, body: bytes, held: int) -> asyncio.Task[Answer]:
        """Have a body stored, whoever waits for it; it counts as in hand until then."""
        trying = asyncio.create_task(self._exchange.ask(signal, encoding, body, self._bounds.keep_s))
        self._trying.add(trying)

        def done(task: asyncio.Task[Answer]) -> None:
            self._trying.discard(task)
            self._let_go(held)

        trying.add_done_callback(done)
        return trying

    def _let_go(self, held: int) -> None:
        self.requests -= 1
        self._bytes -= held

    def _too_large(self) -> Refusal:
        return Refusal(413, 8, f"a body may have {self._bounds.body_bytes_max} bytes, unpacked")


async def _unpacked(request: Request, unpacking: Unpacking) -> AsyncIterator[int]:
    """Bytes gained, piece by piece. Errors: TooLarge, NotGzip."""
    async for chunk in request.stream():
        unpacking.feed(chunk)
        more = True
        while more:
            before = len(unpacking.body)
            more = unpacking.step()
            yield len(unpacking.body) - before
            if more:
                await asyncio.sleep(0)  # others have their turn while a large body is inflated
    request.state.read = True


def _packing(request: Request) -> bool:
    packing = request.headers.get("content-encoding", "").strip().lower()
    if packing != "gzip" and packing not in PLAIN:
        raise Refusal(415, 3, "Content-Encoding has to be gzip or none")
    return packing == "gzip"


async def _refusal(request: Request, encoding: Encoding, why: Refusal) -> Response:
    headers = {"Retry-After": "1"} if why.status == 503 else {}
    if why.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if not await _drained(request):
        headers["Connection"] = "close"
    return Response(refused(encoding, why.code, why.text), why.status, headers, CONTENT_TYPES[encoding])


async def _drained(request: Request) -> bool:
    """Whether the rest of the body was read, and the connection can serve another request."""
    if getattr(request.state, "read", False):
        return True
    count = 0
    try:
        async with asyncio.timeout(2.0):
            while True:
                message = await request.receive()
                count += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or count > DRAIN_BYTES_MAX:
                    return False
                if not message.get("more_body", False):
                    return True
    except (TimeoutError, ClientDisconnect):
        return False


def otlp_app(receiver: Receiver) -> Starlette:
    """The application; mounted by the gateway at its root."""
    told: set[type[Exception]] = set()
    """Kinds of our own faults that stand in the log: one of each, since every request may bring another."""

    async def take(request: Request) -> Response:
        try:
            return await receiver.take(request)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody hears it
        except Exception as fault:  # noqa: BLE001  ours is no reason to lose a batch: it may work the next time
            if type(fault) not in told:
                told.add(type(fault))
                sys.excepthook(type(fault), fault, fault.__traceback__)  # redacted in the gateway
            return await _refusal(request, "json", busy("the receiver has a fault"))

    return Starlette(
        routes=[
            Route("/v1/{signal}", take, methods=["POST"]),
            Route("/s/{token}/v1/{signal}", take, methods=["POST"]),
        ]
    )
