"""What reading one line of the app-server costs each codec, beside a bare `orjson.loads` loop over the same bytes.

    python -m benchmarks.wire [rounds]

The ratios are to that floor: below 1 is faster than parsing each line by itself.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import orjson

from actors.wire.batch import decode_batch, decode_runs
from actors.wire.hot import control_lines, is_hot
from actors.wire.lines import LineSplitter
from actors.wire.methods import decode
from benchmarks.samples import line, print_result, row

THREAD, TURN = "01a201f9-44ea-7f31-92f6-e674740ab2da", "01a201f9-44fa-7851-aac8-035973abf4b0"
BATCH_BYTES = 256 * 1024


def delta(n: int, method: str = "item/agentMessage/delta", thread: str = THREAD) -> bytes:
    """A delta of 221 bytes, as codex 0.169 writes them."""
    params = {"threadId": thread, "turnId": TURN, "itemId": "msg_1", "delta": f"tok{n % 10_000:05} "}
    return orjson.dumps({"method": method, "params": params, "emittedAtMs": 1795329443140 + n}) + b"\n"


def batch(made: Callable[[int], bytes]) -> tuple[bytes, int]:
    lines: list[bytes] = []
    while sum(map(len, lines)) < BATCH_BYTES:
        lines.append(made(len(lines)))
    return b"".join(lines), len(lines)


def completed(n: int) -> bytes:
    item = {"type": "agentMessage", "id": f"msg_{n}", "text": "word " * 100, "phase": None, "startedAtMs": 1}
    params = {"item": item, "threadId": THREAD, "turnId": TURN, "contentTokenCount": None, "completedAtMs": 2}
    return orjson.dumps({"method": "item/completed", "params": params, "emittedAtMs": 3}) + b"\n"


FLOOD, FLOOD_COUNT = batch(delta)
MIXED, MIXED_COUNT = batch(lambda n: delta(n) if n % 100 else b'{"id":%d,"result":{}}\n' % n)
INTERLEAVED, INTERLEAVED_COUNT = batch(lambda n: delta(n, thread=f"01a201f9-44ea-7f31-92f6-e67474{n % 8:06}"))
OUTPUT, OUTPUT_COUNT = batch(lambda n: delta(n, "item/commandExecution/outputDelta"))
ITEMS, ITEMS_COUNT = batch(completed)
CHUNKS = [FLOOD[at : at + 65_536] for at in range(0, len(FLOOD), 65_536)]


def floor(data: bytes) -> Callable[[], Any]:
    """The least that reads a line: split, parse, look at the text. No validation, no value."""

    def run() -> None:
        for each in data.split(b"\n"):
            if each:
                orjson.loads(each)["params"].get("delta")

    return run


def split() -> None:
    splitter = LineSplitter(8 * 1024 * 1024)
    for chunk in CHUNKS:
        splitter.feed(chunk)


CASES: dict[str, tuple[int, Callable[[], Any]]] = {
    "floor: bare orjson.loads loop": (FLOOD_COUNT, floor(FLOOD)),
    "decode_batch, one item": (FLOOD_COUNT, lambda: decode_batch(FLOOD)),
    "decode_batch, one item, counting fields": (FLOOD_COUNT, lambda: decode_batch(FLOOD, {})),
    "decode_batch, 8 threads interleaved": (INTERLEAVED_COUNT, lambda: decode_batch(INTERLEAVED)),
    "decode_batch, 1 in 100 a response": (MIXED_COUNT, lambda: decode_batch(MIXED)),
    "decode_runs, one item": (FLOOD_COUNT, lambda: decode_runs(FLOOD)),
    "decode line by line": (FLOOD_COUNT, lambda: [decode(line) for line in FLOOD.split(b"\n")[:-1]]),
    "control_lines, all hot, count known": (FLOOD_COUNT, lambda: list(control_lines(FLOOD, FLOOD_COUNT))),
    "control_lines, all hot": (FLOOD_COUNT, lambda: list(control_lines(FLOOD))),
    "control_lines, all command output": (OUTPUT_COUNT, lambda: list(control_lines(OUTPUT, OUTPUT_COUNT))),
    "control_lines, 1 in 100 a response": (MIXED_COUNT, lambda: list(control_lines(MIXED, MIXED_COUNT))),
    "is_hot in a loop over split lines": (FLOOD_COUNT, lambda: [is_hot(line) for line in FLOOD.split(b"\n")]),
    "LineSplitter, 64 KiB reads": (FLOOD_COUNT, split),
    "floor: bare orjson.loads, item/completed": (ITEMS_COUNT, floor(ITEMS)),
    "decode_batch, item/completed of 0.7 kB": (ITEMS_COUNT, lambda: decode_batch(ITEMS)),
}


def main() -> None:
    """Measure, print, give the result."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    times: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(rounds):  # all cases in turn, so that a slow moment of the machine hits all of them
        for name, (count, run) in CASES.items():
            begin = time.perf_counter()
            run()
            times[name].append(1e6 * (time.perf_counter() - begin) / count)
    rows, beside = [], None
    for name, taken in times.items():
        if name.startswith("floor"):
            beside = taken
        rows.append(row(name, taken, "µs per line", beside))
        print(line(rows[-1]))
    print_result("wire", rows, {"batch, KiB": BATCH_BYTES // 1024, "deltas of a batch": FLOOD_COUNT})


if __name__ == "__main__":
    main()
