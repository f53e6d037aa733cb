"""How fast frames go from the app-server's pipe to settled, beside a bare pipe and orjson, and beside the real codex.

    python -m benchmarks.frames [--deltas N] [--rounds N] [--turns N] [--real-deltas N]

A scripted app-server floods the real tree; the floor is the same bytes read through a bare pipe by one process that
parses each line with orjson. In between, the real codex (`make codex`) says as fast as it can what a loopback model
streams to it in one piece: through a bare pipe, and through the tree. Every rate is from the item's first sign to the
end of its turn: through the tree, that is when the turn is durable.

Latency is from the moment that an item completed (the app-server's clock, ms) to the beginning of the transaction that
keeps it, and to the moment a listener in the host hears that it is durable, which is three processes later. Both have
1 ms of resolution. The last line is JSON.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import orjson
import psutil

from benchmarks.samples import TOOLS, Result, line, machine, print_result, print_table, row
from chaos.loopback_model import LoopbackModel
from chaos.scripted import write_executable
from chaos.scripts import ProcessScript
from hybrid_capture.codex_binary import CodexNotFound, codex_version, resolve_codex
from hybrid_capture.settings import Settings
from tests.live.house import House

SAMPLE_S = 0.05
TURN_S = 0.06
"""A turn at most this often: the facade takes 20 in a second from a renderer."""
SAYS = ("item/started", "item/agentMessage/delta")


MakeHome = Callable[[str], tuple[Path, dict[str, str]]]
"""A name → an empty CODEX_HOME, and the environment in which it is used."""


def settings_of(codex: Path, home: Path, state: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """A tree that has nothing but the stream."""
    return Settings(
        watch_codex=False, watch_claude=False, otlp=False, state_dir=state, codex=codex, codex_home=home, cwd=home,
        codex_environment=dict(environment or {}),
    )  # fmt: skip


def flood(house: House, deltas: int) -> tuple[float, dict[str, int]]:
    """Deltas per second from the item's start to its durable turn, and the most memory of each process in bytes."""
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
    turn = house.begin(thread, f"SCN:flood:{deltas}")
    ended = house.stored(turn)
    ended_ms = time.time() * 1000
    over.set()
    watcher.join()
    assert ended["status"] == "completed"
    ledger = house.ledger()
    assert ledger["balanced"], ledger
    began = house.rows("SELECT started_at_ms FROM items WHERE kind = 'agentMessage'")
    return 1000 * deltas / (ended_ms - began[0][0]), most


def bare(codex: Path, env: Mapping[str, str], cwd: Path, deltas: int) -> float:
    """Deltas per second of the same flood through a bare pipe into orjson: no actor, nothing kept."""
    with subprocess.Popen(
        [codex, "app-server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=dict(env)
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        stdin, stdout = child.stdin, child.stdout

        def say(identity: int, method: str, params: dict[str, object]) -> Result:
            stdin.write(orjson.dumps({"id": identity, "method": method, "params": params}) + b"\n")
            stdin.flush()
            while (message := orjson.loads(stdout.readline())).get("id") != identity:
                pass
            result: Result = message["result"]
            return result

        say(1, "initialize", {"clientInfo": {"name": "floor", "version": "1"}, "capabilities": {}})
        stdin.write(b'{"method":"initialized"}\n')
        thread = say(2, "thread/start", {"cwd": str(cwd)})["thread"]
        prompt = [{"type": "text", "text": f"SCN:flood:{deltas}"}]
        say(3, "turn/start", {"threadId": thread["id"], "input": prompt})
        began, heard = 0.0, 0
        for each in stdout:
            message = orjson.loads(each)
            method = message.get("method")
            if method == SAYS[1]:
                heard += 1
            elif method == "turn/completed":
                break
            elif method == SAYS[0] and message["params"]["item"]["type"] == "agentMessage":
                began = time.perf_counter()
        took = time.perf_counter() - began
        stdin.close()
    assert began
    assert heard == deltas, f"{heard} of {deltas} deltas"
    return deltas / took


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


def flooded(codex: Path, make_home: MakeHome, deltas: int, rounds: int) -> Result:
    """The bare pipe and a fresh tree, in turns: deltas/s of both, and the most memory of each process in MB.

    Each has a home of its own: what a home's history holds, a tree catches up on.
    """
    rates: Result = {"tree": [], "bare": [], "rss_mb": {}}
    for number in range(rounds):
        home, environment = make_home(f"bare{number}")
        rates["bare"].append(bare(codex, environment, home, deltas))
        home, environment = make_home(f"tree{number}")
        with House(settings_of(codex, home, home / "state", environment)) as house:
            house.active()
            rate, most = flood(house, deltas)
        rates["tree"].append(rate)
        for name, size in most.items():
            rates["rss_mb"][name] = max(rates["rss_mb"].get(name, 0), round(size / 1e6))
    return rates


def real_codex() -> Path | None:
    """The codex that `make codex` installs."""
    try:
        return resolve_codex(None, env_path="", search=[TOOLS / "node_modules"])
    except CodexNotFound:
        return None


def main() -> None:
    """Measure, print, give the result."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.frames")
    parser.add_argument("--deltas", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--turns", type=int, default=300)
    parser.add_argument("--real-deltas", type=int, default=100_000)
    options = parser.parse_args()
    print(machine())
    absent: list[str] = []
    peers: dict[str, str] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="frames-", ignore_cleanup_errors=True)))
        codex = write_executable(folder / "codex", script=ProcessScript(auth="chatgpt"))

        def scripted_home(name: str) -> tuple[Path, dict[str, str]]:
            (folder / name).mkdir()
            return folder / name, {"PATH": os.environ["PATH"], "CODEX_HOME": str(folder / name)}

        made = flooded(codex, scripted_home, options.deltas, options.rounds)
        floors = made["bare"]
        rows = [
            row("a scripted flood → bare pipe + orjson", floors, "deltas/s", rate=True),
            row("the same flood → settled, against the bare pipe", made["tree"], "deltas/s", floors, rate=True),
        ]
        program = real_codex()
        if program is None:
            absent.append("the real codex (`make codex`)")
        else:
            model = stack.enter_context(LoopbackModel())

            def real_home(name: str) -> tuple[Path, dict[str, str]]:
                home = model.write_codex_home(folder / f"codex-{name}")
                return home, model.codex_env(home)

            real = flooded(program, real_home, options.real_deltas, min(3, options.rounds))
            peers["codex"] = codex_version(program)
            fastest = real["bare"]
            rows += [
                row("the real codex as fast as it can → bare pipe + orjson", fastest, "deltas/s", rate=True),
                row("the real codex → settled, against its bare pipe", real["tree"], "deltas/s", fastest, rate=True),
                row(
                    "the scripted flood → settled, against the real codex", made["tree"], "deltas/s", fastest, rate=True
                ),
            ]
        print_table(rows, absent)
        with House(settings_of(codex, folder, folder / "idle")) as house:
            house.active()
            begun, heard = latencies(house, options.turns)
        late = [
            row("item completed → its transaction begins", begun, "ms"),
            row("item completed → heard as durable in the host", heard, "ms"),
        ]
        for each in late:
            print(line(each))
    figures = {"most memory in the flood, MB": made["rss_mb"]}
    print_result("frames", [*rows, *late], figures, peers=peers, absent=absent)


if __name__ == "__main__":
    main()
