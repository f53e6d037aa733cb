"""The demo: the main job on a real tree, told as a story with its measured milliseconds. Offline, in seconds.

Each step is a promise; one that is not kept ends the demo with exit code 1 and says which. The app-server is the
scripted one, or (`--real`) the installed codex with the loopback model as its only peer.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil

from actors import lifeline
from chaos.codex_home import write_codex_home
from chaos.loopback_model import LoopbackModel
from chaos.scripted import write_executable
from chaos.scripts import PLANTED_SECRETS
from hybrid_capture.codex_binary import codex_version, resolve_codex
from hybrid_capture.console import Screen, plain
from hybrid_capture.problems import DONE, WRONG
from hybrid_capture.runtime import CaptureRuntime, Event, NotStarted, Subscription
from hybrid_capture.settings import Settings
from storage.reader import Reader

SECRET = PLANTED_SECRETS["github-token"]
START_S = 60.0
"""The first start after an installation compiles all that it imports, and the machine may have other work."""
ACTIVE_S = 30.0
TURN_S = 20.0
NOTICED_S = 5.0
"""The plan's own promise: a lost stream shows within this."""
ASKS_MAX = 10
"""So often a status is asked for its ledger; each waits a second for it."""
NOWHERE = "http://127.0.0.1:9"
"""The scripted server dials nobody; its CODEX_HOME needs an address all the same."""


class Broken(Exception):
    """A promise was not kept; the text says which."""


def show(*, real: bool, codex: Path | None, state_dir: Path | None, screen: Screen) -> int:
    """Play the demo; the exit code is 0 when every promise was kept.

    Errors: CodexNotFound with `real`; NotStarted, which names a log: the folder that holds it stays.
    """
    binary = resolve_codex(codex, env_path=os.environ.get("PATH", "")) if real else None
    base = Path(tempfile.mkdtemp(prefix="hc-demo-"))
    demo = Demo(screen, base, state_dir.absolute() if state_dir else base / "state", binary)
    broken, kept = "", False
    try:
        demo.play()
    except Broken as promise:
        broken = str(promise)
        screen.say(f"BROKEN PROMISE: {broken}", "bold red")
    except NotStarted:
        kept = state_dir is None
        raise
    finally:
        if not kept:
            shutil.rmtree(base, ignore_errors=True)
    screen.record({"ok": not broken, "broken": broken or None, **demo.measured})
    if state_dir is not None:
        screen.say(f"look at it: hybrid-capture sessions list --state-dir {state_dir}", "dim")
    return WRONG if broken else DONE


