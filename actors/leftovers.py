"""What a run left behind, and its end. The register is what each process carries, so no crash can lose an entry.

A process belongs to a state folder when its environment names the folder: root, actors, the app-server and every
command below it have the mark, however deep and in whichever session. The app-server may hide its environment (codex
is not dumpable), so it is written down as well, with its creation time. A process whose environment cannot be read and
that is not written down is counted, never taken for one of ours.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import orjson
import psutil

from actors import lifeline

TREE_MARK = "HYBRID_CAPTURE_TREE"
"""Environment variable of everything below a host: the state folder."""
GENERATION_MARK = "HYBRID_CAPTURE_GENERATION"
"""Environment variable of the app-server and everything below it: run and generation."""
ROOT_MODULE = "hybrid_capture.root"
"""What the command line of a root and of everything forked from it names."""
NOTE = "sidecar.json"
NOTE_BYTES_MAX = 4_096
END_DEADLINE_S = 1.0
LOOK_S = 0.002


class ScanFailed(Exception):
    """The processes could not be looked at: nothing is known about what is left. The text says why."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a scan came to."""

    processes: tuple[psutil.Process, ...]
    hidden: int
    """Processes of this user whose environment could not be read."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What a look for an old app-server came to, for the audit."""

    kind: Literal["leftovers_ended", "scan_failed"]
    text: str


def marks(state_dir: str, generation: str) -> dict[str, str]:
    """Variables for an app-server, which passes them on to its commands."""
    return {TREE_MARK: state_dir, GENERATION_MARK: generation}


def belonging(state_dir: str) -> Found:
    """Everything of this user that belongs to the folder, but for the caller and the processes above it.

    Errors: ScanFailed.
    """
    return _scan(state_dir, app_server_only=False)


def below_app_server(state_dir: str) -> Found:
    """The app-server of the folder, whichever generation, and everything below it. Errors: ScanFailed."""
    return _scan(state_dir, app_server_only=True)


def end_app_server(state_dir: str) -> Ended | None:
    """End the app-server of the folder and everything below it; None when nothing of it was left."""
    try:
        found = below_app_server(state_dir)
    except ScanFailed as failed:
        return Ended("scan_failed", str(failed))
    if not found.processes:
        return None
    names = told(found.processes)
    left = end(found.processes)
    return Ended("leftovers_ended", f"{names}; still there: {told(left)}" if left else names)


def _scan(state_dir: str, app_server_only: bool) -> Found:
    found: list[psutil.Process] = []
    hidden, seen_ourselves = 0, False
    above = {each.pid for each in (psutil.Process(), *psutil.Process().parents())}
    written = noted(state_dir)
    try:
        for process in psutil.process_iter():
            seen_ourselves |= process.pid == os.getpid()
            if process.pid in above or not _of_this_user(process):
                continue
            if process == written:
                found.append(process)
                continue
            environment = _environment(process)
            if environment is None:
                hidden += 1
            elif environment.get(TREE_MARK) == state_dir and (not app_server_only or GENERATION_MARK in environment):
                found.append(process)
    except (psutil.Error, OSError) as error:
        raise ScanFailed(f"the list of processes could not be read: {type(error).__name__}") from None
    if not seen_ourselves:
        raise ScanFailed("the list of processes does not even name this one: is /proc mounted?")
    return Found(tuple(found), hidden)


def _of_this_user(process: psutil.Process) -> bool:
    """Whether it runs as this user and has not ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        if os.name == "posix" and process.uids().real != os.getuid():
            return False
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


def _environment(process: psutil.Process) -> dict[str, str] | None:
    """Its environment; None when it hides it, empty when it is gone."""
    try:
        return dict(process.environ())
    except psutil.NoSuchProcess:
        return {}
    except (psutil.AccessDenied, OSError):
        return None


def note(state_dir: str, pid: int, created_at: float) -> None:
    """Write the running app-server down. A note that cannot be written costs only this way of finding it."""
    path = Path(state_dir, NOTE)
    beside = path.with_suffix(".new")
    with contextlib.suppress(OSError):
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(orjson.dumps({"pid": pid, "created_at": created_at}))
        os.replace(beside, path)


def noted(state_dir: str) -> psutil.Process | None:
    """The app-server that was written down, if that very process still lives."""
    try:
        with Path(state_dir, NOTE).open("rb") as file:
            said = orjson.loads(file.read(NOTE_BYTES_MAX))
        pid, created_at = int(said["pid"]), float(said["created_at"])
        return None if lifeline.process_is_gone(pid, created_at) else psutil.Process(pid)
    except (OSError, ValueError, TypeError, KeyError, psutil.Error):
        return None


def end(processes: Iterable[psutil.Process], deadline_s: float = END_DEADLINE_S) -> list[psutil.Process]:
    """SIGKILL each of them; gives those that live on at the deadline. psutil compares creation times, so a process
    that took over a pid is safe."""
    left = list(processes)
    for process in left:
        with contextlib.suppress(psutil.Error):
            process.kill()
    # psutil's own wait takes a zombie that somebody else has to collect for alive, for as long as that takes.
    until = time.monotonic() + deadline_s
    while (left := [each for each in left if lifeline.lives(each)]) and time.monotonic() < until:
        time.sleep(LOOK_S)
    return left


def told(processes: Iterable[psutil.Process]) -> str:
    """Pids and names for a person: command lines may hold secrets."""
    return ", ".join(_told(processes))


def _told(processes: Iterable[psutil.Process]) -> Iterator[str]:
    for process in processes:
        try:
            # The kernel cuts a name at 15 bytes, perhaps in the middle of a letter: no message carries half of one.
            yield f"{process.pid} ({process.name().encode(errors='replace').decode()})"
        except psutil.Error:
            yield f"{process.pid} (ended meanwhile)"
