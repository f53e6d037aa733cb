"""How long each kind of process is missed: fault, noticed, decided, restarted, caught up, on the monotonic clock.

    python -m benchmarks.recovery [n] [process …]

Processes: the five leaves, codex (scripted), real-codex, supervisor, admin, root. SIGKILL runs on the default deadlines
(only the crash-loop window is off); SIGSTOP is found by deadlines alone, so it runs on short ones, which are printed.

noticed: the supervisor's (or host's) first change of state. visible: a listener in the host sees a status that is not
HYBRID_ACTIVE. decided: the new process is asked for. restarted: it reported. active: HYBRID_ACTIVE again. caught_up: a
new turn is durable.
"""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from benchmarks.samples import machine, told
from chaos.loopback_model import LoopbackModel
from chaos.scripted import write_executable
from chaos.scripts import ProcessScript
from hybrid_capture.codex_binary import resolve_codex
from hybrid_capture.settings import Settings
from messages.settings import Timing
from tests.live.faults import PATIENT, SPINE, fault
from tests.live.house import House

LEAVES = ("ingest", "stager", "auth", "sidecar", "facade")
CALM = Timing(restart_window_ms=1)
"""The default deadlines; only so many faults in a minute are no crash loop here."""
PHASES = ("noticed", "visible", "decided", "restarted", "active", "caught_up")
IDLE_S = 20.0
SPARE_S = 3.0
"""Between two breaks of the spine: a host replaces its spare root in the background."""


@contextmanager
def scripted(folder: Path, timing: Timing) -> Iterator[House]:
    """A running house on the scripted app-server."""
    codex = write_executable(folder / "codex", script=ProcessScript(auth="chatgpt"))
    with House(
        Settings(
            watch_codex=False,
            watch_claude=False,
            state_dir=folder / "state",
            codex=codex,
            codex_home=folder,
            cwd=folder,
            timing=timing,
        )
    ) as house:
        yield house


@contextmanager
def real(folder: Path, timing: Timing) -> Iterator[House]:
    """A running house on the real codex and the loopback model."""
    tools = Path(__file__).resolve().parent.parent / ".tools" / "node_modules"
    codex = resolve_codex(None, env_path="", search=[tools])
    with LoopbackModel() as model:
        home = model.write_codex_home(folder / "home")
        environment = model.codex_env(home)
        settings = Settings(
            watch_codex=False,
            watch_claude=False,
            state_dir=folder / "state", codex=codex, codex_home=home, cwd=folder, codex_environment=environment,
            timing=timing,
        )  # fmt: skip
        with House(settings) as house:
            yield house


def measure(name: str, how: signal.Signals, timing: Timing, n: int) -> dict[str, list[float]]:
    """`n` faults on one house; ms of each phase from the fault. A phase that was not seen has no sample."""
    folder = Path(tempfile.mkdtemp(prefix="recovery-"))
    start = real if name == "real-codex" else scripted
    samples: dict[str, list[float]] = {phase: [] for phase in PHASES}
    began = time.monotonic()
    with start(folder, timing) as house:
        house.active()
        samples["start"] = [(time.monotonic() - began) * 1000]
        for _ in range(n):
            if name in SPINE:
                time.sleep(SPARE_S)
            for phase, ms in fault(house, "codex" if name == "real-codex" else name, how).items():
                if ms is not None:
                    samples[phase].append(ms)
        ledger = house.runtime.status()["ledger"]
        assert ledger["balanced"], ledger
        assert ledger["staged"] == 0, ledger
    shutil.rmtree(folder)
    return samples


def starts(n: int) -> list[float]:
    """ms from the call to HYBRID_ACTIVE with the real codex, on one state folder: the first one compiles the rules."""
    found = []
    folder = Path(tempfile.mkdtemp(prefix="recovery-"))
    for _ in range(n + 1):
        began = time.monotonic()
        with real(folder, Timing()) as house:
            house.active()
            found.append((time.monotonic() - began) * 1000)
    shutil.rmtree(folder)
    return found


def idle() -> None:
    """What the tree costs while nothing happens."""
    folder = Path(tempfile.mkdtemp(prefix="recovery-"))
    with scripted(folder, Timing()) as house:
        status = house.active()
        own = [each for each in house.everything() if each.pid != status["sidecar"]["pid"]]
        before = sum(sum(each.cpu_times()[:2]) for each in own)
        end = time.monotonic() + IDLE_S
        while (left := end - time.monotonic()) > 0:
            house.events.next(left)
        spent = sum(sum(each.cpu_times()[:2]) for each in own) - before
        memory: list[Any] = [each.memory_full_info() for each in own]
        print(
            f"idle: {spent / IDLE_S:.2%} of a core; {len(own)} processes, RSS {_mb(memory, 'rss')}, "
            f"proportional share {_mb(memory, 'pss')}, not shared {_mb(memory, 'uss')}"
        )
    shutil.rmtree(folder)


def _mb(memory: list[Any], kind: str) -> str:
    return f"{sum(getattr(each, kind) for each in memory) / 1e6:.0f} MB"


def main(n: int, names: list[str]) -> None:
    print(machine())
    psutil.cpu_percent()
    idle()
    first, *later = starts(n)
    print(f"first start of a state folder -> HYBRID_ACTIVE, real codex: {first:.0f} ms")
    print(told("start -> HYBRID_ACTIVE, real codex", later))
    for name in names:
        for how, timing in ((signal.SIGKILL, CALM), (signal.SIGSTOP, PATIENT)):
            samples = measure(name, how, timing, n)
            deadline = "" if how == signal.SIGKILL else f" (deadline {PATIENT.ping_deadline_ms} ms)"
            print(f"\n{how.name} {name}{deadline}")
            for phase in PHASES:
                print(f"  {told(phase, samples[phase])}" if samples[phase] else f"  {phase}: not observed")


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    main(count, sys.argv[2:] or [*LEAVES, "codex", "real-codex", *SPINE])
