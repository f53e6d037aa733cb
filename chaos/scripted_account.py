"""The scripted app-server's login: what is stored, what account/read says, the four ways in and the way out.

Reads and writes ``$CODEX_HOME/auth.json`` in the real program's form. It never dials out: a browser login succeeds
when its callback URL is fetched, a device-code login after the script's `login_delay_ms`.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import orjson

from chaos.scripted_frames import INTERNAL, INVALID_REQUEST, Json
from chaos.scripted_loop import Loop
from chaos.scripts import ProcessScript

AUTH_CLAIM = "https://api.openai.com/auth"
EXTERNAL_ACTIVE = (
    "External auth is active. Use account/login/start (chatgptAuthTokens) to update it or account/logout to clear it."
)
NOT_COMPLETED = "Login was not completed"
CANCELLED = "Login server error: Login cancelled"


class LoginRefused(Exception):
    """account/login/start is answered by this JSON-RPC error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a ChatGPT token speaks for."""

    email: str = "probe@example.test"
    user_id: str = "user-probe"
    account_id: str = "acct-probe-0001"
    plan: str = "pro"


def claims_of(token: str) -> Json:
    """The claims of an unsigned JWT. Errors: LoginRefused when it is none."""
    try:
        _, body, _ = token.split(".")
        claims = orjson.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, binascii.Error) as bad:
        raise LoginRefused(INTERNAL, "failed to set external auth: invalid ID token format") from bad
    return claims if isinstance(claims, dict) else {}


def identity_of(token: str, plan: str) -> Identity:
    """Who an unsigned JWT speaks for. Errors: LoginRefused when it is no JWT."""
    claims = claims_of(token)
    auth = claims.get(AUTH_CLAIM, {})
    default = Identity()
    return Identity(
        claims.get("email", default.email),
        auth.get("chatgpt_user_id", default.user_id),
        auth.get("chatgpt_account_id", default.account_id),
        plan,
    )


class Account:
    """The login in force and the one being made. `notify` sends a notification."""

    def __init__(
        self,
        home: Path,
        script: ProcessScript,
        loop: Loop,
        notify: Callable[[str, Json], None],
        new_id: Callable[[], str],
        *,
        now_ms: int,
        requires_openai_auth: bool,
        issuer: str | None,
    ) -> None:
        self._home, self._script, self._loop, self._notify, self._new_id = home, script, loop, notify, new_id
        self._issuer = issuer
        self.requires_openai_auth = requires_openai_auth
        self.identity = Identity(plan=script.plan)
        self.mode = self._stored_mode(now_ms / 1000)
        self.login_id: str | None = None
        self._listener: socket.socket | None = None

    def _stored_mode(self, now_s: float) -> str | None:
        if self._script.auth == "none":
            return None
        if self._script.auth != "home":
            return self._script.auth
        try:
            stored = orjson.loads((self._home / "auth.json").read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return None
        mode = stored.get("auth_mode")
        if mode == "chatgpt":
            with contextlib.suppress(LoginRefused, KeyError):
                token = stored["tokens"]["id_token"]
                self.identity = identity_of(token, self._script.plan)
                if claims_of(token).get("exp", now_s) < now_s:
                    # Upstream tries to refresh it first; this stand-in dials nobody, so it stays expired.
                    return "expired"
        return str(mode) if mode else None

    def announce_stored(self) -> None:
        """Stored ChatGPT (or unknown) credentials are told unasked; API keys and no login are not."""
        silent = self.mode in (None, "apikey", "expired")
        if not silent and self._script.auth_callback:
            self._loop.later(self._script.auth_callback_delay_ms, self._announce)

    @property
    def plan_type(self) -> str | None:
        return self.identity.plan if self.mode in ("chatgpt", "chatgptAuthTokens") else None

    def _announce(self) -> None:
        self._notify("account/updated", {"authMode": self.mode, "planType": self.plan_type})

    def read(self) -> Json:
        account: Json | None = None
        if self.mode == "apikey":
            account = {"type": "apiKey"}
        elif self.mode in ("chatgpt", "chatgptAuthTokens"):
            account = {"type": "chatgpt", "email": self.identity.email, "planType": self.identity.plan}
            account["workspaceName"] = "Probe WS"
        elif self.mode not in (None, "expired"):
            account = {"type": self.mode}
        routed = account is not None and account["type"] == "chatgpt"
        return {
            "account": account,
            "userId": self.identity.user_id if routed else None,
            "requiresOpenaiAuth": self.requires_openai_auth,
            "workspaceRouting": {
                "chatgptAccountId": self.identity.account_id,
                "backendOrigin": "https://127.0.0.1:9",
                "accountRoutingOverride": "NO_CONSTRAINT",
            }
            if routed
            else None,
        }

    def start_login(self, params: Json) -> tuple[Json, Callable[[], None]]:
        """The reply to account/login/start and what to do after it was sent.

        Errors: LoginRefused.
        """
        kind = params.get("type")
        if kind == "chatgptAuthTokens":
            identity = identity_of(params["accessToken"], params.get("chatgptPlanType") or self._script.plan)
            return {"type": kind}, lambda: self._finish(None, "chatgptAuthTokens", identity)
        if self.mode == "chatgptAuthTokens":
            raise LoginRefused(INVALID_REQUEST, EXTERNAL_ACTIVE)
        if kind == "apiKey":
            # The key is not verified, and not kept here either.
            _ = params["apiKey"]
            return {"type": kind}, lambda: self._finish(None, "apikey", self.identity)
        if kind not in ("chatgpt", "chatgptDeviceCode"):
            known = "`apiKey`, `chatgpt`, `chatgptDeviceCode`, `chatgptAuthTokens`"
            raise LoginRefused(INVALID_REQUEST, f"Invalid request: unknown variant `{kind}`, expected one of {known}")
        if self.login_id is not None:
            # The fixed port is taken over: the login that was open ends unasked.
            self._fail(self.login_id, CANCELLED)
        login_id = self.login_id = self._new_id()
        if kind == "chatgpt":
            return {"type": kind, "loginId": login_id, "authUrl": self._listen()}, lambda: None
        base = self._issuer or "http://127.0.0.1:9"
        reply = {"type": kind, "loginId": login_id, "verificationUrl": f"{base}/codex/device"}
        delay_ms = self._script.login_delay_ms
        return reply | {"userCode": "ABCD-1234"}, lambda: self._loop.later(delay_ms, lambda: self._device(login_id))

    def _device(self, login_id: str) -> None:
        if self.login_id == login_id:
            self._finish(login_id, "chatgpt", self.identity)

    def cancel_login(self, login_id: object) -> tuple[Json, Callable[[], None]]:
        if login_id is None or login_id != self.login_id:
            return {"status": "notFound"}, lambda: None
        # A browser login says so with the prefix of its callback server, a device code without.
        message = NOT_COMPLETED if self._listener is None else f"Login server error: {NOT_COMPLETED}"
        return {"status": "canceled"}, lambda: self._fail(str(login_id), message)

    def logout(self) -> None:
        self.mode = None
        (self._home / "auth.json").unlink(missing_ok=True)
        self._notify("account/updated", {"authMode": None, "planType": None})

    def refreshed(self, result: object) -> None:
        """New external tokens came; no account/updated follows, even when the plan changed."""
        if isinstance(result, dict) and result.get("chatgptPlanType"):
            self.identity = Identity(plan=str(result["chatgptPlanType"]))

    def _finish(self, login_id: str | None, mode: str, identity: Identity) -> None:
        script = self._script
        if script.login == "never":
            return
        if script.login == "fail":
            self._fail(login_id, "Login server error: Sign-in failed: scripted failure")
            return
        self._close_login()
        self.mode, self.identity = mode, identity
        if mode in ("apikey", "chatgpt"):
            self._store(mode)
        self._completed(login_id, None)
        if script.login != "no_update":
            self._announce()

    def _fail(self, login_id: str | None, message: str) -> None:
        self._close_login()
        self._completed(login_id, message)

    def _completed(self, login_id: str | None, message: str | None) -> None:
        params = {"loginId": login_id, "success": message is None, "error": message, "onboardingEntrypoint": None}
        self._notify("account/login/completed", params)

    def _store(self, mode: str) -> None:
        stored: Json = {"auth_mode": mode, "OPENAI_API_KEY": "sk-scripted" if mode == "apikey" else None}
        fd = os.open(self._home / "auth.json", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(fd, orjson.dumps(stored))
        finally:
            os.close(fd)

    def _listen(self) -> str:
        self._listener = listener = socket.create_server(("127.0.0.1", 0))
        self._loop.watch(listener, self._serve_callback)
        own = f"http://127.0.0.1:{listener.getsockname()[1]}"
        query = {"response_type": "code", "redirect_uri": f"{own}/auth/callback", "state": self._new_id()}
        return f"{self._issuer or own}/oauth/authorize?{urlencode(query)}"

    def _serve_callback(self) -> None:
        assert self._listener is not None
        login_id = self.login_id
        connection, _ = self._listener.accept()
        with connection:
            connection.settimeout(1.0)
            target = connection.recv(65536).split(b" ", 2)[1].decode()
            url = urlsplit(target)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            if url.path == "/oauth/authorize":
                # Without an issuer we are our own: consent is given at once.
                location = f"{query['redirect_uri']}?{urlencode({'code': 'scripted', 'state': query['state']})}"
                connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())
                return
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        if "error" in query:
            reason = query.get("error_description", query["error"])
            self._fail(login_id, f"Login server error: Sign-in failed: {reason}")
        else:
            self._finish(login_id, "chatgpt", self.identity)

    def _close_login(self) -> None:
        self.login_id = None
        if self._listener is not None:
            self._loop.unwatch(self._listener)
            self._listener.close()
            self._listener = None
