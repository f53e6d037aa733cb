"""How fast frames go from the app-server's pipe to settled, and what that costs each process.

    python -m benchmarks.frames [deltas] [rounds] [turns]

A scripted app-server floods the real tree; the floor is the same flood read through a bare pipe by one process that
parses each line with orjson. Latency is from the moment that an item completed (the app-server's clock, ms) to the
beginning of the transaction that keeps it, and to the moment a listener in the host hears that it is durable, which is
three processes later. Both have 1 ms of resolution.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

import orjson
import psutil

from benchmarks.samples import machine, told
from chaos.scripted import write_executable
from chaos.scripts import ProcessScript
from hybrid_capture.settings import Settings
from tests.live.house import House

SAMPLE_S = 0.05
TURN_S = 0.06
"""A turn at most this often: the facade takes 20 in a second from a renderer."""


def flood(house: House, deltas: int) -> tuple[float, dict[str, int]]:
    """Frames per second from the first to the settled last, and the most memory of each process in bytes."""
    most: dict[str, int] = {}
    over = threading.Event()
    status = house.runtime.status()
    pids = {actor["name"]: actor["pid"] for actor in status["actors"]} | {
        name: house.runtime.pids[name] for name in ("root", "supervisor")
    }

    def look() -> None:
        while not over.wait(SAMPLE_S):
            for name, pid in pids.items():
                most[name] = max(most.get(name, 0), psutil.Process(pid).memory_info().rss)

    thread = house.thread()
    watcher = threading.Thread(target=look)
    watcher.start()
    began = time.perf_counter()
    ended = house.turn(thread, f"SCN:flood:{deltas}")
    took = time.perf_counter() - began
    over.set()
    watcher.join()
    ledger = house.runtime.status()["ledger"]
    assert ended["status"] == "completed"
    assert ledger["balanced"], ledger
    return deltas / took, most


def floor(codex: Path, home: Path, deltas: int) -> float:
    """The same flood through a bare pipe into orjson, in frames per second: no actor, nothing kept."""
    child = subprocess.Popen(
        [codex, "app-server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={"CODEX_HOME": str(home)}
    )
    assert child.stdin is not None
    assert child.stdout is not None

    def say(identity: int, method: str, params: dict[str, object]) -> dict[str, object]:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(orjson.dumps({"id": identity, "method": method, "params": params}) + b"\n")
        child.stdin.flush()
        while (message := orjson.loads(child.stdout.readline())).get("id") != identity:
            pass
        result: dict[str, object] = message["result"]
        return result

    say(1, "initialize", {"clientInfo": {"name": "floor", "version": "1"}, "capabilities": {}})
    child.stdin.write(b'{"method":"initialized"}\n')
    thread = say(2, "thread/start", {})["thread"]
    prompt = [{"type": "text", "text": f"SCN:flood:{deltas}"}]
    began = time.perf_counter()
    say(3, "turn/start", {"threadId": thread["id"], "input": prompt})  # type: ignore[index]
    lines = 0
    for line in child.stdout:
        lines += 1
        if orjson.loads(line).get("method") == "turn/completed":
            break
    took = time.perf_counter() - began
    child.stdin.close()
    child.wait()
    return lines / took


def latencies(house: House, turns: int) -> tuple[list[float], list[float]]:
    """ms from an item's completion to its transaction, and to the news that it is durable."""
    thread = house.thread()
    heard: dict[str, float] = {}
    for number in range(turns):
        time.sleep(TURN_S)
        turn = house.begin(thread, f"SCN:plain {number}")
        while True:
            event = house.events.next(10)
            assert event is not None
            if event.get("event") == "itemStored" and event["kind"] == "agentMessage":
                heard[event["turnId"]] = time.time() * 1000
            if event.get("event") == "turnStored" and event["turnId"] == turn:
                break
    query = """SELECT t.turn_id, i.completed_at_ms, s.seen_at_ms FROM items i JOIN turns t ON t.id = i.turn_row
        JOIN item_sources s ON s.item_row = i.id WHERE i.kind = 'agentMessage' AND s.source = 'stream'"""
    rows = house.rows(query)
    return [seen - done for _, done, seen in rows], [heard[turn] - done for turn, done, _ in rows]


def main(deltas: int = 1_000_000, rounds: int = 3, turns: int = 300) -> None:
    folder = Path(tempfile.mkdtemp(prefix="frames-"))
    codex = write_executable(folder / "codex", script=ProcessScript(auth="chatgpt"))
    print(machine())
    rates: list[float] = []
    floors: list[float] = []
    for number in range(rounds):
        floors.append(floor(codex, folder, deltas))
        settings = Settings(
            watch_codex=False,
            watch_claude=False,
            state_dir=folder / f"state{number}",
            codex=codex,
            codex_home=folder,
            cwd=folder,
        )
        with House(settings) as house:
            house.active()
            rate, most = flood(house, deltas)
        rates.append(rate)
        sizes = ", ".join(f"{name} {size / 1e6:.0f}" for name, size in most.items())
        print(f"{deltas} deltas: {rate:,.0f} frames/s settled, floor {floors[-1]:,.0f}; most RSS in MB: {sizes}")
    ratio = median(rates) / median(floors)
    print(f"median of {rounds}: {median(rates):,.0f} frames/s, {ratio:.2f} of the floor's {median(floors):,.0f}")
    with House(
        Settings(
            watch_codex=False, watch_claude=False, state_dir=folder / "idle", codex=codex, codex_home=folder, cwd=folder
        )
    ) as house:
        house.active()
        begun, heard = latencies(house, turns)
        print(told("item completed -> its transaction begins", begun))
        print(told("item completed -> heard as durable in the host", heard))
    shutil.rmtree(folder)


if __name__ == "__main__":
    main(*[int(word) for word in sys.argv[1:4]])
