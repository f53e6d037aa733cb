"""A runtime under test, the words to speak with it, and looks at what it left that go past its own.

Drills and live tests stand on it. What is looked at from outside (processes, rows of the file, a listener's events) is
what counts: a system that is broken cannot be asked how it is.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import psutil

from hybrid_capture.runtime import START_DEADLINE_S, CaptureRuntime, Event, Subscription
from hybrid_capture.settings import Settings

PATIENCE_S = 30.0
LOOK_S = 0.05
GATEWAY = "hybrid_capture.gateway"
"""How its process is told from the others: by the module that it runs."""


class Stage:
    """One runtime, and a subscription that was there from the beginning."""

    def __init__(self, settings: Settings, patience_s: float = PATIENCE_S) -> None:
        self.settings, self.patience_s = settings, patience_s
        self.runtime = CaptureRuntime(settings)
        self.events: Subscription

    def __enter__(self) -> Stage:
        self.runtime.start(max(START_DEADLINE_S, self.patience_s))
        self.events = self.runtime.subscribe(live=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.runtime.stop()

    @property
    def database(self) -> Path:
        return self.runtime.state_dir / "capture.sqlite3"

    def until(self, wanted: Callable[[Event], bool], what: str) -> Event:
        """The next event that fits; everything before it is passed over."""
        end = time.monotonic() + self.patience_s
        while (left := end - time.monotonic()) > 0:
            event = self.events.next(left)
            if event is not None and wanted(event):
                return event
        raise AssertionError(f"never saw {what}; now: {self.runtime.status()}")

    def until_status(self, wanted: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        return self.runtime.wait_until(wanted, what, self.patience_s)

    def active(self, generation: int = 1) -> dict[str, Any]:
        """Wait for HYBRID_ACTIVE in this generation or a later one."""
        return self.until_status(
            lambda s: s["mode"] == "HYBRID_ACTIVE" and s["sidecar"]["generation"] >= generation,
            f"HYBRID_ACTIVE in generation {generation}",
        )

    def ledger(self) -> dict[str, Any]:
        """The books, as ingest tells them. A status for which ingest was too slow has none: it is asked again."""
        end = time.monotonic() + self.patience_s
        while True:
            status = self.runtime.status()
            ledger: dict[str, Any] = status.get("ledger", {})
            if "balanced" in ledger:
                return ledger
            if time.monotonic() >= end:
                raise AssertionError(f"ingest never told its books; now: {status}")
            self.events.next(0.1)

    def thread(self) -> str:
        done = self.runtime.do({"command": "startThread"})
        assert done.get("ok"), done
        return str(done["result"]["threadId"])

    def begin(self, thread: str, prompt: str) -> str:
        """Start a turn and give its id."""
        done = self.runtime.do({"command": "startTurn", "threadId": thread, "text": prompt})
        assert done.get("ok"), done
        return str(done["result"]["turnId"])

    def stored(self, turn: str) -> Event:
        return self.until(lambda e: e.get("event") == "turnStored" and e["turnId"] == turn, f"turn {turn} stored")

    def turn(self, thread: str, prompt: str, decision: str = "accept") -> Event:
        """A whole turn; every question is answered the same way."""
        turn = self.begin(thread, prompt)
        while True:
            event = self.until(lambda e: e.get("event") in ("approvalRequested", "turnStored"), "an end")
            if event["event"] == "approvalRequested":
                answered = self.runtime.do({"command": "submitApproval", "token": event["token"], "decision": decision})
                assert answered.get("ok"), answered
            elif event["turnId"] == turn:
                return event

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> int:
        """Signal one process of the tree; gives its pid."""
        pid = self.pid_of(name)
        os.kill(pid, how)
        return pid

    def pid_of(self, name: str) -> int:
        """The process that plays this part now; an actor or a codex that is being replaced is waited for."""
        if name == "gateway":
            return next(each.pid for each in self.everything() if runs(each, GATEWAY))
        if name in ("root", "supervisor"):
            return self.runtime.pids[name]
        if name == "admin":
            return psutil.Process(self.runtime.pids["supervisor"]).ppid()
        pid = _pid_in(self.runtime.status(), name)
        if pid is None:
            pid = _pid_in(self.until_status(lambda s: _pid_in(s, name) is not None, f"a process for {name}"), name)
        assert pid is not None
        return pid

    @property
    def otlp(self) -> tuple[int, str]:
        """Port and token of the receiver."""
        token = (self.runtime.state_dir / "otlp.token").read_text().strip()
        return int(self.runtime.addresses["otlp"].rpartition(":")[2]), token

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows straight from the file, past our own reader."""
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as connection:
            return connection.execute(query).fetchall()

    def until_rows(
        self, query: str, wanted: Callable[[list[tuple[Any, ...]]], bool], patience_s: float | None = None
    ) -> list[tuple[Any, ...]]:
        """What the query gives as soon as it is wanted; looked at after every event, or ten times a second.

        A status shows a change before its rows are written: who reads rows after a status has to wait for them.
        """
        end = time.monotonic() + (patience_s or self.patience_s)
        while time.monotonic() < end:
            found = self.rows(query)
            if wanted(found):
                return found
            self.events.next(0.1)
        raise AssertionError(f"never came: {query}; now {self.rows(query)}")

    def canonical(self) -> list[tuple[Any, ...]]:
        """What was captured, without ids and times that differ from run to run."""
        return self.rows(
            "SELECT t.id, t.status, i.ordinal, i.kind, i.status, i.revision, i.text FROM items i"
            " JOIN turns t ON t.id = i.turn_row ORDER BY t.id, i.ordinal"
        )

    def everything(self) -> set[psutil.Process]:
        """Every process of this runtime below the host, the spare root included."""
        pids = self.runtime.pids
        roots = {psutil.Process(pids[name]) for name in ("root", "spare") if name in pids}
        return roots.union(*(root.children(recursive=True) for root in roots))


def _pid_in(status: dict[str, Any], name: str) -> int | None:
    """Of an actor or of codex, as a status has it; a tree that is down names none."""
    if name == "codex":
        pid = status.get("sidecar", {}).get("pid")
    else:
        pid = next((actor["pid"] for actor in status.get("actors", ()) if actor["name"] == name), None)
    return None if pid is None else int(pid)


def living(process: psutil.Process) -> bool:
    """Whether it runs still. A zombie has ended, and so has one that goes while it is looked at."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def alive(processes: Iterable[psutil.Process]) -> set[psutil.Process]:
    return {each for each in processes if living(each)}


def runs(process: psutil.Process, word: str) -> bool:
    """Whether its command line has this word; one that is gone has none."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return word in process.cmdline()
    return False


def named(state_dir: Path) -> set[psutil.Process]:
    """Every process anywhere whose command line names this state folder: roots, and what was forked from them."""
    found = set()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if str(state_dir) in process.cmdline():
                found.add(process)
    return found


def gone(processes: Iterable[psutil.Process], within_s: float) -> bool:
    """Whether all end within this time; known as soon as they have, zombies included."""
    end = time.monotonic() + within_s
    while left := alive(processes):
        if time.monotonic() > end:
            return False
        psutil.wait_procs(left, timeout=LOOK_S)
    return True
