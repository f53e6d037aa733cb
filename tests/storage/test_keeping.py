"""A message of the baseline: one transaction, applied once, in its order, every record accounted for."""

from __future__ import annotations

import functools
import itertools
import tempfile
from pathlib import Path
from typing import Any

import pytest
from peewee import OperationalError

from messages.baseline import RecordsKept, RecordsRefused
from messages.records import AuditNote, ItemStored, TurnStored
from storage.errors import StoreUnavailable
from tests.storage.story import (
    MEMORY,
    Files,
    canonical_rows,
    dispositions,
    event,
    message,
    open_store,
    position,
    response,
    rows,
    texts,
    thread,
    turn,
)


def everything() -> dict[str, object]:
    return {
        "sessions": [thread(cwd="/w")],
        "turns": [turn("completed", trace_id="a" * 32)],
        "items": [message("i1"), message("i2", body="[]")],
        "usage": [response("r1", input=3)],
        "events": [event("k1")],
        "audit": [AuditNote(kind="line_dropped", subject="a.jsonl", text="torn", at_ms=3)],
        "counts": {"control": 4, "ignored_unknown": 1},
        "position": position(90),
    }


def test_all_of_a_message_is_kept_counted_and_announced(place: str) -> None:
    store = open_store(place)
    kept = Files(store).send(**everything())
    assert kept.reply == RecordsKept(incarnation=1, n=1, source="rollout")
    assert kept.announce == (
        ItemStored(
            session_id="t1", turn_id="u1", item_id="i1", kind="agentMessage", decision="accepted", completed_at_ms=20
        ),
        TurnStored(session_id="t1", turn_id="u1", status="completed", items=1),
    )
    assert dispositions(store) == {"control": 4, "ignored_unknown": 1, "stored": 4, "dropped:malformed": 1}
    assert store.ledger().balanced
    assert ("line_dropped", "torn") in texts(store)
    assert rows(store, "SELECT status, trace_id, result_item_id FROM turns") == [("completed", "a" * 32, "i1")]
    store.close()


def test_a_message_that_is_sent_again_is_kept_and_changes_nothing(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    files = Files(store)
    first = files.message(**everything())
    store.keep_records(first, 1)
    before = list(store._database.connection().iterdump())
    again = store.keep_records(first, 2)
    assert (again.reply, again.announce) == (RecordsKept(incarnation=1, n=1, source="rollout"), ())
    assert list(store._database.connection().iterdump()) == before
    store.close()


def test_a_message_behind_a_hole_waits_for_the_one_before(place: str) -> None:
    store = open_store(place)
    files = Files(store)
    first, second = files.message(items=[message("i1")]), files.message(items=[message("i2")])
    reply = store.keep_records(second, 1).reply
    assert isinstance(reply, RecordsRefused)
    assert (reply.code, reply.n, reply.through_n) == ("gap", 2, 0)
    for each in (first, second):
        assert isinstance(store.keep_records(each, 1).reply, RecordsKept)
    assert rows(store, "SELECT count(*) FROM items") == [(2,)]
    store.close()


def test_sources_and_incarnations_number_their_messages_apart(place: str) -> None:
    store = open_store(place)
    for sender in (Files(store), Files(store, "otlp"), Files(store, incarnation=2)):
        assert isinstance(sender.send(counts={"control": 1}).reply, RecordsKept)
    assert dispositions(store) == {"control": 3}
    store.close()


def test_books_are_kept_by_tool(place: str) -> None:
    store = open_store(place)
    telemetry = Files(store, "otlp")
    telemetry.send(events=[event("k1")])
    telemetry.tool = "claude"
    telemetry.send(events=[event("k1"), event("k2")])
    assert rows(store, "SELECT tool, disposition, count FROM ledger ORDER BY tool") == [
        ("claude", "stored", 2),
        ("codex", "stored", 1),
    ]
    assert store.ledger().balanced
    store.close()


def test_a_message_that_does_not_add_up_is_a_named_incident(place: str) -> None:
    store = open_store(place)
    Files(store).send(items=[message("i1")], received=5)
    assert not store.ledger().balanced
    assert [kind for kind, _ in texts(store, ["ledger_difference"])] == ["ledger_difference"]
    store.close()


def test_a_failure_at_any_statement_leaves_all_or_nothing_and_the_next_try_completes_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as made:
        folder = Path(made)
        first = open_store(folder / "whole")
        files = Files(first)
        files.send(items=[message("i0", "before"), message("i3")], turns=[turn("inProgress")])
        given = everything()
        given["items"] = [*given["items"], message("i0", "after"), message("i3", kind="toolCall")]  # type: ignore[misc]
        whole = files.message(**given)
        first.keep_records(whole, 1)
        expected = canonical_rows(first)
        first.close()
        for at in itertools.count(1):
            store = open_store(folder / str(at))
            Files(store).send(items=[message("i0", "before"), message("i3")], turns=[turn("inProgress")])
            before = canonical_rows(store)
            left = [at]
            real_run, real_many = store._database._run, store._database.run_many

            def counted(run: Any, sql: str, given: Any, left: list[int] = left) -> Any:
                left[0] -= 1
                if left[0] == 0:
                    raise OperationalError("the disk is full")
                return run(sql, given)

            with monkeypatch.context() as broken:
                broken.setattr(store._database, "_run", functools.partial(counted, real_run))
                broken.setattr(store._database, "run_many", functools.partial(counted, real_many))
                try:
                    kept = isinstance(store.keep_records(whole, 1).reply, RecordsKept)
                except StoreUnavailable:
                    kept = False
            assert kept is (left[0] > 0)
            if not kept:
                assert canonical_rows(store) == before
                assert isinstance(store.keep_records(whole, 1).reply, RecordsKept)
            assert canonical_rows(store) == expected
            assert store.ledger().balanced
            store.close()
            if kept:
                break
        assert at > 20, "every statement was tried"


def test_nothing_of_a_message_stays_when_its_transaction_fails(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(place)
    files = Files(store)
    files.send(items=[message("i0")])
    before = canonical_rows(store)
    given = files.message(**everything())
    with monkeypatch.context() as broken:

        def fail(*_: object) -> None:
            raise StoreUnavailable("the disk is full", "free some")

        broken.setattr(store._ledger, "add", fail)
        with pytest.raises(StoreUnavailable):
            store.keep_records(given, 1)
    assert canonical_rows(store) == before
    assert rows(store, "SELECT count(*) FROM files") == [(0,)]
    assert isinstance(store.keep_records(given, 1).reply, RecordsKept)
    assert rows(store, "SELECT count(*) FROM items") == [(2,)]
    store.close()
