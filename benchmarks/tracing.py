"""What recording the history of messages costs: the same flood and the same turns with it and without it.

    python -m benchmarks.tracing [pairs] [deltas] [turns] [--seconds S]

Each pair is two fresh trees, one that records and one that does not, in changing order; each is flooded, and then plays
short turns of few frames each, where a message carries little and its record weighs most. What counts is the ratio of
processor time of all actors, which other programs on the machine disturb less than the clock on the wall; the ratio of
rates stands beside it. Apart from that: the time of recording, packing and storing one row in this process.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path

import psutil

from actors.envelope import pack
from actors.tracing import NANOS, Recorder, micros
from benchmarks.samples import Result, machine, print_result, print_table, row
from chaos.scripted import write_executable
from chaos.scripts import ProcessScript
from hybrid_capture.settings import Settings
from messages.settings import SidecarSettings, TreeSettings
from messages.stream import FrameBatch
from messages.traces import KeepTraces
from storage.store import Store
from tests.live.house import House

TURN_S = 0.06
"""A turn at most this often: the facade takes 20 in a second from a renderer."""
WITHIN = 1.05
"""What it may cost."""
PAIRS_MIN = 3
WHAT = {
    "frames_per_s": ("a flood", "deltas/s", True), "flood_cpu_us_per_frame": ("a flood", "CPU µs per delta", False),
    "turn_cpu_ms": ("a short turn", "CPU ms", False),
}  # fmt: skip


def one(codex: Path, folder: Path, traces: bool, deltas: int, turns: int) -> dict[str, float]:
    """A fresh tree: rates and processor time of a flood and of short turns, and how many rows came of them."""
    home = folder.with_name(f"{folder.name}-home")
    home.mkdir()  # of its own: the threads of earlier trees would be caught up with in this one
    settings = Settings(
        watch_codex=False, watch_claude=False, otlp=False, state_dir=folder, codex=codex, codex_home=home,
        cwd=home, traces=traces,
    )  # fmt: skip
    with House(settings) as house:
        status = house.active()
        pids = [actor["pid"] for actor in status["actors"]] + [house.runtime.pids[n] for n in ("root", "supervisor")]
        thread = house.thread()
        before, began = spent(pids), time.perf_counter()
        ended = house.turn(thread, f"SCN:flood:{deltas}")
        flood_s, flooded = time.perf_counter() - began, spent(pids)
        assert ended["status"] == "completed"
        assert house.ledger()["balanced"]
        for number in range(turns):
            time.sleep(TURN_S)
            house.turn(thread, f"SCN:plain {number}")
        done = spent(pids)
    with sqlite3.connect(f"file:{folder / 'capture.sqlite3'}?mode=ro", uri=True) as store:
        (rows,) = store.execute("SELECT count(*) FROM traces").fetchone()
    return {
        "frames_per_s": deltas / flood_s,
        "flood_cpu_us_per_frame": (flooded - before) / deltas * 1e6,
        "turn_cpu_ms": (done - flooded) / turns * 1e3,
        "rows": float(rows),
    }


def spent(pids: list[int]) -> float:
    """Processor time of these processes, s."""
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return sum(each.user + each.system for each in times)


def per_row(rows: int = 100_000) -> dict[str, float]:
    """Processor time of one row in this process, µs: recorded, packed for its way, checked and stored."""
    settings = TreeSettings(run_id="b-1.1", state_dir="/", database="/", sidecar=SidecarSettings(codex_path=None))
    recorder = Recorder("stager")
    recorder.begin(settings, 1)
    batch = FrameBatch(generation=1, first_seq=1, count=9, at_ms=1, lines=b"x" * 2_000)
    envelope = pack(batch, "b-1.1-sidecar1-1", 1, (), "sidecar1.1", "sidecar1.2", micros())
    told: list[KeepTraces] = []
    heard_s = taken_s = 0.0
    for _ in range(rows // 1_000):
        began = time.process_time()
        for _ in range(1_000):
            recorder.heard(envelope, batch, "sidecar", NANOS())
        heard_s += time.process_time() - began
        began = time.process_time()
        taken = recorder.take()
        taken_s += time.process_time() - began
        assert taken is not None
        told.append(taken)
    folder = Path(tempfile.mkdtemp(prefix="tracing-"))
    store = Store(folder / "capture.sqlite3", run_id="b")
    began = time.process_time()
    for each in told:
        store.keep_traces([("stager", each)], 0)
    stored_s = time.process_time() - began
    store.close()
    shutil.rmtree(folder)
    return {
        name: took / rows * 1e6 for name, took in (("recorded", heard_s), ("packed", taken_s), ("stored", stored_s))
    }


def main(pairs: int, deltas: int, turns: int, seconds: float) -> None:
    """Measure and print. On a shared machine rates of one run are a fifth off, so a few pairs are no verdict."""
    folder = Path(tempfile.mkdtemp(prefix="tracing-"))
    codex = write_executable(folder / "codex", script=ProcessScript(auth="chatgpt"))
    print(machine())
    runs: dict[bool, list[dict[str, float]]] = {True: [], False: []}
    end = time.monotonic() + seconds
    for pair in range(pairs):
        if pair >= PAIRS_MIN and time.monotonic() > end:
            print(f"{seconds:.0f} s are over: {pair} pairs")
            break
        for traces in (True, False) if pair % 2 else (False, True):
            runs[traces].append(one(codex, folder / f"state-{pair}-{traces}", traces, deltas, turns))
            print(f"traces {'on ' if traces else 'off'}: {shown(runs[traces][-1])}", flush=True)
    shutil.rmtree(folder)
    rows: list[Result] = []
    for name, (what, unit, rate) in WHAT.items():
        on, off = ([run[name] for run in runs[traces]] for traces in (True, False))
        rows += [
            row(f"{what}, without", off, unit, rate=rate),
            row(f"{what}, with the history", on, unit, off, rate=rate),
        ]
    found = {f"CPU µs of one row, {name}": round(us, 2) for name, us in per_row().items()}
    print_table(rows)
    print_result("tracing", rows, {**found, "the flood may cost with it": WITHIN})


def shown(run: dict[str, float]) -> str:
    """One run in a line."""
    return ", ".join(f"{name} {value:,.2f}" for name, value in run.items())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("pairs", nargs="?", type=int, default=16)
    parser.add_argument("deltas", nargs="?", type=int, default=400_000)
    parser.add_argument("turns", nargs="?", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=150, help="no further pair is begun after that")
    given = parser.parse_args()
    main(given.pairs, given.deltas, given.turns, given.seconds)
