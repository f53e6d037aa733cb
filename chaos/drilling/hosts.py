"""Faults of the host itself. The drill's own process is a host too, so these play on another: `hybrid-capture run`."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from chaos.drilling.completed import STORED, Item, completed_in
from chaos.drilling.phases import now_ms
from chaos.drilling.stage import alive, named
from chaos.drilling.telemetry import Sender
from hybrid_capture.client import RendererClient, Unanswered, attach
from hybrid_capture.settings import Settings
from hybrid_capture.statefolder import NotRunning

WAIT_S = 120.0
"""A whole host starts within this on a machine that many share; how long it really took is measured."""
GONE_S = 15.0
"""A dead host's processes that still are alive then will stay. How long it really took is measured."""
SETTLE_S = 60.0
LOOK_S = 0.01


class Promise(Exception):
    """Something that was promised did not happen; the text names it."""


@contextmanager
def running(settings: Settings, state_dir: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A host in its own process on the stage's app-server, and its end."""
    words = [sys.executable, "-m", "hybrid_capture", "run", "--json", "--state-dir", str(state_dir)]
    words += ["--codex", str(settings.codex), "--codex-home", str(_home(settings, state_dir))]
    words += ["--cwd", str(settings.cwd)]
    state_dir.parent.mkdir(parents=True, exist_ok=True)
    with (state_dir.parent / "host.log").open("ab") as log:
        host = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=_environment(settings, state_dir)
        )
    try:
        yield host
    finally:
        if host.poll() is None:
            host.send_signal(signal.SIGCONT)
            host.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                host.wait(WAIT_S)
        if host.poll() is None:
            host.kill()
            host.wait()


def _environment(settings: Settings, state_dir: Path) -> dict[str, str]:
    """The host follows nobody's own files, takes no port that somebody may want, and its codex stays offline."""
    alone = {"HYBRID_CAPTURE_WATCH_CODEX": "false", "HYBRID_CAPTURE_WATCH_CLAUDE": "false"}
    given = settings.codex_environment
    moved = {name: str(_home(settings, state_dir)) for name in ("HOME", "CODEX_HOME") if name in given}
    return {**os.environ, **(given | moved), **alone, "HYBRID_CAPTURE_OTLP_PORT": "0"}


def _home(settings: Settings, state_dir: Path) -> Path:
    """A CODEX_HOME of the host's own, set up like the stage's: what one captures is not the other's to capture."""
    home = state_dir.parent / "home"
    if not home.exists():
        home.mkdir(parents=True)
        for name in ("config.toml", "auth.json"):
            source = Path(settings.codex_home or "", name)
            if source.exists():
                shutil.copy2(source, home / name)
    return home


def _all_stored(settings: Settings, state_dir: Path) -> None:
    """What the app-server completed under either host is in the store, after a while. Errors: Promise."""
    end = time.monotonic() + SETTLE_S
    while missing := completed_in(_home(settings, state_dir)) - _stored(state_dir):
        if time.monotonic() > end:
            raise Promise(f"{len(missing)} completed items are not stored")
        time.sleep(LOOK_S * 10)


def _stored(state_dir: Path) -> set[Item]:
    with contextlib.closing(sqlite3.connect(f"file:{state_dir / 'capture.sqlite3'}?mode=ro", uri=True)) as connection:
        return {(session, turn, item) for session, turn, item in connection.execute(STORED)}


