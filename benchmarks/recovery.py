"""How long each kind of process is missed: from SIGKILL to seen, to active, and to caught up, on the monotonic clock.

    python -m benchmarks.recovery [process …] [--n N] [--spine N] [--stops N]

Processes: the five leaves, codex (scripted), real-codex, supervisor, admin, root. SIGKILL runs on the default deadlines
(only the crash-loop window is off); SIGSTOP is found by deadlines alone, so it runs on short ones.

noticed: the supervisor's (or host's) first change of state. visible: a listener in the host sees a status that is not
HYBRID_ACTIVE. decided: the new process is asked for. restarted: it reported. active: HYBRID_ACTIVE again. caught_up: a
new turn is durable. Beside other supervisors: `supervisors`.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.samples import TOOLS, Result, line, machine, print_result, row
from chaos.loopback_model import LoopbackModel
from chaos.scripted import write_executable
from chaos.scripts import ProcessScript
from hybrid_capture.codex_binary import codex_version, resolve_codex
from hybrid_capture.settings import Settings
from messages.settings import Timing
from tests.live.faults import QUICK, SPINE, fault
from tests.live.house import House

LEAVES = ("ingest", "stager", "auth", "sidecar", "facade")
CALM = Timing(restart_window_ms=1)
"""The default deadlines; only so many faults in a minute are no crash loop here."""
PHASES = ("noticed", "visible", "decided", "restarted", "active", "caught_up")
TOLD = ("visible", "active", "caught_up")
"""Which of them stand in the table; all of them are printed."""
IDLE_S = 20.0
STARTS = 10
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
    codex = installed()
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


def installed() -> Path:
    """The codex of `make codex`. Errors: CodexNotFound."""
    return resolve_codex(None, env_path="", search=[TOOLS / "node_modules"])


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
        ledger = house.ledger()
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


def idle() -> Result:
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
        found = {
            "idle, % of a core": round(100 * spent / IDLE_S, 2), "idle, processes": len(own),
            "idle, RSS": _mb(memory, "rss"), "idle, proportional share": _mb(memory, "pss"),
            "idle, not shared": _mb(memory, "uss"),
        }  # fmt: skip
    shutil.rmtree(folder)
    print(found)
    return found


def _mb(memory: list[Any], kind: str) -> str:
    return f"{sum(getattr(each, kind) for each in memory) / 1e6:.0f} MB"


def main(n: int, spine: int, stops: int, names: list[str]) -> None:
    """Measure, print, give the result."""
    print(machine())
    figures = idle()
    first, *later = starts(STARTS)
    figures["first start of a state folder → HYBRID_ACTIVE, ms"] = round(first)
    rows = [row("start → HYBRID_ACTIVE, the real codex", later, "ms")]
    print(line(rows[0]), flush=True)
    for name in names:
        for how, timing, count in (
            (signal.SIGKILL, CALM, spine if name in SPINE else n), (signal.SIGSTOP, QUICK, stops),
        ):  # fmt: skip
            if not count:
                continue
            samples = measure(name, how, timing, count)
            for phase in PHASES:
                if not samples[phase]:
                    print(f"{how.name} {name} → {phase}: not observed")
                    continue
                told = row(f"{how.name} {name} → {phase}", samples[phase], "ms")
                print(line(told), flush=True)
                if phase in TOLD:
                    rows.append(told)
    if stops:
        figures["deadline of SIGSTOP, ms"] = QUICK.ping_deadline_ms
    print_result("recovery", rows, figures, peers={"codex": codex_version(installed())})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recovery")
    parser.add_argument("names", nargs="*", default=[*LEAVES, "codex", "real-codex", *SPINE])
    parser.add_argument("--n", type=int, default=20, help="SIGKILLs of each leaf and of codex")
    parser.add_argument("--spine", type=int, default=5, help="SIGKILLs of each of supervisor, admin and root")
    parser.add_argument("--stops", type=int, default=0, help="SIGSTOPs of each: the drills measure them too")
    given = parser.parse_args()
    main(given.n, given.spine, given.stops, given.names)
