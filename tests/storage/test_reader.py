"""What others may look at, beside a live writer or alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from messages.records import AuditNote, KeepTransitions
from messages.status import Transition
from storage.errors import NothingCaptured
from storage.migrations import MIGRATIONS
from storage.reader import Reader
from storage.store import Store
from tests.storage.story import Stream, message, open_store, staged, thread, turn
from tests.systems import posix

ROOT = Path(__file__).parents[2]


def filled(place: str | Path) -> Store:
    store = open_store(place)
    stream = Stream(store)
    stream.send(
        8,
        sessions=[thread(cwd="/work/one", title="Fix the 100% bug", created_at_ms=100)],
        turns=[
            turn("inProgress", started_at_ms=5),
            turn(usage={"input": 4, "output": 2, "web": 1}),
            turn("completed", completed_at_ms=9, duration_ms=4),
        ],
        items=[message("i1", "question", kind="userMessage", body='{"content":[{"text":"why?"}]}'), message("i2")],
        staged=[staged("i3", 2, turn="u2")],
    )
    stream.send(
        3,
        sessions=[thread("t2", cwd="/work/two", branch="topic", created_at_ms=200)],
        turns=[turn("failed", turn="v1", session="t2", error="no credit")],
        items=[message("i1", "draft", turn="v1", session="t2")],
        staged=[staged("i3", 2, turn="u2")],
    )
    store.keep_audit([AuditNote(kind="k", subject=str(n), text="t", at_ms=n) for n in range(5)])
    step = Transition(
        seq=1, what="mode", who="mode", before="FAILURE", after="OTEL_ONLY", cause="c", at_ms=1, monotonic_ms=1
    )
    store.keep_transitions(KeepTransitions(transitions=(step, step.model_copy(update={"seq": 2}))))
    return store


@pytest.fixture
def store(place: str) -> Iterator[Store]:
    store = filled(place)
    yield store
    store.close()


@pytest.fixture
def file_store(tmp_path: Path) -> Iterator[Store]:
    store = filled(tmp_path)
    yield store
    store.close()


def read(place: str) -> Reader:
    return Reader(place)


def test_it_reads_beside_a_live_writer_and_sees_what_comes(store: Store, place: str) -> None:
    with read(place) as reader:
        assert reader.status()["items"] == 3
        Stream(store, generation=2).send(1, items=[message("new")])
        assert reader.status() == {
            "path": store._database.label,
            "schema_version": len(MIGRATIONS),
            "probed_at_ms": None,
            "sessions": 2,
            "turns": 2,
            "items": 4,
        }
        store.probe(5)
        assert reader.status()["probed_at_ms"] == 5


def test_sessions_come_newest_first_with_their_counts(store: Store, place: str) -> None:
    with read(place) as reader:
        first, second = reader.sessions()
        assert (first["session_id"], first["branch"], first["last_status"]) == ("t2", "topic", "failed")
        assert (second["turn_count"], second["item_count"], second["last_status"]) == (1, 2, "completed")
        assert [each["session_id"] for each in reader.sessions(limit=1, offset=1)] == ["t1"]
        assert reader.sessions(limit=0) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [("work", ["t2", "t1"]), ("TWO", ["t2"]), ("100%", ["t1"]), ("0_%", []), ("t1", ["t1"]), ("'; DROP", [])],
)
def test_a_query_is_looked_for_as_it_stands(store: Store, place: str, query: str, found: list[str]) -> None:
    with read(place) as reader:
        assert [each["session_id"] for each in reader.sessions(query=query)] == found


def test_the_newest_sessions_are_read_off_an_index_and_not_sorted_out_of_all(tmp_path: Path) -> None:
    filled(tmp_path).close()
    asked: list[str] = []
    with Reader(tmp_path / "capture.sqlite3") as reader:
        connection = reader._database.connection()
        connection.set_trace_callback(asked.append)
        reader.sessions(5)
        connection.set_trace_callback(None)
        (sql,) = [each for each in asked if "ORDER BY" in each]
        plan = [row[-1] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
    (outer,) = [step for step in plan if step.startswith("SCAN")]
    assert "USING INDEX sessions_age" in outer


def test_a_session_shows_its_turns_and_items(store: Store, place: str) -> None:
    with read(place) as reader:
        shown = reader.session("t1")
        assert shown is not None
        json.dumps(shown)
        (only,) = shown["turns"]
        assert (only["status"], only["result_item_id"], only["item_count"]) == ("completed", "i2", 2)
        spent = {name: count for name, count in only["usage"].items() if count is not None}
        assert spent == {"input": 4, "output": 2, "total": 6, "told_by": "stream", "web": 1}
        assert shown["usage"]["total"] == 6
        assert [(each["ordinal"], each["type"], each["text"]) for each in only["items"]] == [
            (1, "userMessage", "why?"),
            (2, "agentMessage", "hello"),
        ]
        assert only["items"][1]["body"] == {"type": "agentMessage", "id": "i2", "text": "hello"}
        assert only["items"][1]["sources"] == ["stream"]
        brief = reader.session("t1", bodies=False)
        assert brief is not None
        assert "body" not in brief["turns"][0]["items"][0]
        assert reader.session("unknown") is None
        assert reader.session("t1", tool="claude") is None


def test_a_large_session_is_cut_and_says_so(store: Store, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.reader.ITEMS_MAX", 1)
    with read(place) as reader:
        shown = reader.session("t1")
        assert shown is not None
        assert shown["truncated"]
        assert len(shown["turns"][0]["items"]) == 1


def test_lists_give_the_newest_in_the_order_in_which_they_happened(store: Store, place: str) -> None:
    with read(place) as reader:
        assert [row["subject"] for row in reader.audit(2)] == ["3", "4"]
        assert [row["seq"] for row in reader.transitions()] == [1, 2]
        log = reader.dedupe_log()
        assert [(row["session_id"], row["item_id"], row["decision"]) for row in log] == [
            ("t1", None, "accepted"),
            ("t1", "i1", "accepted"),
            ("t1", "i2", "accepted"),
            ("t2", None, "accepted"),
            ("t2", "i1", "accepted"),
        ]
        assert len(reader.dedupe_log(session_id="t2")) == 2
        assert len(reader.dedupe_log(limit=1)) == 1


def test_the_ledger_is_that_of_the_newest_run(store: Store, place: str) -> None:
    with read(place) as reader:
        told = reader.ledger()
        assert (told["run_id"], told["received"], told["staged"], told["balanced"]) == ("r1", 11, 2, True)
        assert told["received"] == store.ledger().received
        assert reader.ledger("other") == {
            "run_id": "other",
            "received": 0,
            "dispositions": {},
            "staged": 0,
            "balanced": True,
            "rows": [],
        }
        later = open_store(place, "r2")
        Stream(later).send(1, counts={"control": 1})
        later.close()
        assert reader.ledger()["run_id"] == "r2"


def test_without_a_file_it_says_that_nothing_was_captured(tmp_path: Path) -> None:
    with pytest.raises(NothingCaptured, match="nothing has been captured yet"):
        read(str(tmp_path / "capture.sqlite3"))
    assert list(tmp_path.iterdir()) == []


def test_it_reads_when_no_runtime_runs(file_store: Store, tmp_path: Path) -> None:
    file_store.close()
    assert not (tmp_path / "capture.sqlite3-wal").exists()
    with read(str(tmp_path / "capture.sqlite3")) as reader:
        assert reader.status()["items"] == 3


def test_it_reads_what_a_killed_writer_left_in_its_log(file_store: Store, tmp_path: Path) -> None:
    # A copy of file and log is what a machine holds after the writer was killed.
    after = tmp_path / "after"
    after.mkdir()
    for name in ("capture.sqlite3", "capture.sqlite3-wal"):
        shutil.copy(tmp_path / name, after / name)
    with read(str(after / "capture.sqlite3")) as reader:
        assert reader.status()["items"] == 3


UNPRIVILEGED = """
import os, sys
from storage.reader import Reader
import storage.ledger, orjson, peewee
if os.geteuid() == 0:
    os.setgid(65534); os.setuid(65534)
assert not os.access(os.path.dirname(sys.argv[1]), os.W_OK)
with Reader(sys.argv[1]) as reader:
    print(reader.status()["items"])
"""


@posix
def test_it_reads_in_a_folder_that_it_may_not_write(file_store: Store) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        file_store._database.pragma("wal_checkpoint", "TRUNCATE")
        shutil.copy(file_store._database.path, folder / "c.sqlite3")
        (folder / "c.sqlite3").chmod(0o444)
        folder.chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", UNPRIVILEGED, str(folder / "c.sqlite3")],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        assert done.stdout == "3\n", done.stderr
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)
