"""The loopback model: everything the real codex may talk to, on 127.0.0.1, so that it runs offline.

    with LoopbackModel() as model:
        home = model.write_codex_home(folder / "codex-home", auth="chatgpt")
        env = model.codex_env(home)          # start `codex app-server` with this

It is the model provider (Responses API), the ChatGPT backend (wham), the login issuer (browser and device code) and, as
every `loopback.py`, the proxy for every other host. What it says is chosen by the prompt: see `scripts.py`.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import socket
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple, Unpack
from urllib.parse import SplitResult, parse_qs, urlencode, urlsplit

import orjson

from chaos import codex_home
from chaos.codex_home import ACCOUNT_ID, WORKSPACE, unsigned_jwt
from chaos.loopback import Loopback, LoopbackHandler, server_sent
from chaos.loopback_streams import Plan, named, plan_for

Json = dict[str, Any]


class Answered(NamedTuple):
    """One response that was streamed to its end."""

    thread: str
    response_id: str


STREAM_S_MAX = 120.0
"""An endless stream ends after this even if nobody closes it."""
HTTP_WAIT_S = 10.0


class LoopbackModel(Loopback):
    """A running loopback model; use as a context manager. Attributes may be changed while it runs."""

    def __init__(self) -> None:
        super().__init__(_Handler, "loopback-model")
        self.wham_status = 200
        """What /backend-api/wham/accounts/check answers; other than 200 the ChatGPT login fails its routing."""
        self.refuse_refresh = False
        """Refuse /oauth/token for grant_type refresh_token (401), as for expired logins."""
        self.device_approved = True
        """False: the device code stays pending."""
        self.plan = "pro"
        self._attempts: Counter[tuple[str, int]] = Counter()
        self._responses = itertools.count(1)
        self._answered: list[Answered] = []

    @property
    def answered(self) -> list[Answered]:
        """Every response so far that ended, in order of their ends; each used `loopback_streams.TOKENS`."""
        with self._lock:
            return list(self._answered)

    def response_id(self) -> str:
        """An id for the next response."""
        with self._lock:
            return f"resp_{next(self._responses)}"

    def keep(self, answered: Answered) -> None:
        with self._lock:
            self._answered.append(answered)

    def write_codex_home(self, path: Path, **options: Unpack[codex_home.HomeOptions]) -> Path:
        """A CODEX_HOME for this model: see `codex_home.write_codex_home`."""
        return codex_home.write_codex_home(path, self.url, **options)

    def codex_env(self, home: Path) -> dict[str, str]:
        """A clean environment for a codex that talks only to this model."""
        return codex_home.codex_env(home, self.url)

    def complete_browser_login(self, auth_url: str, *, deny: str | None = None) -> int:
        """Do what a user's browser does with an authUrl: consent (or, with `deny`, refuse with that text).

        Follows the redirect to the app-server's own callback and returns that last HTTP status.
        """
        if deny is not None:
            query = parse_qs(urlsplit(auth_url).query)
            refusal = {"error": "access_denied", "error_description": deny, "state": query["state"][0]}
            location = f"{query['redirect_uri'][0]}?{urlencode(refusal)}"
            return _fetch(location)[0]
        status, location = _fetch(auth_url)
        for _ in range(4):
            if status not in (301, 302, 303, 307) or not location:
                break
            status, location = _fetch(location)
        return status

    # Used by the handler.

    def attempt(self, request: Json) -> int:
        """How often this model call has come, this time included: same thread, same length of history.

        The whole body is no key: codex 0.169 sends different metadata with each attempt.
        """
        key = (str(request.get("prompt_cache_key")), len(request.get("input") or []))
        with self._lock:
            self._attempts[key] += 1
            return self._attempts[key]


def _fetch(url: str) -> tuple[int, str]:
    """GET on a loopback URL: status and Location. Errors: OSError, ValueError for any other host."""
    parts = urlsplit(url)
    if parts.hostname not in ("127.0.0.1", "localhost") or parts.port is None:
        raise ValueError(f"not a loopback URL: {parts.scheme}://{parts.netloc}")
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=HTTP_WAIT_S)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}", headers={"Host": parts.netloc})
        reply = connection.getresponse()
        reply.read()
        return reply.status, reply.getheader("Location") or ""
    finally:
        connection.close()


class _Handler(LoopbackHandler):
    @property
    def model(self) -> LoopbackModel:
        peer = self.server.peer
        assert isinstance(peer, LoopbackModel)
        return peer

    def answer(self, method: str, url: SplitResult, body: bytes) -> None:
        model = self.model
        match method, url.path:
            case "POST", "/v1/responses":
                request = orjson.loads(body)
                self._stream(plan_for(request, model.attempt(request)), str(request.get("prompt_cache_key")))
            case "GET", "/v1/models":
                self.send_json(200, {"object": "list", "data": [], "models": []})
            case "GET", "/backend-api/wham/accounts/check":
                self.send_json(model.wham_status, _accounts_check(model.plan))
            case "GET", "/backend-api/wham/usage":
                self.send_json(200, {"plan_type": model.plan, "rate_limit": None, "credits": None})
            case "GET", "/oauth/authorize":
                query = parse_qs(url.query)
                arguments = urlencode({"code": "probe-code", "state": query["state"][0]})
                self.send_whole(302, b"", Location=f"{query['redirect_uri'][0]}?{arguments}")
            case "POST", "/oauth/token":
                self._token(body)
            case "POST", "/oauth/revoke":
                self.send_json(200, {})
            case "POST", "/api/accounts/deviceauth/usercode":
                self.send_json(200, {"device_auth_id": "device-probe", "user_code": "ABCD-1234", "interval": "1"})
            case "POST", "/api/accounts/deviceauth/token" if model.device_approved:
                code = {"authorization_code": "probe-code", "code_challenge": "probe", "code_verifier": "probe"}
                self.send_json(200, code)
            case "POST", "/api/accounts/deviceauth/token":
                self.send_json(403, {"error": "authorization_pending"})
            case _:
                # wham/settings/user, turn-costs and whatever else: 404 is fine with codex 0.169.
                self.send_json(404, {"error": "not found"})

    def _token(self, body: bytes) -> None:
        model = self.model
        # codex 0.169 sends the code exchange as a form and the refresh as JSON.
        text = body.decode()
        refresh = '"refresh_token"' in text if text.startswith("{") else "grant_type=refresh_token" in text
        if refresh and model.refuse_refresh:
            self.send_json(401, {"error": {"code": "refresh_token_expired", "message": "refresh token expired"}})
            return
        token = unsigned_jwt(plan=model.plan)
        self.send_json(200, {"id_token": token, "access_token": token, "refresh_token": "refresh-probe"})

    def _stream(self, plan: Plan, thread: str) -> None:
        if plan.status != 200:
            self.send_json(plan.status, plan.body or {})
            return
        if plan.gated:
            self.wait_for_the_gate()
        response_id = self.model.response_id()
        self.begin_stream()
        pause_s = plan.pause_ms / 1000
        buffer: list[bytes] = []
        for event in plan.events:
            if pause_s and event["type"].endswith(".delta"):
                self.send_chunk(b"".join(buffer))
                buffer.clear()
                self.model.closing.wait(pause_s)
            buffer.append(server_sent(named(event, response_id)))
        self.send_chunk(b"".join(buffer))
        until = time.monotonic() + STREAM_S_MAX
        while plan.endless is not None and time.monotonic() < until and not self.model.closing.wait(pause_s):
            self.send_chunk(server_sent(plan.endless))
        if plan.cut:
            # No last chunk: the client sees a stream that broke off.
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
        else:
            self.model.keep(Answered(thread, response_id))
            self.end_stream()


def _accounts_check(plan: str) -> Json:
    account = {
        "id": ACCOUNT_ID,
        "plan_type": plan,
        "name": WORKSPACE,
        # Must be an https origin; codex 0.169 never dials it while a custom provider is used.
        "workspace_backend_origin": "https://127.0.0.1:9",
        "account_routing_override": "NO_CONSTRAINT",
    }
    return {"accounts": [account], "account_ordering": [ACCOUNT_ID], "default_account_id": ACCOUNT_ID}
