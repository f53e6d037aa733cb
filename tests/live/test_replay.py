"""A recording goes the whole way twice, without processes: bytes, courier, stager, store. The rows are the same."""

from __future__ import annotations

import json
import sqlite3
from collections import deque
from pathlib import Path
from typing import Any

import pytest

from actors.machines.courier import Courier
from actors.machines.effects import Send
from actors.machines.staging import Staging
from actors.machines.standing import Now
from actors.wire.batch import decode_runs
from actors.wire.lines import LineSplitter
from messages.records import CheckpointKept, KeepCheckpoint, StageOpened
from messages.settings import Limits, Timing
from messages.stream import BatchSettled, FrameBatch, GenerationClosed, GenerationOpened, ResendFrames
from storage.redaction import LiveSessions
from storage.store import Store

RECORDINGS = sorted((Path(__file__).resolve().parents[1] / "fixtures" / "codex").glob("*.jsonl"))
CANONICAL = ("sessions", "turns", "items", "usage")


def _bytes(recording: Path) -> bytes:
    lines = [json.loads(line) for line in recording.read_text().splitlines()]
    said = [each["line"] for each in lines if each["dir"] == "in"]
    return b"".join(
        (each["_raw"].encode() if isinstance(each, dict) and "_raw" in each else
         json.dumps(each, separators=(",", ":")).encode()) + b"\n"
        for each in said
    )  # fmt: skip


def _play(content: bytes, store: Store, generation: int, cut: int) -> None:
    """One process's whole output, read `cut` bytes at a time, until everything is settled."""
    limits, timing = Limits(), Timing()
    courier = Courier(limits.window_batches_max * limits.read_bytes_max, timing.resend_ms)
    staging = Staging(generation, limits, timing, decode_runs, LiveSessions())
    at = Now(0, 1_700_000_000_000)
    mail: deque[Any] = deque()

    def post(effects: Any) -> None:
        mail.extend(effect for effect in effects if isinstance(effect, Send))

    def deliver() -> None:
        while mail:
            sent = mail.popleft()
            message = sent.message
            if isinstance(message, GenerationOpened):
                post(staging.opened(message, at))
            elif isinstance(message, FrameBatch):
                post(staging.batch(message, at))
            elif isinstance(message, GenerationClosed):
                post(staging.closed(message, at))
            elif isinstance(message, StageOpened):
                post(staging.reset(store.open_stage(message, at.wall), at))
            elif isinstance(message, KeepCheckpoint):
                reply = store.keep_checkpoint(message, at.wall).reply
                assert isinstance(reply, CheckpointKept), reply
                post(staging.kept(reply, at))
            elif isinstance(message, BatchSettled):
                post(courier.settled(message))
            else:
                assert not isinstance(message, ResendFrames), "nothing is lost here"

    post(courier.opened(generation))
    deliver()
    splitter = LineSplitter(limits.line_bytes_max)
    for begin in range(0, len(content), cut):
        lines = splitter.feed(content[begin : begin + cut])
        if lines.count:
            post(courier.read(lines.data, lines.count, (), at.wall, at.mono))
            deliver()
    post(courier.closed(generation))
    deliver()
    assert courier.idle


def _rows(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    with sqlite3.connect(database) as connection:
        return {table: connection.execute(f"SELECT * FROM {table} ORDER BY id").fetchall() for table in CANONICAL}


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_a_recording_that_is_replayed_leaves_the_same_rows_however_its_bytes_are_cut(
    recording: Path, tmp_path: Path
) -> None:
    content = _bytes(recording)
    database = tmp_path / "capture.sqlite3"
    first = Store(database, run_id="one")
    _play(content, first, 1, cut=64 * 1024)
    once = _rows(database)
    assert first.ledger().balanced
    _play(content, first, 2, cut=997)  # again as a new process of the same run
    assert _rows(database) == once
    first.close()
    second = Store(database, run_id="two")
    _play(content, second, 1, cut=4_099)  # and in a new run
    ledger = second.ledger()
    second.close()
    assert _rows(database) == once
    assert ledger.balanced
    assert ledger.received == content.count(b"\n")
    assert "stored" not in ledger.dispositions, "everything was known"
