"""What it costs as work grows, for 10^2 … 10^6 sessions, items and files: time of each piece, memory, disk, questions.

    python -m benchmarks.growth [--exponent 6] [--seconds 240] [sessions|items|imports|files …]

Sessions have one turn and one answer each; items stand in sessions of 400, with commands and diffs; both go into one
growing store by the store's verb and are looked at whenever their number is a power of ten. Imports are transcripts of
one turn, imported by the command into a store of their own, and once more, which has to find that nothing changed.
Files are what following them has to look at: a walk over so many. Two kinds run at a time, one on each core.

`each_us` is the CPU time of one piece since the point before, where a cost that grows with the number of pieces shows;
of imports and files it is that of all of them, the command's start included. No kind takes longer than `--seconds`:
what it did not reach is said. `search_ms` looks for a word that only the newest piece says, `newest_ms` asks for the
fifty newest sessions. The last line is JSON.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import orjson
import psutil

from actors.folders import walk
from benchmarks.peers import run
from benchmarks.samples import Result, print_result
from benchmarks.storing import items_of
from benchmarks.tool_files import small_transcript
from messages.baseline import KeepRecords
from messages.records import FinalItem, SessionSeen, TurnSeen
from storage.reader import Reader
from storage.store import Store

KINDS = ("sessions", "items", "imports", "files")
FIRST = 2
"""The power of ten at which counting begins."""
EXPONENT, SECONDS = 6, 240.0
PER_MESSAGE = 200
POOL = 2_000
"""Different texts; making a million of them would take longer than storing them."""
SESSION_ITEMS, TURN_ITEMS = 400, 40
ASKED = 5
"""How often a question is asked; the median is told."""
FOLDER_FILES = 1_000
WORD = "quetzalcoatlus"
"""Followed by a number, it stands in the last record of a point only."""


class Pieces:
    """Messages with so many sessions or items, as the tail of files brings them."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._items = items_of(random.Random(1), 0, POOL)

    def message(self, n: int, first: int, count: int, said: str) -> KeepRecords:
        """Message number `n`; its last item says `said`, where that is anything."""
        made = [self._item(number) for number in range(first, first + count)]
        if said:
            body = orjson.dumps({"text": f"the last word is {said}"}).decode()
            made[-1] = made[-1].model_copy(update={"kind": "agentMessage", "body": body})
        ids = sorted({(item.session_id, item.turn_id) for item in made})
        seen = tuple(
            SessionSeen(session_id=each, cwd="/w", title="a title") for each in sorted({each for each, _ in ids})
        )
        turns = tuple(
            TurnSeen(session_id=each, turn_id=turn, status="completed", completed_at_ms=n) for each, turn in ids
        )
        return KeepRecords(
            incarnation=1, n=n, tool="claude", source="transcript", received=len(made) + len(seen) + len(turns),
            sessions=seen, turns=turns, items=tuple(made),
        )  # fmt: skip

    def _item(self, number: int) -> FinalItem:
        alone = self._kind == "sessions"
        return self._items[number % POOL].model_copy(
            update={
                "session_id": f"s-{number}" if alone else f"s-{number // SESSION_ITEMS}",
                "turn_id": f"t-{number}" if alone else f"t-{number // TURN_ITEMS}",
                "item_id": f"i-{number}", "started_at_ms": number, "completed_at_ms": number + 1,
            }
        )  # fmt: skip


def stored(kind: str, powers: range, end: float, folder: Path) -> Iterator[Result]:
    """One store that grows, in this process."""
    path = folder / "capture.sqlite3"
    store, pieces = Store(path, run_id="growth"), Pieces(kind)
    n = before = 0
    for power in powers:
        began, spent = time.perf_counter(), 0.0
        done = before
        while done < 10**power and time.monotonic() < end:
            size = min(PER_MESSAGE, 10**power - done)
            last = done + size == 10**power
            told = pieces.message(n := n + 1, done, size, f"{WORD}{power}" if last else "")
            at = time.process_time()
            store.keep_records(told, 1)
            spent += time.process_time() - at
            done += size
        if done < 10**power:
            told = pieces.message(n + 1, done, 1, f"{WORD}{power}")
            store.keep_records(told, 1)
            done += 1
        yield {
            "count": done, "cpu_s": spent, "each_us": 1e6 * spent / (done - before),
            "wall_s": time.perf_counter() - began, "rss_mb": psutil.Process().memory_info().rss / 1e6,
            **_asked(path, f"{WORD}{power}"),
        }  # fmt: skip
        if done < 10**power:
            break
        before = done
    store.close()


