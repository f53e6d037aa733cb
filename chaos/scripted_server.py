"""The scripted app-server's answers: JSON-RPC lines in, replies out.

`handle_line` is the whole protocol: framing mistakes, the handshake, the table of methods, replies to our own requests.
Turns are performed by `scripted_player.py`, logins by `scripted_account.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson

from chaos import scripted_frames as frames
from chaos.scripted_account import Account, LoginRefused
from chaos.scripted_clock import Clock, Ids
from chaos.scripted_frames import INTERNAL, INVALID_REQUEST, Json
from chaos.scripted_history import History, Refusal, is_uuid
from chaos.scripted_loop import Loop
from chaos.scripted_player import Player
from chaos.scripted_threads import Thread, rollout_path
from chaos.scripted_turns import Answer
from chaos.scripts import ProcessScript

WITHOUT_PARAMS = frozenset({"account/logout", "account/rateLimits/read"})
"""Every other request must have the key, even when it may be empty."""
REQUIRED = {
    "initialize": ("clientInfo",),
    "account/login/cancel": ("loginId",),
    "thread/resume": ("threadId",),
    "thread/read": ("threadId",),
    "thread/turns/list": ("threadId",),
    "thread/items/list": ("threadId",),
    "turn/start": ("threadId", "input"),
    "turn/interrupt": ("threadId", "turnId"),
}
"""Fields a request is refused without, even before the handshake."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What config.toml says, as far as the stand-in cares."""

    model: str = "gpt-5.5"
    provider: str = "mock"
    approval_policy: str = "on-request"
    sandbox: str = "read-only"
    requires_openai_auth: bool = True
    stream_max_retries: int = 2


