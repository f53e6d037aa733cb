"""How many rows a second the store keeps, durable and redacted, beside bare SQLite that writes the very same rows.

    python -m benchmarks.storing [items]

The floor is `sqlite3.executemany` of the very rows that the store wrote, table by table, into the same schema with the
same durability (WAL, `synchronous=FULL`, one commit per message). What lies between is redaction, identity, the
decision log, the ledger and the search index; each is asked for by a promise. Ratios, since machines and their disks
differ; `REPEATS` runs, each side of one run after the other.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from benchmarks.samples import Result, print_result, print_table, row
from messages.baseline import EventSeen, FilePosition, KeepRecords, ResponseUsage
from messages.records import FinalItem, KeepCheckpoint, SessionSeen, StageOpened, TurnSeen
from storage.database import open_writer
from storage.store import Store

ITEMS = 4_000
PER_MESSAGE = 50
"""Items of one message: what a burst of a live stream or a piece of a file brings."""
REPEATS = 7
LEFT_OUT = ("meta", "sqlite_sequence")


SAID = """the build fails because a test expects the old name of this field so I change both and run them again with
    more output def class return self import from where find path file line error value request response token count"""
WORDS = tuple(SAID.split())


def items_of(rng: random.Random, first: int, count: int) -> tuple[FinalItem, ...]:
    """Items as sessions have them: answers, commands with output, changed files."""
    made = []
    for number in range(first, first + count):
        words = " ".join(rng.choices(WORDS, k=rng.randint(20, 120)))
        kind = ("agentMessage", "commandExecution", "fileChange", "agentMessage")[number % 4]
        body = {
            "agentMessage": {"text": words},
            "commandExecution": {
                "command": ["bash", "-lc", f"grep -rn {words[:12]} src"],
                "aggregatedOutput": words * 2,
            },
            "fileChange": {
                "changes": [{"path": f"src/m{number % 97}.py", "diff": f"@@ -1,2 +1,2 @@\n-{words}\n+{words}"}]
            },
        }[kind]
        made.append(
            FinalItem(
                session_id=f"session-{number // 400}", turn_id=f"turn-{number // 40}", item_id=f"item-{number}",
                kind=kind, status="completed", started_at_ms=number, completed_at_ms=number + 1,
                body=orjson.dumps(body).decode(),
            )
        )  # fmt: skip
    return tuple(made)


def checkpoints(items: int) -> Iterator[KeepCheckpoint]:
    """What a stager sends."""
    rng = random.Random(1)
    for first in range(0, items, PER_MESSAGE):
        made = items_of(rng, first, PER_MESSAGE)
        turns = tuple(TurnSeen(session_id=s, turn_id=t) for s, t in sorted({(i.session_id, i.turn_id) for i in made}))
        yield KeepCheckpoint(
            generation=1, stager=1, first_seq=first + 1, last_seq=first + PER_MESSAGE, items=made, turns=turns
        )


def records(items: int) -> Iterator[KeepRecords]:
    """What the tail of a transcript sends, with usage, telemetry and position."""
    rng = random.Random(2)
    for n, first in enumerate(range(0, items, PER_MESSAGE), 1):
        made = items_of(rng, first, PER_MESSAGE)
        ids: dict[str, Any] = {"session_id": made[0].session_id, "turn_id": made[0].turn_id}
        yield KeepRecords(
            incarnation=1, n=n, tool="claude", source="transcript", received=PER_MESSAGE, items=made,
            sessions=(SessionSeen(session_id=made[0].session_id, cwd="/w", title="a title"),),
            usage=(ResponseUsage(**ids, response_id=f"r{n}", input=5, output=7),),
            events=tuple(EventSeen(**ids, key=f"{n}-{k}", name="api_request", at_ms=n, body="{}") for k in range(5)),
            position=FilePosition(path="/t", device=1, inode=1, offset=n, size=n, head="h", from_offset=n - 1),
        )  # fmt: skip


def by_store(path: Path, verb: str, items: int) -> float:
    """Seconds that the store takes; making the messages is not counted."""
    messages = list(checkpoints(items) if verb == "keep_checkpoint" else records(items))
    store = Store(path, run_id="bench")
    store.open_stage(StageOpened(generation=1, stager=1), 1)
    keep: Callable[..., object] = getattr(store, verb)
    began = time.perf_counter()
    for message in messages:
        keep(message, 1)
    took = time.perf_counter() - began
    store.close()
    return took


def by_executemany(path: Path, written: Path, messages: int) -> tuple[float, int]:
    """Seconds that bare SQLite takes for the rows in `written`, in as many commits; and how many rows those are."""
    open_writer(path).close()
    with sqlite3.connect(written) as source:
        tables = [name for (name,) in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {name: source.execute(f'SELECT * FROM "{name}"').fetchall() for name in tables if _counts(name)}
    source.close()
    target = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON", "cache_size = -8192"):
        target.execute(f"PRAGMA {pragma}")
    began = time.perf_counter()
    for part in range(messages):
        target.execute("BEGIN IMMEDIATE")
        for name, all_rows in rows.items():
            some = all_rows[len(all_rows) * part // messages : len(all_rows) * (part + 1) // messages]
            if some:
                target.executemany(f'INSERT INTO "{name}" VALUES ({",".join("?" * len(some[0]))})', some)
        target.execute("COMMIT")
    took = time.perf_counter() - began
    target.close()
    return took, sum(map(len, rows.values()))


def _counts(table: str) -> bool:
    """The index's own tables are the store's work, not rows of it."""
    return table not in LEFT_OUT and not table.startswith("item_search")


def main(items: int = ITEMS) -> None:
    """Both verbs, in turns with bare SQLite."""
    messages = -(-items // PER_MESSAGE)
    table: list[Result] = []
    figures: Result = {"items": items, "messages": messages}
    for verb in ("keep_checkpoint", "keep_records"):
        ours: list[float] = []
        bare: list[float] = []
        with tempfile.TemporaryDirectory() as folder:
            for number in range(REPEATS):
                place = Path(folder) / f"{verb}{number}"
                place.mkdir()
                took_s = by_store(place / "ours.sqlite3", verb, items)
                bare_s, rows = by_executemany(place / "bare.sqlite3", place / "ours.sqlite3", messages)
                ours.append(rows / took_s)
                bare.append(rows / bare_s)
        figures[f"rows of {verb}"] = rows
        table += [
            row(f"executemany of the rows of {verb}", bare, "rows/s", rate=True),
            row(verb, ours, "rows/s", bare, rate=True),
        ]
    print_table(table)
    print_result("storing", table, figures)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ITEMS)
