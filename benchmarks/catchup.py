"""How long catching up takes after a kill of the real codex, and what a round of it without news costs.

    python -m benchmarks.catchup [threads] [kills]

Offline against the loopback model. Times are from SIGKILL of codex to the row that says that everything is stored.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.samples import TOOLS, print_result, print_table, row
from chaos.client import CLIENT_INFO, Client
from chaos.loopback_model import LoopbackModel
from hybrid_capture.codex_binary import codex_version, resolve_codex
from hybrid_capture.settings import Settings
from messages.settings import Timing
from tests.live.house import House

CALM = Timing(restart_window_ms=1, catchup_interval_ms=600_000)
BUSY = Timing(catchup_interval_ms=50)
IDLE_S = 10.0


def fill(codex: Path, model: LoopbackModel, home: Path, workspace: Path, threads: int) -> None:
    with Client([codex, "app-server"], model.codex_env(home)) as client:
        client.request("initialize", {"clientInfo": CLIENT_INFO, "capabilities": {}})
        client.send({"method": "initialized"})
        for number in range(threads):
            thread = client.request("thread/start", {"cwd": str(workspace)})["thread"]["id"]
            said = [{"type": "text", "text": f"SCN:plain {number}", "text_elements": []}]
            client.request("turn/start", {"threadId": thread, "input": said})
            client.wait(lambda m: m.get("method") == "turn/completed", "an end")


def caught_up(house: House, generation: int) -> tuple[int, str]:
    query = f"SELECT at_ms, text FROM audit WHERE kind = 'caught_up' AND subject = 'generation {generation}'"
    while not (found := house.rows(query)):
        house.events.next(0.02)
    return int(found[-1][0]), str(found[-1][1])


def spent(house: House) -> dict[str, float]:
    """CPU seconds of each process so far."""
    status = house.runtime.status()
    pids = {actor["name"]: actor["pid"] for actor in status["actors"]} | {"codex": status["sidecar"]["pid"]}
    return {name: sum(psutil.Process(pid).cpu_times()[:2]) for name, pid in pids.items() if pid}


def main(threads: int, kills: int) -> None:
    codex = resolve_codex(None, env_path="", search=[TOOLS / "node_modules"])
    folder = Path(tempfile.mkdtemp(prefix="catchup-"))
    workspace = folder / "workspace"
    workspace.mkdir()
    with LoopbackModel() as model:
        home = model.write_codex_home(folder / "home")
        fill(codex, model, home, workspace, threads)

        def house(timing: Timing) -> House:
            environment = model.codex_env(home)
            return House(
                Settings(
                    watch_codex=False,
                    watch_claude=False,
                    state_dir=folder / "state",
                    codex=codex,
                    codex_home=home,
                    cwd=workspace,
                    codex_environment=environment,
                    timing=timing,
                )
            )

        times: list[float] = []
        active: list[float] = []
        with house(CALM) as running:
            running.active()
            print("first start, nothing stored:", caught_up(running, 1)[1])
            for generation in range(2, kills + 2):
                before = time.time()
                running.kill("codex")
                running.active(generation)
                active.append((time.time() - before) * 1000)
                at_ms, text = caught_up(running, generation)
                times.append(at_ms - before * 1000)
            print("last restart:", text)
        rows = [
            row(f"SIGKILL of codex → {name}, {threads} threads stored", values, "ms")
            for name, values in (("HYBRID_ACTIVE", active), ("caught up", times))
        ]
        print_table(rows)
        cost: dict[str, dict[str, float]] = {}
        for name, timing in (("calm", CALM), ("busy", BUSY)):
            with house(timing) as running:
                running.active()
                caught_up(running, 1)
                start, end = spent(running), time.monotonic() + IDLE_S
                while time.monotonic() < end:
                    running.events.next(end - time.monotonic())
                after = spent(running)
                cost[name] = {who: after[who] - start[who] for who in after}
        rounds = IDLE_S * 1000 / BUSY.catchup_interval_ms
        figures = {
            f"a round without news, CPU ms of {who}": round(1000 * (cost["busy"][who] - cost["calm"][who]) / rounds, 2)
            for who in cost["busy"]
        }
        print(f"at most {rounds:.0f} rounds: {figures}")
    shutil.rmtree(folder)
    print_result("catchup", rows, figures, peers={"codex": codex_version(codex)})


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:3]]
    main(*[*given, *(40, 20)[len(given) :]])
