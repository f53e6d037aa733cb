import http.client
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from chaos.client import Client, RpcError
from chaos.loopback import Request
from chaos.loopback_model import LoopbackModel


def call(model: LoopbackModel, method: str, path: str, body: object = None, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(model.url).port or 0, timeout=30)
    try:
        data = body.encode() if isinstance(body, str) else orjson.dumps(body) if body is not None else None
        connection.request(method, path, data, headers)
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def prompt(text: str) -> dict[str, Any]:
    return {"input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}]}


def test_it_listens_on_loopback_only(loopback_model: LoopbackModel) -> None:
    assert loopback_model.url.startswith("http://127.0.0.1:")


def test_a_model_call_is_a_stream_of_events(loopback_model: LoopbackModel) -> None:
    status, body = call(loopback_model, "POST", "/v1/responses", prompt("SCN:plain"))
    assert status == 200
    assert body.startswith(b"event: response.created\ndata: {")
    assert body.count(b"event: response.output_text.delta\n") == 5


def test_every_response_has_an_id_of_its_own_and_is_counted_when_it_ended(loopback_model: LoopbackModel) -> None:
    for text in ("SCN:plain", "SCN:shell", "SCN:fail:500"):
        call(loopback_model, "POST", "/v1/responses", {**prompt(text), "prompt_cache_key": "thread-1"})
    assert loopback_model.answered == [("thread-1", "resp_1"), ("thread-1", "resp_2")]


def test_requests_are_recorded_without_query_or_body(loopback_model: LoopbackModel) -> None:
    call(loopback_model, "GET", "/v1/models?client_version=0.169.0")
    call(loopback_model, "POST", "/oauth/token", "grant_type=authorization_code&code=secret")
    assert loopback_model.requests == [Request("GET", "/v1/models"), Request("POST", "/oauth/token")]
    assert loopback_model.count("GET", "/v1/models") == 1


def test_unknown_routes_are_404_and_recorded(loopback_model: LoopbackModel) -> None:
    assert call(loopback_model, "GET", "/backend-api/wham/settings/user")[0] == 404
    assert loopback_model.count("GET", "/backend-api/wham/settings/user") == 1


def test_whatever_wants_to_leave_is_a_leak() -> None:
    with LoopbackModel() as model:
        port = urlsplit(model.url).port or 0
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(b"CONNECT example.test:443 HTTP/1.1\r\nHost: example.test:443\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 502")
        call(model, "GET", "http://example.test/path?query=1")
        assert model.leaks == [Request("CONNECT", "example.test:443"), Request("GET", "example.test")]


def test_the_issuer_redirects_to_the_callback(loopback_model: LoopbackModel) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(loopback_model.url).port or 0, timeout=30)
    connection.request("GET", "/oauth/authorize?redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2Fcb&state=s1")
    reply = connection.getresponse()
    location = urlsplit(reply.getheader("Location") or "")
    connection.close()
    assert reply.status == 302
    assert (location.netloc, location.path) == ("127.0.0.1:9", "/cb")
    assert parse_qs(location.query)["state"] == ["s1"]


def test_a_refresh_can_be_refused(loopback_model: LoopbackModel) -> None:
    loopback_model.refuse_refresh = True
    asked = {"grant_type": "refresh_token", "refresh_token": "x"}
    assert call(loopback_model, "POST", "/oauth/token", asked)[0] == 401
    assert call(loopback_model, "POST", "/oauth/token", "grant_type=authorization_code")[0] == 200


def test_a_device_code_can_stay_pending(loopback_model: LoopbackModel) -> None:
    assert call(loopback_model, "POST", "/api/accounts/deviceauth/token", {})[0] == 200
    loopback_model.device_approved = False
    assert call(loopback_model, "POST", "/api/accounts/deviceauth/token", {})[0] == 403


def test_a_cut_stream_ends_without_its_end(loopback_model: LoopbackModel) -> None:
    with pytest.raises(http.client.IncompleteRead):
        call(loopback_model, "POST", "/v1/responses", prompt("SCN:cut"))


def test_equal_calls_are_counted_as_attempts(loopback_model: LoopbackModel) -> None:
    body = {**prompt("SCN:refresh"), "prompt_cache_key": "thread-1"}
    assert [call(loopback_model, "POST", "/v1/responses", body)[0] for _ in range(2)] == [401, 200]
    other = {**body, "prompt_cache_key": "thread-2"}
    assert call(loopback_model, "POST", "/v1/responses", other)[0] == 401


def test_an_endless_stream_ends_with_the_model() -> None:
    with LoopbackModel() as model:
        connection = http.client.HTTPConnection("127.0.0.1", urlsplit(model.url).port or 0, timeout=30)
        connection.request("POST", "/v1/responses", orjson.dumps(prompt("SCN:interrupt")))
        reply = connection.getresponse()
        assert reply.read(200)
    assert b"response.completed" not in reply.read()
    connection.close()


def test_a_browser_goes_nowhere_but_to_loopback(loopback_model: LoopbackModel) -> None:
    with pytest.raises(ValueError, match="not a loopback URL"):
        loopback_model.complete_browser_login("https://auth.example.test/oauth/authorize?state=1")


@pytest.mark.real
def test_the_real_codex_is_logged_in_takes_a_turn_and_talks_to_nobody_else(
    real_codex: Path, loopback_model: LoopbackModel, tmp_path: Path, start_app_server: Callable[..., Client]
) -> None:
    home = loopback_model.write_codex_home(tmp_path / "home", auth="chatgpt")
    client = start_app_server(real_codex, loopback_model.codex_env(home))
    client.initialize()
    client.wait_method("account/updated")
    assert client.turn(client.start_thread(tmp_path), "SCN:plain")["status"] == "completed"
    client.end()
    assert {request.path for request in loopback_model.requests} == {
        "/v1/models",
        "/v1/responses",
        "/backend-api/wham/accounts/check",
        "/backend-api/wham/settings/user",
    }
    assert loopback_model.leaks == []


@pytest.mark.real
def test_a_failing_workspace_check_fails_the_login_of_the_real_codex(
    real_codex: Path, loopback_model: LoopbackModel, tmp_path: Path, start_app_server: Callable[..., Client]
) -> None:
    loopback_model.wham_status = 500
    home = loopback_model.write_codex_home(tmp_path / "home", auth="chatgpt")
    client = start_app_server(real_codex, loopback_model.codex_env(home))
    client.initialize()
    with pytest.raises(RpcError, match="workspace routing discovery failed"):
        client.request("account/read", {"refreshToken": False})
    assert client.notifications("account/updated") == []
