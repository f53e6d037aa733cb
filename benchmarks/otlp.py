"""OTLP: records/s that are durable before their 200, latency at half of that, beside decoding alone. Both encodings.

    python -m benchmarks.otlp [--records N] [--rounds N]

Bodies are those of Claude Code: 512 log records of about 1.2 KB; `--records` says how many per encoding and round. The
client shares the machine: what it costs is part of the figures. Beside the wall clock stands what each process computed
per record, which other work on the machine does not stretch. The last line is JSON.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from actors.machines.drafting import Drafting
from actors.wire.otlp_answers import CONTENT_TYPES
from benchmarks.samples import Result, print_result, print_table, row
from hybrid_capture.runtime import CaptureRuntime
from hybrid_capture.settings import Settings
from messages.otlp import Encoding
from tests.actors.wire.otlp_bodies import api_request, as_json, as_protobuf, claude_log, request

BATCH = 512
"""What the tools' exporters put into one request at most."""
CONNECTIONS = 4
WORDS = "the quick brown fox jumps over the lazy dog and reads /home/me/project/src/main.py line 42 again "


def bodies(encoding: Encoding, records: int) -> list[bytes]:
    """Distinct requests: a prompt, calls and results of tools with some text, tokens and cost."""
    numbers = itertools.count()

    def record() -> dict[str, object]:
        n = next(numbers)
        at_ms = 1_795_329_169_000 + n
        if n % 5 == 0:
            return api_request(f"req_{encoding}_{n}", at_ms=at_ms, sequence=n)
        if n % 5 == 1:
            return claude_log("user_prompt", n, at_ms, prompt=WORDS * 3, prompt_length="300")
        return claude_log(
            "tool_result", n, at_ms, tool_name="Bash", tool_use_id=f"toolu_{encoding}_{n}", success="true",
            duration_ms="54", tool_input_size_bytes="88", tool_result_size_bytes="141", encoding=encoding,
            tool_parameters='{"bash_command":"ls","full_command":"ls -la src"}',
        )  # fmt: skip

    documents = (request("logs", *(record() for _ in range(BATCH))) for _ in range(records // BATCH))
    return [as_json(each) if encoding == "json" else as_protobuf("logs", each) for each in documents]


def decode_only(encoding: Encoding, given: list[bytes]) -> float:
    """Records/s that are read, understood and drafted, on one core."""
    drafting, count, begun = Drafting(), 0, time.perf_counter()
    for body in given:
        count += sum(draft.received for draft in drafting.decode("logs", encoding, body))
    return count / (time.perf_counter() - begun)


class Spending:
    """What the processes of a runtime computed since the last look, in µs, by name."""

    def __init__(self, runtime: CaptureRuntime) -> None:
        named = {actor["name"]: actor["pid"] for actor in runtime.status()["actors"]}
        named |= {name: runtime.pids[name] for name in ("root", "supervisor")}
        below = psutil.Process(runtime.pids["root"]).children()
        named["gateway"] = next(each.pid for each in below if "hybrid_capture.gateway" in each.cmdline())
        named["client"] = os.getpid()
        self._processes = {name: psutil.Process(pid) for name, pid in named.items() if pid}
        self._before = self._now()

    def _now(self) -> dict[str, float]:
        return {name: sum(each.cpu_times()[:2]) * 1e6 for name, each in self._processes.items()}

    def since(self) -> dict[str, float]:
        before, self._before = self._before, self._now()
        return {name: spent - before[name] for name, spent in self._before.items()}


class Client:
    """Posts bodies over its own connection."""

    def __init__(self, port: int, token: str, encoding: Encoding) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": CONTENT_TYPES[encoding]}

    def post(self, body: bytes) -> float:
        """Seconds until it was durable."""
        while True:
            begun = time.perf_counter()
            self._connection.request("POST", "/v1/logs", body, self._headers)
            response = self._connection.getresponse()
            response.read()
            if response.status == 200:
                return time.perf_counter() - begun
            assert response.status == 503, response.status
            time.sleep(1)


def sustained(make: Callable[[], Client], given: list[bytes]) -> float:
    """Records/s over several connections, as fast as it goes."""
    waiting = iter(given)
    lock = threading.Lock()

    def run() -> None:
        client = make()
        while True:
            with lock:
                body = next(waiting, None)
            if body is None:
                return
            client.post(body)

    threads = [threading.Thread(target=run) for _ in range(CONNECTIONS)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(given) * BATCH / (time.perf_counter() - begun)


def at_half_load(make: Callable[[], Client], given: list[bytes], rate: float) -> list[float]:
    """Seconds per request at half the sustained rate, one connection as the tools have it."""
    client, every_s, found = make(), BATCH / (rate / 2), []
    next_s = time.perf_counter()
    for body in given:
        time.sleep(max(0.0, next_s - time.perf_counter()))
        next_s += every_s
        found.append(client.post(body))
    return found


def measured(encoding: Encoding, records: int) -> Result:
    """One runtime on a fresh store, and everything about one encoding."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        with CaptureRuntime(Settings(state_dir=state, streaming=False, otlp_port=0)) as runtime:
            runtime.wait_until(lambda status: status["baseline"]["healthy"], "a healthy baseline")
            port = int(runtime.addresses["otlp"].rpartition(":")[2])
            token = (state / "otlp.token").read_text().strip()

            def make() -> Client:
                return Client(port, token, encoding)

            given = bodies(encoding, 2 * records)
            half = len(given) // 2
            decoded = decode_only(encoding, given[: half // 2])
            spending = Spending(runtime)
            rate = sustained(make, given[:half])
            spent = {name: micros / (half * BATCH) for name, micros in spending.since().items()}
            times = at_half_load(make, given[half:], rate)
            ledger = runtime.status()["ledger"]
            assert ledger["balanced"], ledger
            assert ledger["dispositions"] == {"stored": len(given) * BATCH}, ledger
    return {
        "bytes_per_record": round(sum(map(len, given)) / len(given) / BATCH), "decode_only_per_s": round(decoded),
        "durable_per_s": round(rate), "half_load_ms": [1_000 * each for each in times],
        "cpu_us_per_record": {name: round(micros, 1) for name, micros in spent.items() if micros >= 0.5},
    }  # fmt: skip


def main() -> None:
    """Both encodings, in turns, each round on a fresh store."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.otlp")
    parser.add_argument("--records", type=int, default=20_480)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    runs: dict[Encoding, list[Result]] = {"json": [], "protobuf": []}
    for _ in range(options.rounds):
        for encoding, each in runs.items():
            each.append(measured(encoding, options.records))
    rows: list[Result] = []
    figures: Result = {"records of a round": options.records}
    for encoding, each in runs.items():
        decoded = [run["decode_only_per_s"] for run in each]
        durable = [run["durable_per_s"] for run in each]
        late = [ms for run in each for ms in run["half_load_ms"]]
        rows += [
            row(f"{encoding}: decoded only, one core", decoded, "records/s", rate=True),
            row(f"{encoding}: durable before their 200", durable, "records/s", decoded, rate=True),
            row(f"{encoding}: a request of {BATCH} at half load", late, "ms"),
        ]
        figures[f"{encoding}, bytes of a record"] = each[0]["bytes_per_record"]
        figures[f"{encoding}, CPU µs of a record"] = each[-1]["cpu_us_per_record"]
    print_table(rows)
    print_result("otlp", rows, figures)


if __name__ == "__main__":
    main()
