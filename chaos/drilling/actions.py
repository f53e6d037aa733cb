"""What a drill may do to the runtime under test: its own processes, its own files, its own clients. Nothing else.

Each function takes the drill's `Scene` and plain arguments from the experiment; its end (the rollback) stands beside it
and may be called whether or not the action happened.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from chaos.codex_home import ACCOUNT_ID, unsigned_jwt
from chaos.drilling import hosts
from chaos.drilling.phases import now_ms
from chaos.drilling.stage import Stage
from chaos.drilling.telemetry import Sender
from storage.config import ConfigFile

WAIT_S = 120.0
LOOK_S = 0.01
GARBAGE = "codex = [\n"
"""No TOML: what an editor that crashed leaves."""


@dataclass
class Scene:
    """One repetition: the stage, and what has to be undone on it."""

    stage: Stage
    holding: list[sqlite3.Connection] = field(default_factory=list)
    slowing: list[tuple[threading.Event, threading.Thread]] = field(default_factory=list)
    frozen: list[psutil.Process] = field(default_factory=list)
    limited: list[int] = field(default_factory=list)
    turns: list[str] = field(default_factory=list)
    """Turns that were begun and are awaited at the end."""
    senders: list[Sender] = field(default_factory=list)
    """Who exported telemetry."""


def send_signal(scene: Scene, process: str, name: str = "SIGKILL") -> int:
    """Signal one process of the tree; gives its pid."""
    pid = scene.stage.kill(process, signal.Signals[name])
    if name == "SIGSTOP":
        with contextlib.suppress(psutil.Error):
            scene.frozen.append(psutil.Process(pid))
    return pid


def crash_repeatedly(scene: Scene, process: str = "codex", times: int = 3) -> int:
    """SIGKILL again each time that it has come back, until its restart is refused."""
    for number in range(times):
        before = scene.stage.runtime.status()["sidecar"]["generation"]  # asked later, it may be the next one's already
        scene.stage.kill(process)
        if number < times - 1:
            scene.stage.active(before + 1)
    scene.stage.until_status(lambda s: s["sidecar"]["state"] == "crash_loop", "crash_loop")
    return times


def freeze_tree(scene: Scene) -> int:
    """Stop every process of the tree at once, as a machine that sleeps does; gives how many."""
    scene.frozen = sorted(scene.stage.everything(), key=lambda each: each.pid)
    for process in scene.frozen:
        with contextlib.suppress(psutil.Error):
            process.suspend()
    return len(scene.frozen)


def thaw(scene: Scene) -> int:
    """Let everything go on that was stopped."""
    frozen, scene.frozen = scene.frozen, []
    for process in frozen:
        with contextlib.suppress(psutil.Error):
            process.resume()
    return len(frozen)


def log_out(scene: Scene) -> bool:
    """The login is gone."""
    done = scene.stage.runtime.do({"command": "logout"})
    if not done.get("ok"):
        raise RuntimeError(f"logging out was refused: {done.get('text') or done.get('code')}")
    return True


def log_in(scene: Scene) -> bool:
    """A person brings a login: one command."""
    given = {"kind": "chatgptAuthTokens", "secret": unsigned_jwt(), "accountId": ACCOUNT_ID}
    return bool(scene.stage.runtime.do({"command": "startLogin", **given}, WAIT_S).get("ok"))


def flood(scene: Scene, deltas: int = 200_000) -> str:
    """Begin a turn that says so many deltas as fast as the pipe takes them."""
    turn = scene.stage.begin(scene.stage.thread(), f"SCN:flood:{deltas}")
    scene.turns.append(turn)
    return turn


def begin_turn(scene: Scene, prompt: str) -> str:
    """Begin a turn; its end is awaited when the fault is over."""
    turn = scene.stage.begin(scene.stage.thread(), prompt)
    scene.turns.append(turn)
    return turn


def flood_telemetry(scene: Scene, records: int = 40_000, exporters: int = 8) -> dict[str, Any]:
    """So many records as fast as they are answered; ends with the last answer."""
    sender, begun = _sender(scene, exporters), now_ms()
    sender.flood(records)
    sender.stop()
    seconds = (now_ms() - begun) / 1000
    return {"answers": dict(sender.truth.answers), "seconds": seconds, "records_per_s": round(records / seconds)}


def export_steadily(scene: Scene) -> bool:
    """A tool exports a little all the time, until `stop_exporting`."""
    _sender(scene).steadily()
    return True


def stop_exporting(scene: Scene) -> dict[str, int]:
    """It has sent everything; gives its answers."""
    for each in scene.senders:
        each.stop()
    return dict(sum((each.truth.answers for each in scene.senders), Counter()))


def lose_gateway(scene: Scene, name: str = "SIGKILL") -> dict[str, Any]:
    """Signal the gateway; gives until when another one ran, and until a record that came then was durable."""
    sender, before, begun = _sender(scene), scene.stage.pid_of("gateway"), now_ms()
    send_signal(scene, "gateway", name)
    sender.send_one()
    restarted = _until(lambda: scene.stage.pid_of("gateway") != before, "another gateway") - begun
    active = _until(lambda: len(sender.truth.kept) == 1, "an answer to a record") - begun
    return {"phases": {"restarted": restarted, "active": active}}


def _sender(scene: Scene, exporters: int = 1) -> Sender:
    sender = Sender(*scene.stage.otlp, exporters)
    scene.senders.append(sender)
    return sender


def _until(holds: Callable[[], bool], what: str) -> float:
    """The moment at which it holds, in ms. Errors: TimeoutError."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        with contextlib.suppress(StopIteration, psutil.Error):
            if holds():
                return now_ms()
        time.sleep(LOOK_S)
    raise TimeoutError(f"{what} was not seen within {WAIT_S:g} s")


