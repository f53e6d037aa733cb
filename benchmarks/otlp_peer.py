"""Spans over OTLP: durable records/s of ours beside those of arize-phoenix, a Python OTLP server, on the same bodies.

    python -m venv .tools/phoenix && .tools/phoenix/bin/pip install arize-phoenix
    python -m benchmarks.otlp_peer [--phoenix .tools/phoenix] [--records N] [--rounds N]

Both get the same protobuf requests of 512 spans over four connections, in turns. Ours answers when a span is durable;
Phoenix answers when it has queued it, so its time runs until its database has every row, and both figures are told.
Decoding alone, ours on one core, stands beside them. The last line is JSON.
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
from statistics import median

import psutil

from actors.machines.drafting import Drafting
from benchmarks.samples import Result, machine, print_result, spread
from chaos.traffic.telemetry import Record, encoded
from chaos.traffic.truth import Owner
from hybrid_capture.runtime import CaptureRuntime
from hybrid_capture.settings import Settings

BATCH = 512
CONNECTIONS = 4
START_S = 300.0
STORED_S = 300.0
PEER = Path(".tools/phoenix")
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


@contextlib.contextmanager
def phoenix(peer: Path, folder: Path) -> Iterator[tuple[int, Callable[[], int], str]]:
    """A running Phoenix on its SQLite file: its port, how many spans it has, its version."""
    ports = []
    for _ in range(2):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            ports.append(probe.getsockname()[1])
    env = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "PHOENIX_WORKING_DIR": str(folder),
        "PHOENIX_HOST": "127.0.0.1", "PHOENIX_PORT": str(ports[0]), "PHOENIX_GRPC_PORT": str(ports[1]),
        "PHOENIX_TELEMETRY_ENABLED": "false",
    }  # fmt: skip
    version = subprocess.run(
        [peer / "bin" / "python", "-c", "import importlib.metadata as m; print(m.version('arize-phoenix'))"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    with (folder / "log").open("wb") as log:
        server = psutil.Popen([peer / "bin" / "phoenix", "serve"], env=env, stdout=log, stderr=log, cwd=folder)
    try:
        end = time.monotonic() + START_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", ports[0]), 1):
                break
            if time.monotonic() > end or server.poll() is not None:
                raise SystemExit(f"Phoenix does not start: {(folder / 'log').read_text()[-2_000:]}")
            time.sleep(0.2)
        yield ports[0], counting(folder / "phoenix.db", "spans"), version
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


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.otlp_peer", description=__doc__)
    parser.add_argument("--phoenix", type=Path, default=PEER, help="virtual environment with arize-phoenix")
    parser.add_argument("--records", type=int, default=10_240)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if not (options.phoenix / "bin" / "phoenix").exists():
        print(f"{options.phoenix} has no Phoenix: python -m venv {options.phoenix} && "
              f"{options.phoenix}/bin/pip install arize-phoenix", file=sys.stderr)  # fmt: skip
        return 2
    print(machine())
    rates: dict[str, list[float]] = {"ours": [], "phoenix answered": [], "phoenix stored": [], "decode only": []}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "peer").mkdir()
        with (
            phoenix(options.phoenix.absolute(), folder / "peer") as (peer_port, peer_stored, version),
            ours(folder / "state") as (port, stored, headers),
        ):
            for number in range(options.rounds):
                given = bodies(number * options.records, options.records)
                answered, durable = round_of(port, given, headers, stored)
                rates["ours"].append(options.records / answered)
                answered, durable = round_of(peer_port, given, {}, peer_stored)
                rates["phoenix answered"].append(options.records / answered)
                rates["phoenix stored"].append(options.records / durable)
                rates["decode only"].append(decode_only(given))
                print(", ".join(f"{name} {each[-1]:,.0f}/s" for name, each in rates.items()), flush=True)
    ratios = [a / b for a, b in zip(rates["ours"], rates["phoenix stored"], strict=True)]
    print(f"ours is {median(ratios):.1f} times phoenix {version} (stored), n {len(ratios)}")
    found: Result = {name.replace(" ", "_"): spread(each) for name, each in rates.items()}
    print_result("otlp_peer", {"phoenix": version, "records": options.records, **found, "ratio": spread(ratios)})
    return 0


if __name__ == "__main__":
    sys.exit(main())
