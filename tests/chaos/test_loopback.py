import http.client
from collections.abc import Iterator
from urllib.parse import SplitResult

import pytest

from chaos.loopback import Json, Loopback, LoopbackHandler, Request, proxy_variables, server_sent


class Echo(LoopbackHandler):
    def answer(self, method: str, url: SplitResult, body: bytes) -> None:
        if url.path == "/stream":
            self.begin_stream()
            self.send_chunk(server_sent({"type": "word", "word": body.decode()}))
            self.send_chunk(b"")
            self.end_stream()
        else:
            self.send_json(200, {"path": url.path, "said": body.decode()})


@pytest.fixture
def echo() -> Iterator[Loopback]:
    with Loopback(Echo, "echo") as peer:
        yield peer


def ask(peer: Loopback, method: str, path: str, body: str = "") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(peer.url.removeprefix("http://"), timeout=30)
    try:
        connection.request(method, path, body or None)
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def test_requests_are_recorded_as_method_and_path_and_nothing_else(echo: Loopback) -> None:
    assert ask(echo, "POST", "/a?secret=1", "hidden") == (200, b'{"path":"/a","said":"hidden"}')
    assert ask(echo, "HEAD", "/b") == (200, b"")
    assert echo.requests == [Request("POST", "/a"), Request("HEAD", "/b")]
    assert echo.count("POST", "/a") == 1
    assert echo.leaks == []


def test_a_stream_of_events_is_cut_into_chunks_and_ends(echo: Loopback) -> None:
    assert ask(echo, "POST", "/stream", "hello") == (200, b'event: word\ndata: {"type":"word","word":"hello"}\n\n')


def test_what_was_meant_for_another_host_is_refused_and_counts_as_a_leak(echo: Loopback) -> None:
    assert ask(echo, "GET", "http://example.test/x")[0] == 502
    assert ask(echo, "CONNECT", "example.test:443")[0] == 502
    assert echo.leaks == [Request("GET", "example.test"), Request("CONNECT", "example.test:443")]


def test_every_spelling_of_the_proxy_variables_leads_here(echo: Loopback) -> None:
    proxies: Json = proxy_variables(echo.url)
    assert {name for name, value in proxies.items() if value == echo.url} == {
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"),
        *("http_proxy", "https_proxy", "all_proxy"),
    }
    assert proxies["NO_PROXY"] == proxies["no_proxy"] == "127.0.0.1,localhost"
