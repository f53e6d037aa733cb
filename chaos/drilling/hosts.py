"""Faults of the host itself. The drill's own process is a host too, so these play on another: `hybrid-capture run`."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from chaos.drilling.phases import now_ms
from chaos.drilling.stage import alive, named
from hybrid_capture.client import RendererClient, Unanswered, attach
from hybrid_capture.settings import Settings
from hybrid_capture.statefolder import NotRunning

WAIT_S = 30.0
GONE_S = 2.0
"""A dead host's processes are gone within this."""
LOOK_S = 0.01


class Promise(Exception):
    """Something that was promised did not happen; the text names it."""


@contextmanager
def running(settings: Settings, state_dir: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A host in its own process on the stage's app-server, and its end."""
    words = [sys.executable, "-m", "hybrid_capture", "run", "--json", "--state-dir", str(state_dir)]
    words += ["--codex", str(settings.codex), "--codex-home", str(settings.codex_home), "--cwd", str(settings.cwd)]
    state_dir.parent.mkdir(parents=True, exist_ok=True)
    with (state_dir.parent / "host.log").open("ab") as log:
        host = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
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
    """SIGKILL of a host: nothing of it is alive 2 s later, and the next one captures in the same folder."""
    with running(settings, state_dir) as host:
        with until_active(state_dir) as client:
            turn(client)
        below = set(psutil.Process(host.pid).children(recursive=True)) | named(state_dir)
        begun = now_ms()
        host.kill()
        host.wait()
        while left := alive(below):
            if now_ms() - begun > GONE_S * 1000:
                raise Promise(f"{len(left)} processes of a killed host are alive after {GONE_S:g} s")
            time.sleep(LOOK_S)
        gone_ms = now_ms() - begun
    with running(settings, state_dir), until_active(state_dir) as client:
        active_ms = now_ms() - begun
        turn(client)
    return {"phases": {"visible": gone_ms, "active": active_ms, "caught_up": now_ms() - begun}, "processes": len(below)}


def machine_sleeps(settings: Settings, state_dir: Path, seconds: float) -> dict[str, Any]:
    """Every process stops, the host too, and goes on after a while: longer than any deadline, and nobody is blamed."""
    with running(settings, state_dir) as host:
        with until_active(state_dir) as client:
            turn(client)
            before = client.ask({"command": "getStatus"}, WAIT_S)["status"]
        frozen = [psutil.Process(host.pid), *psutil.Process(host.pid).children(recursive=True)]
        for process in frozen:
            process.suspend()
        time.sleep(seconds)
        begun = now_ms()
        for process in reversed(frozen):
            process.resume()
        with until_active(state_dir) as client:
            active_ms = now_ms() - begun
            turn(client)
            after = client.ask({"command": "getStatus"}, WAIT_S)["status"]
    restarts = sum(each["restarts"] for each in after["actors"]) - sum(each["restarts"] for each in before["actors"])
    return {"phases": {"active": active_ms, "caught_up": now_ms() - begun}, "actor_restarts": restarts}
