"""The history of messages in the store: a ring that keeps ids and sizes, loses openly, and gives way to everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from messages.settings import Limits
from messages.traces import ROWS, KeepTraces
from storage.errors import StoreUnavailable
from storage.store import Store
from storage.trace_reader import TraceReader
from tests.storage.story import HIDDEN, SECRET, Stream, message, open_store, thread

ANCHOR_US = 1_700_000_000_000_000


@pytest.fixture
def store(place: str) -> Iterator[Store]:
    opened = open_store(place, limits=Limits(trace_rows_max=100))
    yield opened
    opened.close()


def row(n: int, kind: str = "FrameBatch", trace: str = "t-1", **fields: Any) -> tuple[Any, ...]:
    told = {
        "n": n, "message_id": f"sidecar1.{n}", "cause_id": "", "trace_id": trace, "hop": 1, "type": kind,
        "sender": "sidecar", "sent_us": n * 1_000, "at_us": n * 1_000 + 200, "handled_us": 50, "size": 64,
        "outcome": "handled", "session_ids": None, "turn_ids": None, "item_ids": None, "generation": None,
        "first_seq": None, "last_seq": None,
    }  # fmt: skip
    assert fields.keys() <= told.keys()
    return tuple((told | fields).values())


def told(*rows: tuple[Any, ...], incarnation: int = 1) -> KeepTraces:
    return KeepTraces(incarnation=incarnation, count=len(rows), rows=ROWS.dump_json(list(rows)))  # type: ignore[arg-type]  # rows


def test_what_a_part_told_is_there_with_its_times_and_the_time_of_day(store: Store, place: str) -> None:
    asked = row(7, session_ids="s1", turn_ids="u1,u2", generation=1, first_seq=3, last_seq=9)
    assert store.keep_traces([("stager", told(asked))], ANCHOR_US) == 1
    with TraceReader(place) as reader:
        (found,) = reader.trace("t-1")
    assert found["receiver"] == "stager"
    assert found["sender"] == "sidecar"
    assert found["type"] == "FrameBatch"
    assert (found["queued_us"], found["handled_us"], found["size"], found["outcome"]) == (200, 50, 64, "handled")
    assert found["turn_ids"] == ["u1", "u2"]
    assert found["session_ids"] == ["s1"]
    assert found["item_ids"] == []
    assert found["at_ms"] == (ANCHOR_US + 7_200) // 1_000


def test_the_ring_keeps_the_newest_rows_and_lets_the_oldest_go_in_the_same_transaction(
    store: Store, place: str
) -> None:
    for begin in range(1, 301, 60):
        store.keep_traces([("stager", told(*(row(n, trace=f"t-{n}") for n in range(begin, begin + 60))))], ANCHOR_US)
        with TraceReader(place) as reader:
            assert reader.count() <= 100
    with TraceReader(place) as reader:
        assert [each["n"] for each in reader.rows(1_000)] == list(range(201, 301))
        assert reader.missed() == {}, "what grew old was not lost"


def test_rows_that_never_came_are_told_by_the_hole_in_the_numbers(store: Store, place: str) -> None:
    store.keep_traces([("stager", told(row(1), row(2)))], ANCHOR_US)
    store.keep_traces([("stager", told(row(9)))], ANCHOR_US)
    store.keep_traces([("ingest", told(row(1)))], ANCHOR_US)
    store.keep_traces([("stager", told(row(1), incarnation=2))], ANCHOR_US)
    with TraceReader(place) as reader:
        assert reader.missed() == {"stager1": 6}


def test_a_message_whose_rows_do_not_fit_costs_only_itself(store: Store, place: str) -> None:
    torn = KeepTraces(incarnation=1, count=1, rows=b'[["no row"]]')
    assert store.keep_traces([("stager", torn), ("auth", told(row(1)))], ANCHOR_US) == 1
    assert store.keep_traces([("stager", torn)], ANCHOR_US) == 0
    with TraceReader(place) as reader:
        assert reader.count() == 1


def test_an_id_that_holds_a_secret_is_redacted_like_any_text(store: Store, place: str) -> None:
    secret = row(1, session_ids=f"s1,{SECRET}", turn_ids=SECRET, item_ids="EXPLODE")
    store.keep_traces([("stager", told(secret))], ANCHOR_US)
    with TraceReader(place) as reader:
        (found,) = reader.trace("t-1")
    assert found["session_ids"] == ["s1", HIDDEN]
    assert found["turn_ids"] == [HIDDEN]
    assert found["item_ids"] == ["[REDACTED:error]"], "fails closed"


def test_one_run_has_one_anchor_also_when_its_writer_is_started_anew(place: str) -> None:
    for anchor in (ANCHOR_US, ANCHOR_US + 5):
        store = open_store(place, "r1")
        store.keep_traces([("stager", told(row(1)))], anchor)
        store.close()
    store = open_store(place, "r2")
    store.keep_traces([("stager", told(row(1)))], ANCHOR_US + 9)
    store.close()
    with TraceReader(place) as reader:
        assert [each["anchor_us"] for each in reader.rows(9)] == [ANCHOR_US, ANCHOR_US, ANCHOR_US + 9]


def test_a_purged_session_is_not_named_in_the_history_any_more(store: Store, place: str) -> None:
    Stream(store).send(2, sessions=[thread("s_1", created_at_ms=5)], items=[message("i1", session="s_1")])
    named = [row(n, session_ids=ids) for n, ids in enumerate(("s_1", "sx1", "sx1,s_1", None), 1)]
    store.keep_traces([("stager", told(*named))], ANCHOR_US)
    store.purge(86_400_000, 90_000_000, "a test")
    with TraceReader(place) as reader:
        assert [each["n"] for each in reader.rows(9)] == [2, 4]


def test_a_commit_of_traces_does_not_wait_for_the_disk_and_those_after_it_do_again(store: Store) -> None:
    database = store._database
    ask = "PRAGMA synchronous" if database.dialect == "sqlite" else "SHOW synchronous_commit"
    before = database.run(ask).fetchone()
    with database.unhurried():
        during = database.run(ask).fetchone()
    assert during != before
    assert database.run(ask).fetchone() == before
    with pytest.raises(RuntimeError), database.unhurried(), database.write(lambda: None):
        raise RuntimeError
    assert database.run(ask).fetchone() == before


def test_a_store_that_fails_keeps_none_of_it_and_takes_the_next(tmp_path: Any) -> None:
    store = open_store(tmp_path)
    pages = store._database.run("PRAGMA page_count").fetchone()[0]
    store._database.run(f"PRAGMA max_page_count = {pages}")
    many = told(*(row(n) for n in range(1, 2_000)))
    with pytest.raises(StoreUnavailable):
        store.keep_traces([("stager", many)], ANCHOR_US)
    store._database.run("PRAGMA max_page_count = 1000000")
    assert store.keep_traces([("stager", many)], ANCHOR_US) == 1_999
    store.close()
