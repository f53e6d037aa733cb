"""Spans over OTLP: durable records/s of ours beside those of arize-phoenix, a Python OTLP server, on the same bodies.

    make peers && python -m benchmarks.otlp_peer [--records N] [--rounds N]

Both get the same protobuf requests of 512 spans over four connections, in turns. Ours answers when a span is durable;
Phoenix answers when it has queued it, so its time runs until its database has every row, and both figures are told.
Decoding alone, ours on one core, stands beside them. Phoenix is started before anything is measured, which takes it up
to minutes. It listens on every interface, so that all of this runs in a network of its own. The last line is JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from actors.machines.drafting import Drafting
from benchmarks.alone import ALONE, IMPOSSIBLE, possible
from benchmarks.samples import TOOLS, machine, print_result, print_table, row
from chaos.traffic.telemetry import Record, encoded
from chaos.traffic.truth import Owner
from hybrid_capture.runtime import CaptureRuntime
from hybrid_capture.settings import Settings

BATCH = 512
CONNECTIONS = 4
START_S = 240.0
STORED_S = 120.0
PEER = TOOLS / "phoenix"
SESSION = Owner("claude", "5f0c1f7e-0000-4000-8000-000000000001")
HEADERS = {"Content-Type": "application/x-protobuf"}


def bodies(first: int, records: int) -> list[bytes]:
    """Requests with spans of model calls, each with its own ids."""

    def span(number: int) -> Record:
        given: dict[str, str | int | float | bool] = {
            "session.id": SESSION.session, "span.type": "llm_request", "gen_ai.system": "anthropic", "model": "sonnet",
            "gen_ai.request.model": "claude-sonnet-4-5", "request_id": f"req_{number}", "input_tokens": 100,
            "output_tokens": 42, "cache_read_tokens": 50, "ttft_ms": 14, "query_source": "sdk", "speed": "normal",
            "user_prompt": "the quick brown fox jumps over the lazy dog and reads main.py line 42 again",
        }  # fmt: skip
        at_ms = 1_795_329_169_000 + number
        return Record("traces", SESSION, number, "claude_code.llm_request", at_ms, given, f"{number // 8 + 1:032x}")

    return [
        encoded([span(number) for number in range(at, at + BATCH)], "protobuf")
        for at in range(first, first + records, BATCH)
    ]


def posted(port: int, given: list[bytes], headers: dict[str, str]) -> None:
    """Have all requests answered with 200, over several connections."""
    waiting = iter(given)
    lock = threading.Lock()

    def run() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while True:
            with lock:
                body = next(waiting, None)
            if body is None:
                break
            while True:
                connection.request("POST", "/v1/traces", body, {**HEADERS, **headers})
                answer = connection.getresponse()
                answer.read()
                if answer.status == 200:
                    break
                assert answer.status in (429, 503), answer.status
                time.sleep(1)
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def round_of(port: int, given: list[bytes], headers: dict[str, str], stored: Callable[[], int]) -> tuple[float, float]:
    """Seconds until everything was answered, and until everything was stored."""
    wanted = stored() + len(given) * BATCH
    began = time.perf_counter()
    posted(port, given, headers)
    answered = time.perf_counter() - began
    while (found := stored()) < wanted:
        assert time.perf_counter() - began < STORED_S, f"{found} of {wanted} spans are stored"
        time.sleep(0.02)
    return answered, time.perf_counter() - began


def counting(database: Path, table: str) -> Callable[[], int]:
    def count() -> int:
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as connection:
            try:
                return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
            except sqlite3.OperationalError:
                return 0

    return count


def version() -> str:
    ask = "import importlib.metadata as m; print(m.version('arize-phoenix'))"
    done = subprocess.run([PEER / "bin" / "python", "-c", ask], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@contextlib.contextmanager
def phoenix(folder: Path) -> Iterator[tuple[int, Callable[[], int]]]:
    """A running Phoenix on its SQLite file: its port, how many spans it has."""
    ports = []
    for _ in range(2):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            ports.append(probe.getsockname()[1])
    env = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "PHOENIX_WORKING_DIR": str(folder),
        "PHOENIX_HOST": "127.0.0.1", "PHOENIX_PORT": str(ports[0]), "PHOENIX_GRPC_PORT": str(ports[1]),
        "PHOENIX_TELEMETRY_ENABLED": "false",
    }  # fmt: skip
    with (folder / "log").open("wb") as log:
        server = psutil.Popen([PEER / "bin" / "phoenix", "serve"], env=env, stdout=log, stderr=log, cwd=folder)
    try:
        end = time.monotonic() + START_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", ports[0]), 1):
                break
            if time.monotonic() > end or server.poll() is not None:
                raise SystemExit(f"Phoenix does not start: {(folder / 'log').read_text()[-2_000:]}")
            time.sleep(0.2)
        yield ports[0], counting(folder / "phoenix.db", "spans")
    finally:
        for each in [*server.children(recursive=True), server]:
            with contextlib.suppress(psutil.Error):
                each.kill()
        server.wait()


@contextlib.contextmanager
def ours(folder: Path) -> Iterator[tuple[int, Callable[[], int], dict[str, str]]]:
    """A running runtime: its port, how many spans it has, what opens it."""
    with CaptureRuntime(Settings(state_dir=folder, streaming=False, otlp_port=0)) as runtime:
        runtime.wait_until(lambda status: status["baseline"]["healthy"], "a healthy baseline")
        token = (folder / "otlp.token").read_text().strip()
        port = int(runtime.addresses["otlp"].rpartition(":")[2])
        yield port, counting(folder / "capture.sqlite3", "events"), {"Authorization": f"Bearer {token}"}


def decode_only(given: list[bytes]) -> float:
    drafting, count, began = Drafting(), 0, time.perf_counter()
    for body in given:
        count += sum(draft.received for draft in drafting.decode("traces", "protobuf", body))
    return count / (time.perf_counter() - began)


def measured(records: int, rounds: int) -> dict[str, list[float]]:
    """Records/s by what was measured. Errors: SystemExit when Phoenix does not start."""
    rates: dict[str, list[float]] = {"decoded": [], "answered": [], "stored": [], "ours": []}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        (folder / "peer").mkdir()
        with (
            phoenix(folder / "peer") as (peer_port, peer_stored),
            ours(folder / "state") as (port, stored, headers),
        ):
            for number in range(rounds):
                given = bodies(number * records, records)
                answered, _ = round_of(port, given, headers, stored)
                rates["ours"].append(records / answered)
                answered, durable = round_of(peer_port, given, {}, peer_stored)
                rates["answered"].append(records / answered)
                rates["stored"].append(records / durable)
                rates["decoded"].append(decode_only(given))
                print(", ".join(f"{name} {each[-1]:,.0f}/s" for name, each in rates.items()), flush=True)
    return rates


def main() -> None:
    """Measure in a network of its own, print, give the result."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.otlp_peer")
    parser.add_argument("--records", type=int, default=2_048)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--alone", action="store_true", help="it is already in a network of its own")
    options = parser.parse_args()
    absent = []
    if not (PEER / "bin" / "phoenix").exists():
        absent.append("arize-phoenix (`make peers`)")
    elif not options.alone and possible():
        os.execvp(ALONE[0], [*ALONE, sys.executable, "-m", "benchmarks.otlp_peer", *sys.argv[1:], "--alone"])
    elif not options.alone:
        absent.append(f"arize-phoenix: {IMPOSSIBLE}")
    print(machine())
    if absent:
        print_table([], absent)
        print_result("otlp_peer", [], absent=absent)
        return
    rates = measured(options.records, options.rounds)
    beside = rates["stored"]
    rows = [
        row("arize-phoenix, in its database", beside, "spans/s", rate=True),
        row("arize-phoenix, answered before that", rates["answered"], "spans/s", beside, rate=True),
        row("hybrid-capture, durable before its answer", rates["ours"], "spans/s", beside, rate=True),
        row("decoding alone, one core", rates["decoded"], "spans/s", beside, rate=True),
    ]
    print_table(rows)
    print_result("otlp_peer", rows, {"spans of a round": options.records}, peers={"arize-phoenix": version()})


if __name__ == "__main__":
    main()