def lock_store(scene: Scene) -> bool:
    """Another program holds the database's write lock."""
    connection = sqlite3.connect(scene.stage.database, timeout=WAIT_S, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    scene.holding.append(connection)
    return True


def unlock_store(scene: Scene) -> bool:
    """It lets go."""
    holding, scene.holding = scene.holding, []
    for connection in holding:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        connection.close()
    return bool(holding)


def slow_store(scene: Scene, hold_ms: int = 200, pause_ms: int = 20) -> bool:
    """Each write waits for a lock that is held most of the time: a disk that is busy."""
    over = threading.Event()

    def hold() -> None:
        connection = sqlite3.connect(scene.stage.database, timeout=WAIT_S, isolation_level=None)
        with contextlib.closing(connection):
            while not over.is_set():
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("BEGIN IMMEDIATE")
                    over.wait(hold_ms / 1000)
                    connection.execute("ROLLBACK")
                over.wait(pause_ms / 1000)

    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    scene.slowing.append((over, thread))
    return True


def speed_store(scene: Scene) -> bool:
    """The disk is itself again."""
    slowing, scene.slowing = scene.slowing, []
    for over, thread in slowing:
        over.set()
        thread.join(WAIT_S)
    return bool(slowing)


def fill_disk(scene: Scene, bytes_left: int = 4_096) -> int:
    """The store's writer can write no file beyond so many bytes: what a full disk is to SQLite. Linux only.

    Not relative to the files' sizes: a write-ahead log that is begun anew has room below its old end.
    """
    if not sys.platform.startswith("linux"):
        raise OSError("a limit on another process's files exists on Linux only")
    pid = next(each["pid"] for each in scene.stage.runtime.status()["actors"] if each["name"] == "ingest")
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (bytes_left, resource.RLIM_INFINITY))
    scene.limited.append(pid)
    return bytes_left


def free_disk(scene: Scene) -> bool:
    """There is room again."""
    limited, scene.limited = scene.limited, []
    for pid in limited:
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return bool(limited)


def tear_store(scene: Scene, keep_bytes: int = 8_192) -> int:
    """The database is cut off under its writer, as a broken disk or a careless copy leaves it."""
    with open(scene.stage.database, "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.truncate(min(keep_bytes, size))
    return size


def write_config(scene: Scene) -> bool:
    """A person uses the kill switch, so that there is a config file and a good copy of it."""
    for on in (True, False):
        done = scene.stage.runtime.do({"command": "setStreamKillSwitch", "on": on}, WAIT_S)
        if not done.get("ok"):
            raise RuntimeError(
                f"the switch was not turned {'on' if on else 'off'}: {done.get('text') or done.get('code')}"
            )
    scene.stage.active()
    return True


def corrupt_config(scene: Scene) -> bool:
    """`config.toml` is no TOML any more."""
    Path(scene.stage.runtime.state_dir, "config.toml").write_text(GARBAGE)
    return True


def restore_config(scene: Scene) -> bool:
    """A person puts the last good copy back, as `kill-switch restore` does; false when there was nothing to mend."""
    config = ConfigFile(scene.stage.runtime.state_dir)
    if not config.load().fault:
        return False
    config.restore()
    return True


def kill_host(scene: Scene) -> dict[str, Any]:
    """SIGKILL of a whole host, in a folder beside this one; gives its phases."""
    return hosts.host_dies(scene.stage.settings, scene.stage.runtime.state_dir.parent / "host" / "state")


def sleep_host(scene: Scene, seconds: float = 6.0) -> dict[str, Any]:
    """The machine sleeps: a whole host stops and goes on; gives its phases."""
    folder = scene.stage.runtime.state_dir.parent / "sleeper" / "state"
    return hosts.machine_sleeps(scene.stage.settings, folder, seconds)


def hang_host(scene: Scene, seconds: float = 6.0) -> dict[str, Any]:
    """A host stops and goes on while everything below it runs; gives its phases."""
    folder = scene.stage.runtime.state_dir.parent / "hung" / "state"
    return hosts.host_hangs(scene.stage.settings, folder, seconds)


def recover(scene: Scene, command: str = "recoverHybrid") -> bool:
    """One click."""
    return bool(scene.stage.runtime.do({"command": command}, WAIT_S).get("ok"))
