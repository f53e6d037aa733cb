"""A store that is damaged under a stopped or a running runtime: capture goes on in a fresh one, and says so."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from hybrid_capture.doctor import database as look
from storage.aside import standing_aside
from tests.live.house import PATIENCE_S, House
from tests.unhurried import unhurried

pytestmark = pytest.mark.live
Build = Callable[..., House]
QUICK = unhurried(probe_interval_ms=100)
PAGE_BYTES = 4_096


def scribble(path: Path, begin: int) -> bytes:
    """Noise from `begin` to the end, in place, as a failing disk leaves it; gives what was there."""
    before = path.read_bytes()
    with path.open("r+b") as file:
        file.seek(begin)
        file.write(random.Random(3).randbytes(len(before) - begin))
    return before


def incident(house: House) -> Path:
    """What tells of it: a file that is kept, its audit row, the transition, the status and the doctor."""
    (aside,) = standing_aside(house.database)
    ((kind, text),) = house.rows("SELECT kind, text FROM audit WHERE kind LIKE 'store%'")
    assert kind == "store_set_aside"
    assert aside.name in text
    status = house.runtime.status()
    assert aside.name in status["baseline"]["reason"]
    checks = [check for check in look(house.settings.state_dir) if check.state == "wrong"]
    assert [check.name for check in checks] == ["damaged store"]
    assert str(aside) in checks[0].text
    return aside


def test_a_store_that_was_damaged_while_nothing_ran_is_set_aside_at_the_start_and_filled_again(build: Build) -> None:
    house = build()
    with house:
        house.active()
        house.turn(house.thread(), "SCN:plain hello")
        texts = house.rows("SELECT text FROM items ORDER BY turn_row, ordinal")
    before = scribble(house.database, PAGE_BYTES)
    again = House(house.settings)
    with again:
        again.active()
        aside = incident(again)
        assert aside.read_bytes()[:PAGE_BYTES] == before[:PAGE_BYTES]
        assert again.turn(again.thread(), "SCN:plain after")["status"] == "completed"
        healed = "SELECT cause FROM transitions WHERE what = 'baseline' AND after = 'healthy'"
        again.until_rows(healed, lambda rows: len(rows) == 1)
        assert aside.name in again.runtime.status()["baseline"]["reason"]
        again.until_rows("SELECT text FROM items ORDER BY turn_row, ordinal", lambda rows: set(texts) <= set(rows))


def test_a_cut_off_store_is_noticed_though_the_app_server_s_signs_of_life_commit_all_the_time(build: Build) -> None:
    received = "SELECT received FROM offsets WHERE source = 'stream'"
    with build() as house:
        house.active()
        for _ in range(2):  # from then on they keep their distance from the probes
            before = house.rows(received)
            house.until_rows(received, lambda rows, known=before: rows != known)  # type: ignore[misc]
        # How soon is a release gate, and measured by the drills.
        house.told_after(lambda: os.truncate(house.database, 0), lambda s: s["mode"] == "FAILURE", "the loss")
        house.active()
        incident(house)


def test_a_store_that_is_cut_off_under_a_running_runtime_is_noticed_and_capture_goes_on(build: Build) -> None:
    with build(timing=QUICK) as house:
        house.active()
        thread = house.thread()
        assert house.turn(thread, "SCN:plain before")["status"] == "completed"
        first = house.runtime.pids["root"]
        down = house.told_after(
            lambda: os.truncate(house.database, 0), lambda s: "stands aside" in s["mode_reason"], "the incident"
        )
        assert down["mode"] == "FAILURE"
        house.active()
        assert house.runtime.pids["root"] != first
        incident(house)
        assert house.turn(house.thread(), "SCN:plain after")["status"] == "completed"
        ledger = house.ledger()
        assert ledger["balanced"]


def test_an_ingest_that_dies_before_it_tells_of_a_fresh_store_leaves_nobody_waiting(build: Build) -> None:
    """The fresh store knows none of the frames that are settled: without a new run nothing would be stored any more."""
    with build(timing=QUICK) as house:
        house.active()
        house.turn(house.thread(), "SCN:plain hello")
        root, ((run,),) = house.runtime.pids["root"], house.rows("SELECT DISTINCT run_id FROM offsets")
        store = sqlite3.connect(house.database, isolation_level=None, timeout=PATIENCE_S)
        store.execute("BEGIN IMMEDIATE")  # so that ingest is not stopped in a transaction of its own
        house.kill("ingest", signal.SIGSTOP)
        note = "INSERT INTO audit (at_ms, run_id, kind, subject, text) VALUES (1, ?, 'store_set_aside', 'x', 'cut off')"
        store.execute(note, (run,))
        store.execute("COMMIT")
        store.execute("VACUUM INTO ?", (f"{house.database}.damaged-20261126T000000Z",))
        store.close()
        house.kill("ingest")
        house.runtime.wait_until(lambda _: house.runtime.pids.get("root") != root, "a new run", house.patience_s)
        house.active()
        assert house.turn(house.thread(), "SCN:plain after it")["status"] == "completed"
