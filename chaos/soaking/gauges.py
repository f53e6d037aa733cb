"""What the runtime costs at one moment, seen from outside: memory, descriptors, processes, the database's bytes."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass
from typing import Any

import psutil

from chaos.drilling.stage import GATEWAY, Stage
from hybrid_capture.client import Unanswered

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Gauge:
    """One look."""

    at_s: float
    """Since the soak began."""
    mode: str
    processes: int
    memory_mib: float
    """What is each process's own (USS), summed: shared pages would count once per process."""
    descriptors: int
    """Of all processes but the app-server, which keeps a file open for each thread that it has loaded."""
    database_mib: float
    log_mib: float
    """Of the write-ahead log."""
    rows: int
    """Items and telemetry records that are stored."""
    memory_by_part_mib: dict[str, float]


def look(stage: Stage, at_s: float) -> Gauge:
    """A look at everything; a process that ends meanwhile counts for nothing."""
    names, mode = _names(stage)
    memory: Counter[str] = Counter()
    processes = descriptors = 0
    with contextlib.suppress(psutil.Error):
        for process in stage.everything():
            with contextlib.suppress(psutil.Error):
                part = names.get(process.pid) or _guess(process)
                memory[part] += process.memory_full_info().uss
                descriptors += process.num_fds() if part != "codex" else 0
                processes += 1
    by_part = {name: round(size / MIB, 2) for name, size in sorted(memory.items())}
    return Gauge(
        at_s=round(at_s, 1), mode=mode, processes=processes, memory_mib=round(sum(by_part.values()), 2),
        descriptors=descriptors, database_mib=_size_mib(stage, ""), log_mib=_size_mib(stage, "-wal"),
        rows=sum(stage.rows("SELECT (SELECT count(*) FROM items) + (SELECT count(*) FROM events)")[0]),
        memory_by_part_mib=by_part,
    )  # fmt: skip


def _names(stage: Stage) -> tuple[dict[int, str], str]:
    names = {pid: name for name, pid in stage.runtime.pids.items()}
    try:
        status: dict[str, Any] = stage.runtime.status()
    except Unanswered:
        return names, "down"
    names |= {each["pid"]: each["name"] for each in status.get("actors", []) if each["pid"]}
    if pid := status.get("sidecar", {}).get("pid"):
        names[pid] = "codex"
    return names, status["mode"]


def _guess(process: psutil.Process) -> str:
    """Who has no name in the status: the gateway, and what a part runs for itself (Thespian's admin, git's looks)."""
    return "gateway" if GATEWAY in process.cmdline() else "others"


def _size_mib(stage: Stage, suffix: str) -> float:
    path = stage.database.with_name(stage.database.name + suffix)
    return round(path.stat().st_size / MIB, 2) if path.exists() else 0.0