class Server:
    """One app-server process's protocol. `log` writes one line to stderr."""

    def __init__(
        self,
        home: Path,
        script: ProcessScript,
        settings: Settings,
        stdin: int,
        stdout: int,
        *,
        seed: str | None,
        clock_ms: int | None,
        log: Callable[[str], None],
    ) -> None:
        self.home, self.script, self.settings, self._log = home, script, settings, log
        self.clock = Clock(clock_ms)
        self.ids = Ids(seed, self.clock)
        self.loop = Loop(stdin, stdout, self.handle_line, ignore_stop=script.ignore_stop)
        requires = script.requires_openai_auth
        self.account = Account(
            home,
            script,
            self.loop,
            self.notify,
            self.ids,
            now_ms=self.clock(),
            requires_openai_auth=settings.requires_openai_auth if requires is None else requires,
            issuer=os.environ.get("CODEX_APP_SERVER_LOGIN_ISSUER"),
        )
        self.player = Player(self.loop, self.account, self.clock, self.ids, self.notify)
        self.history = History(home, self.notify, lambda: self.player.live)
        self._client: Json | None = None
        self._opted_out: frozenset[str] = frozenset()
        self._experimental = False
        self._after: list[Callable[[], object]] = []
        self._methods: dict[str, Callable[[Json], Json | None]] = {
            "account/read": self._account_read,
            "account/rateLimits/read": lambda _: frames.rate_limits_read(self.account.plan_type),
            "account/login/start": self._login_start,
            "account/login/cancel": self._login_cancel,
            "account/logout": self._logout,
            "server/diagnostics": self._diagnostics,
            "thread/start": self._thread_start,
            "thread/resume": self._thread_resume,
            "thread/read": self.history.read,
            "thread/list": self.history.list,
            "thread/loaded/list": self.history.loaded_list,
            "thread/turns/list": self.history.turns_list,
            "thread/items/list": self.history.items_list,
            "turn/start": self._turn_start,
            "turn/interrupt": self._turn_interrupt,
        }

    def notify(self, method: str, params: Json) -> None:
        if method not in self._opted_out:
            self.loop.send(frames.notification(method, params, self.clock()))

    def handle_line(self, line: bytes) -> None:
        """One line from the client, without its newline.

        Errors: SystemExit(0) on invalid UTF-8, which is how upstream 0.169 leaves.
        """
        try:
            line.decode()
        except UnicodeDecodeError:
            self._log("Failed reading stdin: stream did not contain valid UTF-8")
            self.player.abort_all()
            self.loop.flush()
            raise SystemExit(0) from None
        try:
            message = orjson.loads(line)
            known = isinstance(message, dict) and message.keys() & {"method", "result", "error"}
            if not known or not isinstance(message.get("id", 0), int | str):
                raise ValueError("data did not match any variant of untagged enum JSONRPCMessage")
        except ValueError as bad:
            # No reply, as upstream 0.169: one line on stderr, and the process lives.
            self._log(f"Failed to deserialize JSONRPCMessage: {bad}")
            return
        if "method" not in message:
            answer = Answer(message.get("result"), message.get("error"))
            if not self.player.answered(message.get("id"), answer):
                self._log(f"could not find callback for {message.get('id')}")
        elif "id" in message:
            self._request(message["id"], message["method"], message.get("params"))

    def _request(self, request_id: object, method: str, params: Json | None) -> None:
        try:
            result = self._dispatch(method, params)
        except Refusal as refusal:
            self._after.clear()
            self.loop.send(frames.error(request_id, refusal.code, refusal.message))
            return
        except KeyError as missing:
            self._after.clear()
            text = f"Invalid request: missing field `{missing.args[0]}`"
            self.loop.send(frames.error(request_id, INVALID_REQUEST, text))
            return
        except (TypeError, ValueError, AttributeError) as bad:
            self._after.clear()
            self.loop.send(frames.error(request_id, INVALID_REQUEST, f"Invalid request: invalid type: {bad}"))
            return
        if result is None:
            return

        def reply() -> None:
            self.loop.send(frames.response(request_id, result))
            after, self._after = self._after, []
            for action in after:
                action()

        wait_ms = self.script.initialize_delay_ms if method == "initialize" else 0
        self.loop.later(wait_ms, reply) if wait_ms else reply()

    def _dispatch(self, method: str, params: Json | None) -> Json | None:
        """The result; None when there will be no reply. Errors: Refusal, KeyError for a missing field.

        A request must be well formed before the handshake matters, as upstream 0.169.
        """
        if method != "initialize" and method not in self._methods:
            known = ", ".join(f"`{name}`" for name in ("initialize", *self._methods))
            raise Refusal(INVALID_REQUEST, f"Invalid request: unknown variant `{method}`, expected one of {known}")
        if params is None and method not in WITHOUT_PARAMS:
            raise KeyError("params")
        if not isinstance(params, dict | None):
            raise TypeError("params is no object")
        for name in REQUIRED.get(method, ()):
            if name not in (params or {}):
                raise KeyError(name)
        if method == "initialize":
            return self._initialize(params or {})
        if self._client is None:
            raise Refusal(*frames.NOT_INITIALIZED)
        return self._methods[method](params or {})

    def _initialize(self, params: Json) -> Json:
        if self._client is not None:
            raise Refusal(*frames.ALREADY_INITIALIZED)
        if self.script.initialize == "hang":
            self.loop.freeze()
        client = params["clientInfo"]
        self._client = client
        name, version = client["name"], client["version"]
        capabilities = params.get("capabilities") or {}
        self._opted_out = frozenset(capabilities.get("optOutNotificationMethods") or ())
        self._experimental = bool(capabilities.get("experimentalApi"))
        status = {"status": "disabled", "serverName": "scripted", "installationId": self.ids(), "environmentId": None}
        self._after.append(lambda: self.notify("remoteControl/status/changed", status))
        self._after.append(self.account.announce_stored)
        if self.script.initialize == "crash_after":
            self._after.append(lambda: self.player.die(self.script.exit_code))
        return {
            "userAgent": f"{name}/{frames.CLI_VERSION} (scripted; x86_64) unknown ({name}; {version})",
            "codexHome": str(self.home),
            "platformFamily": "unix",
            "platformOs": "linux",
        }

    # Account.

    def _account_read(self, _: Json) -> Json | None:
        if self.script.account_read == "hang":
            return None
        if self.script.account_read == "error":
            raise Refusal(INTERNAL, "workspace routing discovery failed")
        return self.account.read()

    def _login_start(self, params: Json) -> Json:
        try:
            reply, after = self.account.start_login(params)
        except LoginRefused as refused:
            raise Refusal(refused.code, refused.message) from refused
        self._after.append(after)
        return reply

    def _login_cancel(self, params: Json) -> Json:
        login_id = params["loginId"]
        if not is_uuid(login_id):
            raise Refusal(INVALID_REQUEST, f"invalid login id: {login_id}")
        reply, after = self.account.cancel_login(login_id)
        self._after.append(after)
        return reply

    def _logout(self, _: Json) -> Json:
        self._after.append(self.account.logout)
        return {}

    def _diagnostics(self, _: Json) -> Json:
        if not self._experimental:
            raise Refusal(INVALID_REQUEST, "server/diagnostics requires experimentalApi capability")
        gauges = [{"name": f"app.requests.{name}", "value": value} for name, value in (("in_flight", 1), ("queued", 0))]
        process = {"id": os.getpid(), "residentMemoryBytes": 0, "physicalFootprintBytes": None}
        return {"process": process, "gauges": gauges}

    # Threads and turns.

    def _thread_start(self, params: Json) -> Json:
        assert self._client is not None
        thread_id, now_ms = self.ids(), self.clock()
        thread = Thread(
            thread_id=thread_id,
            cwd=params.get("cwd") or str(Path.cwd()),
            model=params.get("model") or self.settings.model,
            provider=self.settings.provider,
            approval_policy=params.get("approvalPolicy") or self.settings.approval_policy,
            sandbox=params.get("sandbox") or self.settings.sandbox,
            created_at_s=now_ms // 1000,
            originator=self._client["name"],
            path=None if params.get("ephemeral") else rollout_path(self.home, thread_id, now_ms),
        )
        self.history.load(thread)
        self._after.append(lambda: self.notify("thread/started", {"thread": thread.as_frame()}))
        return {"thread": thread.as_frame(), **frames.thread_settings(thread)}

    def _thread_resume(self, params: Json) -> Json:
        thread, was_loaded = self.history.resume(
            params["threadId"], self.settings.approval_policy, self.settings.sandbox
        )
        if not was_loaded:
            cleared = {"threadId": thread.thread_id}
            self._after.append(lambda: self.notify("thread/goal/cleared", cleared))
        elif thread.turns:
            last, usage = thread.turns[-1].turn_id, frames.token_usage(thread.model_calls)
            params = {"threadId": thread.thread_id, "turnId": last, "tokenUsage": usage}
            self._after.append(lambda: self.notify("thread/tokenUsage/updated", params))
        frame = thread.as_frame(turns=self.history.turns_of(thread, "full"))
        settings = {"model": thread.model, "reasoning_effort": None, "developer_instructions": None}
        return {
            "thread": frame,
            **frames.thread_settings(thread, collaboration_mode={"mode": "default", "settings": settings}),
            "initialTurnsPage": None,
            "turnsBackwardsCursor": None,
            "itemsBackwardsCursor": None,
        }

    def _turn_start(self, params: Json) -> Json:
        thread = self.history.get_loaded(params["threadId"])
        prompt = "".join(part["text"] for part in params["input"] if part["type"] == "text")
        if thread.running is not None:
            # A turn/start while a turn runs steers it: same turn id, one turn/completed.
            turn_id = thread.running
            self._after.append(lambda: self.player.steer(turn_id, prompt))
        else:
            turn_id, start = self.player.start(thread, prompt, self.settings.stream_max_retries)
            self._after.append(start)
        return {"turn": frames.turn_object(turn_id)}

    def _turn_interrupt(self, params: Json) -> Json:
        self.history.get_loaded(params["threadId"])
        after = self.player.interrupt(params["turnId"])
        if after is None:
            raise Refusal(INVALID_REQUEST, "no active turn to interrupt")
        self._after.append(after)
        return {}
