"""What it costs as work grows: time, memory and disk for 10^2 … 10^N sessions, items and files.

    python -m benchmarks.growth [exponent, 4 unless given, at most 6] [sessions|items|files …]

Each point is a process and a store of its own, so that its memory is its own. Sessions have one turn and one answer
each; items stand in sessions of 400; files are transcripts of one turn. What is told beside the time of storing: what
the last tenth cost against the first, a search for one word of the last record, the newest sessions, and for files an
import of all of them again, which has to find that nothing changed. A cost per piece that grows with the number of
pieces is a bug here.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import orjson
import psutil

from benchmarks.peers import run
from benchmarks.samples import Result, print_result
from benchmarks.storing import items_of
from benchmarks.tool_files import small_transcript
from messages.baseline import KeepRecords
from messages.records import FinalItem, SessionSeen, TurnSeen
from storage.reader import Reader
from storage.store import Store

KINDS = ("sessions", "items", "files")
PER_MESSAGE = 50
ASKED = 5
"""How often a question is asked; the median is told."""
FOLDER_FILES = 1_000
WORD = "quetzalcoatlus"
"""Stands in the last record only."""


def message(kind: str, n: int, first: int, count: int, last: bool) -> KeepRecords:
    """So many sessions or items, as the tail of files brings them."""
    made = list(items_of(random.Random(n), first, count))
    if kind == "sessions":
        made = [
            item.model_copy(update={"session_id": f"s-{item.item_id}", "turn_id": f"t-{item.item_id}"}) for item in made
        ]
    if last:
        made[-1] = _said(made[-1])
    ids = sorted({(item.session_id, item.turn_id) for item in made})
    seen = tuple(SessionSeen(session_id=each, cwd="/w", title="a title") for each in sorted({each for each, _ in ids}))
    turns = tuple(TurnSeen(session_id=each, turn_id=turn, status="completed", completed_at_ms=n) for each, turn in ids)
    received = len(made) + len(seen) + len(turns)
    return KeepRecords(
        incarnation=1, n=n, tool="claude", source="transcript", received=received, sessions=seen, turns=turns,
        items=tuple(made),
    )  # fmt: skip


def _said(item: FinalItem) -> FinalItem:
    body = orjson.dumps({"text": f"the last word is {WORD}"}).decode()
    return item.model_copy(update={"kind": "agentMessage", "body": body})


def stored(kind: str, count: int, folder: Path) -> Result:
    """A store with so many pieces, made in this process."""
    path = folder / "capture.sqlite3"
    store = Store(path, run_id="growth")
    each: list[float] = []
    for n, first in enumerate(range(0, count, PER_MESSAGE), 1):
        size = min(PER_MESSAGE, count - first)
        told = message(kind, n, first, size, first + size >= count)
        began = time.process_time()
        store.keep_records(told, 1)
        each.append(time.process_time() - began)
    store.close()
    tenth = max(1, len(each) // 10)
    return {
        "cpu_s": sum(each), "last_to_first_tenth": median(each[-tenth:]) / median(each[:tenth]),
        "rss_mb": psutil.Process().memory_info().rss / 1e6, **_asked(path),
    }  # fmt: skip


def imported(count: int, folder: Path) -> Result:
    """So many small files, imported by the verb, and once more."""
    for number in range(count):
        place = folder / "files" / f"-p{number // FOLDER_FILES}"
        if number % FOLDER_FILES == 0:
            place.mkdir(parents=True)
        said = f"the last word is {WORD}" if number + 1 == count else "done"
        (place / f"{number}.jsonl").write_bytes(small_transcript(number, said))
    first, again = (_import(folder) for _ in range(2))
    return {
        "cpu_s": first["cpu_s"], "rss_mb": first["rss_mb"], "again_cpu_s": again["cpu_s"],
        **_asked(folder / "state" / "capture.sqlite3"),
    }  # fmt: skip


def _import(folder: Path) -> Result:
    words = [sys.executable, "-m", "hybrid_capture", "import", str(folder / "files"), "--json", "--state-dir"]
    return run([*words, str(folder / "state")], {}, folder / "said")


def _asked(path: Path) -> Result:
    """Questions to a store of this size, in ms, and the bytes that it takes on the disk."""
    with Reader(path) as reader:
        found = reader.search(WORD)
        assert found["hits"], "the last word is found"
        return {
            "search_ms": _ms(lambda: reader.search(WORD)), "newest_ms": _ms(lambda: reader.sessions(50)),
            "disk_mb": sum(each.stat().st_size for each in path.parent.glob(f"{path.name}*")) / 1e6,
        }  # fmt: skip


def _ms(ask: Callable[[], object]) -> float:
    took = []
    for _ in range(ASKED):
        began = time.perf_counter()
        ask()
        took.append((time.perf_counter() - began) * 1e3)
    return median(took)


def point(kind: str, count: int) -> Result:
    """One point, in this process."""
    with tempfile.TemporaryDirectory() as folder:
        found = imported(count, Path(folder)) if kind == "files" else stored(kind, count, Path(folder))
    return {"count": count, **{name: round(value, 3) for name, value in found.items()}}


def main() -> None:
    """Every point of every kind, each in a process of its own."""
    if sys.argv[1:2] == ["--point"]:
        print(orjson.dumps(point(sys.argv[2], int(sys.argv[3]))).decode())
        return
    exponent = min(6, int(sys.argv[1])) if len(sys.argv) > 1 else 4
    found: dict[str, list[Result]] = {}
    for kind in sys.argv[2:] or KINDS:
        for power in range(2, exponent + 1):
            words = [sys.executable, "-m", "benchmarks.growth", "--point", kind, str(10**power)]
            said = subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout
            one: Result = orjson.loads(said.splitlines()[-1])
            found.setdefault(kind, []).append(one)
            per_ms = 1e3 * one["cpu_s"] / one["count"]
            print(
                f"{kind:<9}{one['count']:>9,}: {per_ms:.3f} ms each, "
                + ", ".join(f"{name} {value:g}" for name, value in one.items() if name not in ("count", "cpu_s")),
                flush=True,
            )
    print_result("growth", {"points": found})


if __name__ == "__main__":
    main()