class Listener:
    """What the runtime tells, with the moment it was heard."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._heard: list[tuple[float, Event]] = []

    def hear(self, event: Event) -> None:
        with self._changed:
            self._heard.append((time.monotonic(), event))
            self._changed.notify_all()

    def now(self) -> int:
        """A place in what was heard: wait for what comes after it."""
        return len(self._heard)

    def after(self, place: int, until: float) -> Iterator[tuple[float, Event]]:
        """What is heard after `place`, each with its moment, until a moment on the monotonic clock."""
        while True:
            with self._changed:
                while len(self._heard) <= place:
                    if not self._changed.wait(max(until - time.monotonic(), 0)):
                        return
                heard = self._heard[place]
            place += 1
            yield heard

    def wait(self, place: int, fits: Callable[[Event], bool], what: str, wait_s: float) -> tuple[float, Event]:
        """The first event that fits. Errors: Broken, which names what did not come."""
        for at, event in self.after(place, time.monotonic() + wait_s):
            if fits(event):
                return at, event
        raise Broken(f"{what} did not come within {wait_s:g} s")


class Demo:
    """One telling of the story. `measured` fills up on the way."""

    def __init__(self, screen: Screen, base: Path, state: Path, codex: Path | None) -> None:
        self._screen = screen
        self._base = base
        self._state = state
        self._codex = codex
        self._listener = Listener()
        self._sessions: list[str] = []
        self.measured: dict[str, Any] = {"server": "real" if codex else "scripted", "turns": []}

    def play(self) -> None:
        """The whole story. Errors: Broken."""
        began = time.monotonic()
        with ExitStack() as stack:
            settings = self._prepare(stack)
            runtime = CaptureRuntime(settings)
            subscription: Subscription = runtime.subscribe(self._listener.hear, live=True)
            stack.callback(subscription.close)
            try:
                self._start(runtime)
                self._turn(runtime, "Say hello.", "a plain turn")
                self._turn(runtime, f"SCN:shell:approve deploy, token={SECRET}", "a turn that asks for approval")
                self._kill(runtime)
                self._turn(runtime, "Say hello again.", "a turn after the crash")
                self._books(runtime)
            finally:
                self._stop(runtime)
        self._stored()
        self.measured["total_ms"] = round((time.monotonic() - began) * 1000)
        self._screen.say(f"Every promise was kept, in {self.measured['total_ms'] / 1000:.1f} s.", "bold green")

    def _prepare(self, stack: ExitStack) -> Settings:
        home, work = self._base / "codex-home", self._base / "work"
        work.mkdir()
        if self._codex is None:
            # A ChatGPT login as codex stores it, with unsigned tokens.
            write_codex_home(home, NOWHERE)
            codex, environment = write_executable(self._base / "codex"), {"HOME": str(home)}
            self._screen.say("A scripted app-server plays codex: no network, no account.", "dim")
        else:
            model = stack.enter_context(LoopbackModel())
            stack.callback(self._check_leaks, model)
            model.write_codex_home(home)
            codex, environment = self._codex, model.codex_env(home)
            self.measured["codex_version"] = codex_version(codex)
            self._screen.say(f"codex {self.measured['codex_version']} with a model on this machine: offline.", "dim")
        return Settings(
            watch_codex=False,
            watch_claude=False,
            state_dir=self._state, database=None, codex=codex, codex_home=home, codex_environment=environment, cwd=work,
            auth_mode="chatgpt", streaming=True, kill_switch=False,
        )  # fmt: skip

    def _start(self, runtime: CaptureRuntime) -> None:
        self._heading("Start")
        began = time.monotonic()
        place = self._listener.now()
        runtime.start(START_S)
        self._tell(began, "the actors answer", "start_ms")
        modes = self.measured["modes"] = []
        for at, event in self._listener.after(place, time.monotonic() + ACTIVE_S):
            mode = event.get("status", {}).get("mode")
            if mode is None or (modes and modes[-1]["mode"] == mode):
                continue
            modes.append({"mode": mode, "ms": _ms(began, at)})
            self._say(modes[-1]["ms"], f"{mode}: {event['status']['mode_reason']}")
            if mode == "HYBRID_ACTIVE":
                self.measured["hybrid_active_ms"] = modes[-1]["ms"]
                return
        raise Broken(f"HYBRID_ACTIVE was not reached within {ACTIVE_S:g} s")

    def _turn(self, runtime: CaptureRuntime, prompt: str, what: str) -> None:
        self._heading(what.capitalize())
        place = self._listener.now()
        session = self._do(runtime, {"command": "startThread", "cwd": str(self._base / "work")})["threadId"]
        began = time.monotonic()
        turn = self._do(runtime, {"command": "startTurn", "threadId": session, "text": prompt})["turnId"]
        asked = 0
        for at, event in self._listener.after(place, began + TURN_S):
            if event.get("turnId") != turn:
                continue
            if event["event"] == "live":
                self._say(_ms(began, at), f"live: {event['text'].strip()}")
            elif event["event"] == "approvalRequested":
                asked += 1
                self._say(_ms(began, at), f"asks: {_short(event['summary'])}")
                self._do(runtime, {"command": "submitApproval", "token": event["token"], "decision": "accept"})
                self._tell(began, "accepted")
            elif event["event"] == "turnStored":
                ms = _ms(began, at)
                self._say(ms, f"stored: {event['items']} items, {event['status']}")
                self._check_turn(session, turn, event["status"], asked, prompt)
                about = {"session_id": session, "turn_id": turn, "status": event["status"], "items": event["items"]}
                self.measured["turns"].append({"what": what, **about, "approvals": asked, "stored_ms": ms})
                self._sessions.append(session)
                return
        raise Broken(f"{what} was not stored within {TURN_S:g} s")

    def _check_turn(self, session: str, turn: str, status: str, asked: int, prompt: str) -> None:
        if status != "completed":
            raise Broken(f"the turn ended as {status}")
        items = {item["type"]: item for item in self._stored_turn(session, turn)["items"]}
        wanted = {"userMessage", "agentMessage"} | ({"commandExecution"} if "approve" in prompt else set())
        if wanted - set(items):
            raise Broken(f"these items are not stored: {', '.join(sorted(wanted - set(items)))}")
        if "commandExecution" in wanted and (asked != 1 or items["commandExecution"]["status"] != "completed"):
            raise Broken("the approved command was not asked for once and stored as completed")
        if SECRET in prompt:
            text = items["userMessage"]["text"]
            if SECRET in text or "[REDACTED:" not in text:
                raise Broken("the planted secret is not redacted in its stored row")
            self.measured["redacted_row"] = text
            self._screen.say(f"           as stored: {text}")

    def _kill(self, runtime: CaptureRuntime) -> None:
        pid = runtime.status()["sidecar"]["pid"]
        self._heading(f"kill -9 {pid}, the app-server")
        place = self._listener.now()
        began = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        at, event = self._listener.wait(place, _is("DEGRADED_STREAMING"), "DEGRADED_STREAMING", NOTICED_S)
        noticed = _ms(began, at)
        self._say(noticed, f"DEGRADED_STREAMING: {_short(plain(event['status']['mode_reason']))}")
        at, event = self._listener.wait(place, _is("HYBRID_ACTIVE"), "HYBRID_ACTIVE after the kill", ACTIVE_S)
        active = _ms(began, at)
        new = event["status"]["sidecar"]
        self._say(active, f"HYBRID_ACTIVE again, with no help: generation {new['generation']}, pid {new['pid']}")
        if new["pid"] == pid or new["generation"] < 2:
            raise Broken("the app-server is not a new process")
        self.measured["kill"] = {"degraded_ms": noticed, "hybrid_active_ms": active, "generation": new["generation"]}

    def _books(self, runtime: CaptureRuntime) -> None:
        self._heading("The ledger")
        for _ in range(ASKS_MAX):  # on a busy machine ingest may be too slow for a status, which then has no ledger
            ledger = self.measured["ledger"] = runtime.status()["ledger"]
            if "missing" not in ledger:
                break
        if not ledger.get("balanced"):
            raise Broken(f"the ledger does not balance: {ledger}")
        counts = ", ".join(f"{count} {name}" for name, count in sorted(ledger["dispositions"].items()))
        self._screen.say(f"           {ledger['received']} frames = {counts}, {ledger['staged']} staged: balanced")

    def _stop(self, runtime: CaptureRuntime) -> None:
        below: list[psutil.Process] = []
        with contextlib.suppress(psutil.Error):
            pid = runtime.pids.get("root")
            root = [] if pid is None else [psutil.Process(pid)]
            below = [*root, *(each for process in root for each in process.children(recursive=True))]
        self.measured["processes"] = len(below)
        began = time.monotonic()
        runtime.stop("the demo is over")
        self.measured["stop_ms"] = _ms(began, time.monotonic())
        left = [each.pid for each in below if lifeline.lives(each)]
        self.measured["processes_left"] = len(left)
        if left:
            raise Broken(f"processes are left over: {left}")

    def _stored(self) -> None:
        """After the stop: what is in the file, once, and what is not."""
        self._heading("What is stored")
        seen: list[tuple[str, str, str]] = []
        with Reader(self._state / "capture.sqlite3") as reader:
            for session_id in self._sessions:
                session = reader.session(session_id, bodies=False)
                assert session is not None
                for turn in session["turns"]:
                    self._screen.say(f"  session {session_id}  {turn['status']}", "bold")
                    for item in turn["items"]:
                        seen.append((session_id, turn["turn_id"], item["item_id"]))
                        state = f" ({item['status']})" if item["status"] else ""
                        self._screen.say(f"    {item['type']}{state}: {_short(item['text'])}")
        if len(seen) != len(set(seen)):
            raise Broken("an item is stored twice")
        for place in self._state.rglob("*"):
            if place.is_file() and SECRET.encode() in place.read_bytes():
                raise Broken(f"the planted secret is in {place}")
        self.measured["items"] = len(seen)
        self._screen.say(
            f"  {len(seen)} items, each one row under a unique key: frames that come again change nothing."
        )
        self._screen.say("  The planted secret is in no file of the state folder; no process is left.")

    # Small words.

    def _do(self, runtime: CaptureRuntime, body: dict[str, Any]) -> dict[str, Any]:
        done = runtime.do(body)
        if not done.get("ok"):
            raise Broken(f"{body['command']} failed: {done.get('text')}")
        result: dict[str, Any] = done["result"]
        return result

    def _stored_turn(self, session_id: str, turn_id: str) -> dict[str, Any]:
        with Reader(self._state / "capture.sqlite3") as reader:
            session = reader.session(session_id, bodies=False)
        for turn in session["turns"] if session else ():
            if turn["turn_id"] == turn_id:
                found: dict[str, Any] = turn
                return found
        raise Broken(f"the turn {turn_id} was announced as stored and is not in the database")

    def _check_leaks(self, model: LoopbackModel) -> None:
        self.measured["other_hosts_asked"] = len(model.leaks)
        if model.leaks:
            raise Broken(f"codex asked other hosts: {sorted({each.path for each in model.leaks})}")

    def _heading(self, text: str) -> None:
        self._screen.say(text, "bold")

    def _tell(self, began: float, text: str, name: str = "") -> None:
        ms = _ms(began, time.monotonic())
        if name:
            self.measured[name] = ms
        self._say(ms, text)

    def _say(self, ms: int, text: str) -> None:
        self._screen.say(f"  {ms:>5} ms  {text}")


def _is(mode: str) -> Callable[[Event], bool]:
    return lambda event: event.get("status", {}).get("mode") == mode


def _ms(began: float, at: float) -> int:
    return round((at - began) * 1000)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else f"{line[:99]}…"
