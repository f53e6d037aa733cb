"""What is known of a thread."""

from __future__ import annotations

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
    rows,
    thread,
)

FACTS = 'SELECT cwd, branch, "commit", model, title, cli_version, path, created_at_ms, first_seen_ms FROM sessions'


def test_what_is_unknown_leaves_what_is_stored(place: str) -> None:
    store = open_store(place)
    stream = Stream(store)
    stream.send(1, sessions=[thread(cwd="/w", branch="main", model="m1", created_at_ms=7)])
    stream.send(1, sessions=[thread(model="m2", title="t", created_at_ms=8)])
    assert rows(store, FACTS) == [("/w", "main", None, "m2", "t", None, None, 7, 1)]
    assert dispositions(store) == {"stored": 2}
    store.close()


def test_the_same_again_is_a_duplicate(place: str) -> None:
    store = open_store(place)
    stream = Stream(store)
    for _ in range(3):
        stream.send(1, sessions=[thread(cwd="/w")])
    assert dispositions(store) == {"stored": 1, "duplicate": 2}
    store.close()


def test_a_model_may_change_back(place: str) -> None:
    store = open_store(place)
    stream = Stream(store)
    for model in ("m1", "m2", "m1"):
        stream.send(1, sessions=[thread(model=model)])
    assert rows(store, "SELECT model FROM sessions") == [("m1",)]
    assert dispositions(store) == {"stored": 3}
    store.close()


def test_texts_are_redacted_and_bounded(place: str) -> None:
    store = open_store(place)
    Stream(store).send(1, sessions=[thread(title=SECRET + "x" * 5_000, model="EXPLODE", created_at_ms=2**80)])
    ((title, model, created),) = rows(store, "SELECT title, model, created_at_ms FROM sessions")
    assert title.startswith(HIDDEN)
    assert len(title) == 1_000
    assert (model, created) == ("[REDACTED:error]", None)
    store.close()


def test_an_item_may_come_before_its_thread_is_known(place: str) -> None:
    store = open_store(place)
    stream = Stream(store)
    stream.send(1, items=[message("i1")])
    stream.send(1, sessions=[thread(cwd="/w")])
    assert rows(store, "SELECT session_id, cwd FROM sessions") == [("t1", "/w")]
    assert dispositions(store) == {"stored": 2}
    store.close()


def test_the_same_thread_id_of_another_tool_is_another_session(place: str) -> None:
    store = open_store(place)
    Stream(store).send(2, sessions=[thread()], items=[message("i1")])
    Files(store, source="transcript", tool="claude").send(sessions=[thread()], items=[message("i1")])
    assert rows(store, "SELECT tool, source FROM sessions ORDER BY id") == [
        ("codex", "stream"),
        ("claude", "transcript"),
    ]
    assert rows(store, "SELECT count(*), count(DISTINCT turn_row) FROM items") == [(2, 2)]
    store.close()


def test_between_sources_the_later_word_counts_whoever_came_first(places: Places) -> None:
    found = []
    for order in ([0, 1], [1, 0]):
        store = open_store(places())
        stream, files = Stream(store), Files(store)
        told = (
            lambda: stream.send(1, sessions=[thread(model="m1", cwd="/streamed", created_at_ms=5)]),  # noqa: B023
            lambda: files.send(sessions=[thread(model="m2", cwd="/file", at_ms=9, created_at_ms=4)]),  # noqa: B023
        )
        for each in order:
            told[each]()
        stream.send(1, sessions=[thread(cwd="/later", at_ms=10)])
        found.append(canonical_rows(store)["sessions"])
        assert rows(store, "SELECT model, cwd, created_at_ms, source FROM sessions") == [("m2", "/later", 4, "stream")]
        store.close()
    assert found[0] == found[1]
