"""Items: the unique key decides, the cache only hurries."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from messages.settings import Limits
from tests.storage.conftest import Places
from tests.storage.story import (
    HIDDEN,
    SECRET,
    Files,
    Stream,
    canonical_rows,
    dispositions,
    message,
    open_store,
    raw_rows,
    rows,
)


def selects(store: object, stream: Stream, text: str) -> int:
    """How many looks at the items table one item costs."""
    ran: list[str] = []
    connection = store._database.connection()  # type: ignore[attr-defined]
    connection.set_trace_callback(ran.append)
    stream.send(1, items=[message("i1", text)])
    connection.set_trace_callback(None)
    return sum("FROM items WHERE" in each or "INSERT INTO items" in each for each in ran)


def test_what_was_stored_a_moment_ago_is_not_looked_up(tmp_path: Path) -> None:
    now = [0.0]
    store = open_store(tmp_path, timer=lambda: now[0], limits=Limits(dedupe_ttl_ms=1_000))
    stream = Stream(store)
    assert selects(store, stream, "one") == 1
    assert selects(store, stream, "one") == 0
    now[0] = 1.5
    assert selects(store, stream, "one") == 2, "forgotten after its time, found by its key"
    assert dispositions(store) == {"stored": 1, "duplicate": 2}
    store.close()


def test_the_cache_is_bounded_and_makes_no_difference(tmp_path: Path) -> None:
    found = []
    for size in (1, 10_000):
        folder = tmp_path / str(size)
        store = open_store(folder, limits=Limits(dedupe_keys_max=size))
        stream = Stream(store)
        for number in (1, 2, 1, 3, 2, 1):
            stream.send(1, items=[message(f"i{number}")])
        assert len(store._items._seen) <= size
        assert dispositions(store) == {"stored": 3, "duplicate": 3}
        found.append(raw_rows(store))
        store.close()
    assert found[0] == found[1]


def test_body_text_and_hash_are_of_the_redacted_item(place: str) -> None:
    store = open_store(place)
    Stream(store).send(2, items=[message("i1", SECRET), message("i2", HIDDEN, body=None)])
    ((body, text, first), (_, _, second)) = rows(store, "SELECT body, text, content_hash FROM items ORDER BY ordinal")
    assert json.loads(body) == {"type": "agentMessage", "id": "i1", "text": HIDDEN}
    assert text == HIDDEN
    assert first != second, "the id is part of the body"
    store.close()


def test_bodies_that_differ_only_in_spelling_are_the_same(place: str) -> None:
    store = open_store(place)
    stream = Stream(store)
    stream.send(1, items=[message("i1", body='{"a": 1, "b": "\\u0041"}')])
    stream.send(1, items=[message("i1", body='{"b":"A","a":1}')])
    assert dispositions(store) == {"stored": 1, "duplicate": 1}
    store.close()


def test_a_status_is_content_and_a_time_is_not(place: str) -> None:
    store = open_store(place)
    stream = Stream(store)
    stream.send(1, items=[message("i1", status="inProgress", started_at_ms=1, completed_at_ms=None)])
    stream.send(1, items=[message("i1", status="inProgress", started_at_ms=2, completed_at_ms=3)])
    assert rows(store, "SELECT started_at_ms, completed_at_ms, revision FROM items") == [(1, None, 1)]
    stream.send(1, items=[message("i1", status="failed", started_at_ms=None, completed_at_ms=4)])
    assert rows(store, "SELECT status, started_at_ms, completed_at_ms, revision FROM items") == [("failed", 1, 4, 2)]
    store.close()


def test_an_item_hidden_by_a_failure_is_replaced_by_a_good_one(place: str) -> None:
    store = open_store(place)
    stream = Stream(store)
    stream.send(1, items=[message("i1", "EXPLODE")])
    stream.send(1, items=[message("i1", "fine")])
    stream.send(1, items=[message("i1", "EXPLODE")])
    assert rows(store, "SELECT text, revision FROM items") == [("fine", 2)]
    assert dispositions(store) == {"stored": 1, "replaced": 1, "duplicate": 1}
    store.close()


def test_each_sighting_is_named_with_its_source_and_its_first_run(place: str) -> None:
    store = open_store(place)
    first = Stream(store)
    first.send(1, items=[message("i1")])
    first.send(1, items=[message("i1")])
    Stream(store, generation=2).send(1, items=[message("i1")])
    Files(store).send(items=[message("i1"), message("i1")])
    assert rows(store, "SELECT run_id, source, generation, revision FROM item_sources ORDER BY id") == [
        ("r1", "stream", 1, 1),
        ("r1", "rollout", 1, 0),
    ]
    store.close()


REVISIONS = "SELECT source, revision, status, text FROM item_sources ORDER BY id"


@pytest.mark.parametrize("together", [True, False])
def test_what_an_item_said_before_stays_readable(place: str, together: bool) -> None:
    store = open_store(place)
    files = Files(store, source="transcript", tool="claude")
    told = (("inProgress", "ls"), ("completed", "ls: x.txt"), ("completed", "ls: x.txt y.txt"))
    items = [message("i1", text, status=status, started_at_ms=at) for at, (status, text) in enumerate(told, 1)]
    for each in [items] if together else [[item] for item in items]:
        files.send(items=each)
    assert rows(store, "SELECT revision, text, started_at_ms FROM items") == [(3, "ls: x.txt y.txt", 3)]
    assert rows(store, REVISIONS) == [
        ("transcript", 1, "inProgress", "ls"),
        ("transcript", 2, "completed", "ls: x.txt"),
        ("transcript", 3, None, None),  # its words stand in the item
    ]
    assert dispositions(store) == {"stored": 1, "replaced": 2}
    store.close()


def test_the_source_that_comes_first_is_believed_whoever_was_first(places: Places) -> None:
    found = []
    for order in ([0, 1], [1, 0]):
        store = open_store(places())
        stream, files = Stream(store), Files(store)
        says = (lambda: stream.send(1, items=[message("i1", "streamed")]),  # noqa: B023 - called in this round
                lambda: files.send(items=[message("i1", "from the file")]))  # fmt: skip # noqa: B023
        for each in order:
            says[each]()
        found.append(canonical_rows(store))
        assert rows(store, "SELECT source, text, revision FROM items") == [("stream", "streamed", 1)]
        store.close()
    assert found[0] == found[1]


def test_what_the_file_said_before_the_stream_is_kept_as_a_revision(place: str) -> None:
    store = open_store(place)
    Files(store).send(items=[message("i1", "from the file")])
    Stream(store).send(1, items=[message("i1", "streamed")])
    assert rows(store, REVISIONS) == [("rollout", 1, None, "from the file"), ("stream", 1, None, None)]
    assert rows(store, "SELECT decision, reason FROM dedupe_log ORDER BY id") == [
        ("accepted", "new"),
        ("replaced", "the live stream comes before the rollout file"),
    ]
    store.close()


def test_content_of_a_source_that_does_not_count_is_not_even_redacted(place: str) -> None:
    store = open_store(place)
    Stream(store).send(1, items=[message("i1")])
    Files(store).send(items=[message("i1", "EXPLODE")])
    assert store.redaction_failures == 0
    assert rows(store, "SELECT count(*) FROM item_sources") == [(2,)]
    store.close()


def test_an_item_of_a_sub_agent_names_it(place: str) -> None:
    store = open_store(place)
    body = json.dumps({"type": "agentMessage", "text": "x", "agentId": "a7"})
    Files(store, source="transcript", tool="claude").send(items=[message("i1", body=body), message("i2")])
    assert rows(store, "SELECT item_id, agent_id FROM items ORDER BY ordinal") == [("i1", "a7"), ("i2", None)]
    store.close()
