"""What every loopback peer is made of: an HTTP server on 127.0.0.1 that records whom a program wanted to reach.

It records each request as method and path, never a body, a header or a query, so a test can prove that nothing went
elsewhere (`leaks`). It is also a proxy for every other host, which lets nothing out.
"""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import SplitResult, urlsplit

import orjson

Json = dict[str, Any]
GATE_S_MAX = 120.0
LOOK_S = 0.1


class Request(NamedTuple):
    """One recorded request: no query, no header, no body."""

    method: str
    path: str
    """For CONNECT and for absolute URLs (a proxied request): the host asked for."""


class Loopback:
    """A running loopback peer; use as a context manager."""

    def __init__(self, handler: type[LoopbackHandler], name: str) -> None:
        self._requests: list[Request] = []
        self._lock = threading.Lock()
        self.closing = threading.Event()
        self.gate = threading.Event()
        """What a gated answer waits for; whoever opens it closes it again."""
        self._server = LoopbackServer(("127.0.0.1", 0), handler)
        self._server.peer = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """`http://127.0.0.1:<port>`, without a slash at its end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def requests(self) -> list[Request]:
        """Every request so far, in order of arrival."""
        with self._lock:
            return list(self._requests)

    @property
    def leaks(self) -> list[Request]:
        """Requests that were meant for other hosts."""
        return [each for each in self.requests if each.method == "CONNECT" or not each.path.startswith("/")]

    def count(self, method: str, path: str) -> int:
        return self.requests.count(Request(method, path))

    def record(self, method: str, path: str) -> None:
        with self._lock:
            self._requests.append(Request(method, path))


def proxy_variables(url: str) -> dict[str, str]:
    """Variables that make `url` the proxy for every other host: a leak arrives there instead of leaving."""
    proxied = {name: url for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")}
    proxied["NO_PROXY"] = "127.0.0.1,localhost"
    return proxied | {name.lower(): value for name, value in proxied.items()}


class LoopbackServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    peer: Loopback

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that closes in mid stream is normal here."""


class LoopbackHandler(BaseHTTPRequestHandler):
    """Reads a request, records it, refuses what was meant for others; `answer` says the rest."""

    protocol_version = "HTTP/1.1"
    server: LoopbackServer

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: requests are recorded, and standard error belongs to the test."""

    def answer(self, method: str, url: SplitResult, body: bytes) -> None:
        raise NotImplementedError

    def do_CONNECT(self) -> None:
        self.server.peer.record("CONNECT", self.path)
        self.send_json(502, {"error": "the loopback peer lets nothing out"})
        self.close_connection = True

    def do_GET(self) -> None:
        self._take("GET")

    def do_HEAD(self) -> None:
        self._take("HEAD")

    def do_POST(self) -> None:
        self._take("POST")

    def _take(self, method: str) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if url.netloc and url.netloc != f"127.0.0.1:{self.server.server_address[1]}":
            self.server.peer.record(method, url.netloc)
            self.send_json(502, {"error": "the loopback peer lets nothing out"})
            return
        self.server.peer.record(method, url.path)
        self.answer(method, url, body)

    def wait_for_the_gate(self) -> None:
        """Until it is open, or the peer ends, or GATE_S_MAX."""
        end = time.monotonic() + GATE_S_MAX
        while (
            not self.server.peer.gate.wait(LOOK_S) and time.monotonic() < end and not self.server.peer.closing.is_set()
        ):
            continue

    def begin_stream(self, **headers: str) -> None:
        """The head of a stream of server-sent events; `send_chunk` goes on, `end_stream` ends it."""
        self.send_response(200)
        for name, value in {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def send_chunk(self, data: bytes) -> None:
        if data:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def end_stream(self) -> None:
        self.wfile.write(b"0\r\n\r\n")

    def send_json(self, status: int, body: Json, **headers: str) -> None:
        self.send_whole(status, orjson.dumps(body), **{"Content-Type": "application/json", **headers})

    def send_whole(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def server_sent(event: Json) -> bytes:
    """One server-sent event, named by its `type`."""
    return b"event: %s\ndata: %s\n\n" % (event["type"].encode(), orjson.dumps(event))