@contextmanager
def until_active(state_dir: Path) -> Iterator[RendererClient]:
    """A client of the host, as soon as it tells HYBRID_ACTIVE. Errors: Promise."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        with contextlib.suppress(NotRunning, Unanswered), attach(state_dir) as client:
            while time.monotonic() < end:
                if client.ask({"command": "getStatus"}, WAIT_S)["status"]["mode"] == "HYBRID_ACTIVE":
                    break
                time.sleep(LOOK_S)
            else:
                break
            yield client
            return
        time.sleep(LOOK_S)
    raise Promise(f"HYBRID_ACTIVE was not reached within {WAIT_S:g} s")


def turn(client: RendererClient) -> None:
    """A turn through the host. Errors: Promise."""
    thread = client.do({"command": "startThread"}, WAIT_S)["result"]["threadId"]
    done = client.do({"command": "startTurn", "threadId": thread, "text": "SCN:plain by a host"}, WAIT_S)
    if not done.get("ok"):
        raise Promise("a turn could not be started")


def host_dies(settings: Settings, state_dir: Path) -> dict[str, Any]:
    """SIGKILL of a host: nothing of it stays alive (`noticed`), and the next one captures in the same folder."""
    with running(settings, state_dir) as host:
        with until_active(state_dir) as client:
            turn(client)
        below = set(psutil.Process(host.pid).children(recursive=True)) | named(state_dir)
        begun = now_ms()
        host.kill()
        host.wait()
        while left := alive(below):
            if now_ms() - begun > GONE_S * 1000:
                names = ", ".join(sorted(_name(each) for each in left))
                raise Promise(f"alive {GONE_S:g} s after their host was killed: {names}")
            time.sleep(LOOK_S)
        gone_ms = now_ms() - begun
    with running(settings, state_dir), until_active(state_dir) as client:
        active_ms = now_ms() - begun
        turn(client)
        caught_up_ms = now_ms() - begun
        _all_stored(settings, state_dir)
    phases = {"noticed": gone_ms, "active": active_ms, "caught_up": caught_up_ms}
    return {"phases": phases, "processes": len(below)}


def _each(processes: Iterable[psutil.Process], act: Callable[[psutil.Process], None]) -> None:
    """One that ends meanwhile, as looks at git do, is no fault."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            act(process)


def _name(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return f"{process.name()} ({process.status()})"
    return str(process.pid)


def host_hangs(settings: Settings, state_dir: Path, seconds: float) -> dict[str, Any]:
    """SIGSTOP of a host alone: what is below it goes on, and telemetry is answered all the time.

    `active` is how long after the host goes on its clients are answered again.
    """
    with running(settings, state_dir) as host:
        with until_active(state_dir) as client:
            turn(client)
            before = client.ask({"command": "getStatus"}, WAIT_S)["status"]
        port = int(before["sources"][0]["address"].rpartition(":")[2])
        sender = Sender(port, (state_dir / "otlp.token").read_text().strip())
        sender.steadily()
        host.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        begun = now_ms()
        host.send_signal(signal.SIGCONT)
        with until_active(state_dir) as client:
            active_ms = now_ms() - begun
            turn(client)
            after = client.ask({"command": "getStatus"}, WAIT_S)["status"]
        sender.stop()
    answers = dict(sender.truth.answers)
    if set(answers) != {"200"}:
        raise Promise(f"telemetry was not answered with 200 alone while the host stood: {answers}")
    restarts = sum(each["restarts"] for each in after["actors"]) - sum(each["restarts"] for each in before["actors"])
    if restarts:
        raise Promise(f"{restarts} actors were restarted though only the host stood")
    phases = {"active": active_ms, "caught_up": now_ms() - begun}
    return {"phases": phases, "answers": answers, "actor_restarts": restarts}


def machine_sleeps(settings: Settings, state_dir: Path, seconds: float) -> dict[str, Any]:
    """Every process stops, the host too, and goes on after a while: longer than any deadline, and nobody is blamed."""
    with running(settings, state_dir) as host:
        with until_active(state_dir) as client:
            turn(client)
            before = client.ask({"command": "getStatus"}, WAIT_S)["status"]
        frozen = [psutil.Process(host.pid), *psutil.Process(host.pid).children(recursive=True)]
        _each(frozen, psutil.Process.suspend)
        time.sleep(seconds)
        begun = now_ms()
        _each(reversed(frozen), psutil.Process.resume)
        with until_active(state_dir) as client:
            active_ms = now_ms() - begun
            turn(client)
            after = client.ask({"command": "getStatus"}, WAIT_S)["status"]
    restarts = sum(each["restarts"] for each in after["actors"]) - sum(each["restarts"] for each in before["actors"])
    return {"phases": {"active": active_ms, "caught_up": now_ms() - begun}, "actor_restarts": restarts}