def imported(powers: range, end: float, folder: Path) -> Iterator[Result]:
    """So many small transcripts into a store of their own, by the command, and once more."""
    began = time.monotonic()
    for power in powers:
        if time.monotonic() + 10 * (time.monotonic() - began) > end and power > FIRST:
            break  # the last point took a tenth of what this one takes
        began = time.monotonic()
        place = folder / str(power)
        for number in range(10**power):
            if number % FOLDER_FILES == 0:
                (place / "files" / f"-p{number // FOLDER_FILES}").mkdir(parents=True)
            said = f"the last word is {WORD}{power}" if number + 1 == 10**power else "done"
            path = place / "files" / f"-p{number // FOLDER_FILES}" / f"{number}.jsonl"
            path.write_bytes(small_transcript(number, said))
        first, again = (_import(place) for _ in range(2))
        yield {
            "count": 10**power, "cpu_s": first["cpu_s"], "each_us": 1e6 * first["cpu_s"] / 10**power,
            "wall_s": first["wall_s"], "rss_mb": first["rss_mb"], "again_cpu_s": again["cpu_s"],
            **_asked(place / "state" / "capture.sqlite3", f"{WORD}{power}"),
        }  # fmt: skip


def _import(folder: Path) -> Result:
    words = [sys.executable, "-m", "hybrid_capture", "import", str(folder / "files"), "--json", "--state-dir"]
    return run([*words, str(folder / "state")], {}, folder / "said")


def walked(powers: range, end: float, folder: Path) -> Iterator[Result]:
    """A folder that grows, and what looking at all of its files takes."""
    done = 0
    for power in powers:
        while done < 10**power and (time.monotonic() < end or not done):
            if done % FOLDER_FILES == 0:
                place = folder / f"-p{done // FOLDER_FILES}"
                place.mkdir()
            (place / f"{done}.jsonl").touch()
            done += 1
        began, at = time.perf_counter(), time.process_time()
        seen = sum(1 for _ in walk([str(folder)]))
        spent = time.process_time() - at
        assert seen == done
        yield {
            "count": done, "cpu_s": spent, "each_us": 1e6 * spent / done, "wall_s": time.perf_counter() - began,
            "rss_mb": psutil.Process().memory_info().rss / 1e6,
        }  # fmt: skip
        if done < 10**power:
            break


def _asked(path: Path, word: str) -> Result:
    """Questions to a store of this size, in ms, and the bytes that it takes on the disk."""
    with Reader(path) as reader:
        found = reader.search(word)
        assert found["hits"], "the last word is found"
        return {
            "search_ms": _ms(lambda: reader.search(word)), "newest_ms": _ms(lambda: reader.sessions(50)),
            "disk_mb": sum(each.stat().st_size for each in path.parent.glob(f"{path.name}*")) / 1e6,
        }  # fmt: skip


def _ms(ask: Callable[[], object]) -> float:
    took = []
    for _ in range(ASKED):
        began = time.perf_counter()
        ask()
        took.append((time.perf_counter() - began) * 1e3)
    return median(took)


def points(kind: str, exponent: int, seconds: float) -> list[Result]:
    """Every point of one kind, in this process."""
    end, powers = time.monotonic() + seconds, range(FIRST, exponent + 1)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if kind == "imports":
            made = imported(powers, end, folder)
        elif kind == "files":
            made = walked(powers, end, folder)
        else:
            made = stored(kind, powers, end, folder)
        return [
            {name: float(f"{value:.4g}") if name != "count" else value for name, value in each.items()} for each in made
        ]


def main() -> None:
    """Every kind in a process of its own, two at a time."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth")
    parser.add_argument("kinds", nargs="*", default=KINDS)
    parser.add_argument("--exponent", type=int, default=EXPONENT)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for one kind")
    parser.add_argument("--here", action="store_true", help="one kind, in this process")
    given = parser.parse_args()
    if given.here:
        print(orjson.dumps(points(given.kinds[0], given.exponent, given.seconds)).decode())
        return

    def of(kind: str) -> list[Result]:
        words = [sys.executable, "-m", "benchmarks.growth", kind, "--here"]
        words += ["--exponent", str(given.exponent), "--seconds", str(given.seconds)]
        done = subprocess.run(words, stdout=subprocess.PIPE, check=True)
        found: list[Result] = orjson.loads(done.stdout.splitlines()[-1])
        return found

    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(given.kinds, pool.map(of, given.kinds), strict=True))
    absent = []
    for kind, each in found.items():
        for one in each:
            print(f"{kind:<9}" + ", ".join(f"{name} {value:,g}" for name, value in one.items()))
        if each[-1]["count"] < 10**given.exponent:
            told = f"more than {each[-1]['count']:,} {kind} (no kind takes longer than {given.seconds:.0f} s)"
            absent.append(told)
            print(f"absent: {told}")
    print_result("growth", [], {"points": found}, absent=absent)


if __name__ == "__main__":
    main()
