"""Recordings of a conversation with an app-server, real or scripted: one JSON line per message.

    {"t": 0.1569, "dir": "in", "line": {...}}        in = from the app-server, out = to it
    {"t": 0.2, "dir": "in", "line": {"_raw": "..."}}  a line that is no JSON

`python -m chaos.recorder --codex PATH --out FOLDER [name …]` makes the project's own fixtures with a loopback model.
Every token in them is fake, and paths of this machine are replaced by neutral ones.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from chaos.client import Client, Line
from chaos.codex_home import ACCOUNT_ID, Auth, unsigned_jwt
from chaos.loopback_model import LoopbackModel

Json = dict[str, Any]


def record_lines(lines: Iterable[Line], neutral: Mapping[str, str]) -> bytes:
    """The recording of these lines; each key of `neutral` is replaced by its value wherever it occurs."""
    out = []
    for line in lines:
        message = line.message if not isinstance(line.message, bytes) else {"_raw": line.message.decode("latin-1")}
        text = orjson.dumps({"t": round(line.t_s, 5), "dir": line.dir, "line": message}).decode()
        for own, other in neutral.items():
            text = text.replace(own, other)
        out.append(text + "\n")
    return "".join(out).encode()


def read_recording(path: Path) -> list[Line]:
    """The lines of a recording. Errors: OSError, orjson.JSONDecodeError."""
    lines = []
    for raw in path.read_bytes().splitlines():
        entry = orjson.loads(raw)
        message = entry["line"]
        if isinstance(message, dict) and "_raw" in message:
            message = message["_raw"].encode("latin-1")
        lines.append(Line(entry["t"], entry["dir"], message))
    return lines


def plain(client: Client, workspace: Path, _: LoopbackModel) -> None:
    thread_id = client.start_thread(workspace)
    client.turn(thread_id, "SCN:plain hello")
    client.turn(thread_id, "SCN:reasoning think")
    client.request("thread/items/list", {"threadId": thread_id})
    client.request("thread/turns/list", {"threadId": thread_id, "itemsView": "full"})
    client.request("thread/list", {})


def long(client: Client, workspace: Path, _: LoopbackModel) -> None:
    client.turn(client.start_thread(workspace), "SCN:long:200 go")


def shell_approve(client: Client, workspace: Path, _: LoopbackModel) -> None:
    thread_id = client.start_thread(workspace)
    for decision in ("accept", "decline", "cancel"):
        turn_id = client.start_turn(thread_id, f"SCN:shell:approve {decision}")
        asked = client.wait_method("item/commandExecution/requestApproval")
        client.answer(asked["id"], {"decision": decision})
        client.turn_completed(turn_id)
    client.turn(thread_id, "SCN:shell:fail run")


def patch_approve(client: Client, workspace: Path, _: LoopbackModel) -> None:
    thread_id = client.start_thread(workspace)
    for decision in ("decline", "cancel", "accept"):
        turn_id = client.start_turn(thread_id, f"SCN:patch:approve {decision}")
        asked = client.wait_method("item/fileChange/requestApproval")
        client.answer(asked["id"], {"decision": decision})
        client.turn_completed(turn_id)


def interrupt(client: Client, workspace: Path, _: LoopbackModel) -> None:
    thread_id = client.start_thread(workspace)
    turn_id = client.start_turn(thread_id, "SCN:interrupt")
    client.wait_method("item/agentMessage/delta")
    client.request("turn/interrupt", {"threadId": thread_id, "turnId": turn_id})
    client.turn_completed(turn_id)
    client.request("thread/turns/list", {"threadId": thread_id, "itemsView": "full"})


def retry(client: Client, workspace: Path, _: LoopbackModel) -> None:
    thread_id = client.start_thread(workspace)
    for prompt in ("SCN:retry", "SCN:cut", "SCN:fail:500", "SCN:fail:429"):
        client.turn(thread_id, prompt)


def steer(client: Client, workspace: Path, _: LoopbackModel) -> None:
    thread_id = client.start_thread(workspace)
    turn_id = client.start_turn(thread_id, "SCN:interrupt")
    client.wait_method("item/agentMessage/delta")
    client.start_turn(thread_id, "SCN:plain now this")
    client.turn_completed(turn_id)


def auth_apikey(client: Client, _: Path, __: LoopbackModel) -> None:
    read: Json = {"refreshToken": False}
    client.request("account/read", read)
    client.request("account/login/start", {"type": "apiKey", "apiKey": "sk-" + "probe-not-a-real-key"})
    client.wait_method("account/updated")
    client.request("account/read", read)
    client.request("account/logout")
    client.wait_method("account/updated")
    client.request("account/read", read)


def auth_tokens(client: Client, workspace: Path, _: LoopbackModel) -> None:
    tokens = {"accessToken": unsigned_jwt(), "chatgptAccountId": ACCOUNT_ID, "chatgptPlanType": "pro"}
    client.request("account/login/start", {"type": "chatgptAuthTokens", **tokens})
    client.wait_method("account/updated")
    client.request("account/read", {"refreshToken": False})
    turn_id = client.start_turn(client.start_thread(workspace), "SCN:refresh")
    asked = client.wait_method("account/chatgptAuthTokens/refresh")
    client.answer(asked["id"], tokens)
    client.turn_completed(turn_id)


def auth_browser(client: Client, _: Path, model: LoopbackModel) -> None:
    started = client.request("account/login/start", {"type": "chatgpt"})
    client.request("account/login/cancel", {"loginId": started["loginId"]})
    client.wait_method("account/login/completed")
    started = client.request("account/login/start", {"type": "chatgpt"})
    model.complete_browser_login(started["authUrl"], deny="user said no")
    client.wait_method("account/login/completed")
    started = client.request("account/login/start", {"type": "chatgpt"})
    model.complete_browser_login(started["authUrl"])
    client.wait_method("account/updated")
    client.request("account/read", {"refreshToken": False})


def auth_device(client: Client, _: Path, __: LoopbackModel) -> None:
    client.request("account/login/start", {"type": "chatgptDeviceCode"})
    client.wait_method("account/updated")
    client.request("account/read", {"refreshToken": False})


RECORDINGS: dict[str, Callable[[Client, Path, LoopbackModel], None]] = {
    "plain": plain,
    "long": long,
    "shell_approve": shell_approve,
    "patch_approve": patch_approve,
    "interrupt": interrupt,
    "retry": retry,
    "steer": steer,
    "auth_apikey": auth_apikey,
    "auth_tokens": auth_tokens,
    "auth_browser": auth_browser,
    "auth_device": auth_device,
}


def record(codex: Path, name: str, out: Path) -> Path:
    """Make one recording as `<out>/<name>.jsonl` and return that path. Takes 1 to 10 s.

    Errors: KeyError for an unknown name; TimeoutError, EOFError when the app-server does not play along.
    """
    with tempfile.TemporaryDirectory() as temporary, LoopbackModel() as model:
        folder = Path(temporary).resolve()
        workspace = folder / "workspace"
        workspace.mkdir()
        auth: Auth = "none" if name.startswith("auth_") else "chatgpt"
        home = model.write_codex_home(folder / "codex-home", auth=auth, stream_max_retries=2)
        with Client([codex, "app-server", "--strict-config"], model.codex_env(home)) as client:
            client.initialize()
            if auth == "chatgpt":
                client.wait_method("account/updated")
            RECORDINGS[name](client, workspace, model)
            client.end()
        if model.leaks:
            raise RuntimeError(f"requests left the loopback model: {model.leaks}")
        port = model.url.rpartition(":")[2]
        neutral = {str(folder): "/home/user", f"127.0.0.1:{port}": "127.0.0.1:18080"}
        for each in client.notifications("remoteControl/status/changed"):
            neutral[f'"serverName":"{each["params"]["serverName"]}"'] = '"serverName":"host"'
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{name}.jsonl"
    path.write_bytes(record_lines(client.lines, neutral))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m chaos.recorder", description="Record the project's codex fixtures."
    )
    parser.add_argument("--codex", type=Path, required=True, help="native codex binary, or a scripted one")
    parser.add_argument("--out", type=Path, required=True, help="folder for the recordings")
    parser.add_argument("names", nargs="*", help=f"which ones (default all): {', '.join(RECORDINGS)}")
    options = parser.parse_args()
    for name in options.names or RECORDINGS:
        path = record(options.codex.absolute(), name, options.out)
        sys.stdout.buffer.write(f"{path}\n".encode())


if __name__ == "__main__":
    main()
