"""The `login` and `logout` verbs, and the two recoveries that are one command each.

Secrets come from standard input and go to the runtime; they are never an argument, which every process may read.
"""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import orjson

from hybrid_capture.client import RendererClient, Unanswered, attach, new_id
from hybrid_capture.console import Screen
from hybrid_capture.inbox import GONE, SIGNAL, Inbox, signals_to
from hybrid_capture.problems import DONE, INTERRUPTED, NO_RUNTIME, TIMED_OUT, USAGE, Problem, result_of

How = Literal["browser", "device", "api_key", "tokens"]
KINDS = {"browser": "chatgpt", "device": "chatgptDeviceCode", "api_key": "apiKey", "tokens": "chatgptAuthTokens"}
SECRET_CHARS_MAX = 16_384
LOGIN_S = 600.0
CANCEL_S = 10.0


def log_in(folder: Path, how: How, screen: Screen, timeout_s: float = LOGIN_S) -> int:
    """Log in and wait until the account proves it. Errors: NotRunning, Problem."""
    body: dict[str, Any] = {"command": "startLogin", "commandId": new_id(), "kind": KINDS[how]}
    if how in ("api_key", "tokens"):
        body |= secret_from(sys.stdin.read(SECRET_CHARS_MAX + 1), how)
    inbox = Inbox()
    client = attach(folder, inbox.put)
    client.on_link(inbox.heard_link)
    with signals_to(inbox, "SIGINT", "SIGTERM"), client:
        result_of(client.ask(body))
        return _wait(client, inbox, body["commandId"], screen, timeout_s)


def _wait(client: RendererClient, inbox: Inbox, key: str, screen: Screen, timeout_s: float) -> int:
    deadline = time.monotonic() + timeout_s
    while (event := inbox.next(deadline - time.monotonic())) is not None:
        if event == SIGNAL:
            _cancel(client)
            raise Problem("INTERRUPTED", "the login was given up", INTERRUPTED)
        if event == GONE:
            raise Problem("RUNTIME_GONE", "the runtime ended before the login did: start it and try again", NO_RUNTIME)
        if event.get("commandId") != key:
            continue
        if event["event"] == "commandProgress":
            _show(event["result"], screen)
        elif event["event"] == "commandDone":
            result = result_of(event)
            screen.record({"event": "loggedIn", "state": result.get("state")})
            screen.say("logged in", "green")
            return DONE
    _cancel(client)
    raise Problem("TIMED_OUT", f"the login was not completed within {timeout_s:g} s and was given up", TIMED_OUT)


def _show(result: dict[str, Any], screen: Screen) -> None:
    """The address, complete: it is for the one who asked."""
    code = {"userCode": result["userCode"]} if "userCode" in result else {}
    screen.record({"event": "visit", "url": result.get("url"), **code})
    screen.say("Open this address to log in:")
    screen.say(str(result.get("url")))
    if code:
        screen.say(f"and type this code: {code['userCode']}", "bold")


def _cancel(client: RendererClient) -> None:
    with suppress(Unanswered):
        client.do({"command": "cancelLogin"}, CANCEL_S)


def secret_from(text: str, how: How) -> dict[str, str]:
    """What standard input says: an API key, or JSON with `accessToken` and `accountId`. Errors: Problem."""
    text = text.strip()
    if not text:
        raise Problem("NO_SECRET", "nothing came on standard input: pipe the secret in, `... < FILE`", USAGE)
    if len(text) > SECRET_CHARS_MAX:
        raise Problem("NO_SECRET", f"the secret is longer than {SECRET_CHARS_MAX:,} characters", USAGE)
    if how == "api_key":
        return {"secret": text}
    with suppress(orjson.JSONDecodeError):
        told = orjson.loads(text)
        if isinstance(told, dict):
            token, account = told.get("accessToken"), told.get("accountId")
            if isinstance(token, str) and isinstance(account, str) and token and account:
                return {"secret": token, "accountId": account}
    raise Problem("NO_SECRET", 'standard input must be {"accessToken": "...", "accountId": "..."}', USAGE)


def command(folder: Path, name: Literal["logout", "retryAuth", "restartSidecar"], screen: Screen) -> int:
    """One command that needs nothing, done. Errors: NotRunning, Unanswered, Problem."""
    with attach(folder) as client:
        done = client.do({"command": name})
    result_of(done)
    screen.record({"done": name, "text": done.get("text", "")})
    screen.say(done.get("text") or f"{name}: done")
    return DONE
