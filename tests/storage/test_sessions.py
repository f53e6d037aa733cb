"""What is known of a thread."""

from __future__ import annotations

from tests.storage.story import HIDDEN, SECRET, Stream, dispositions, message, open_store, rows, thread

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
    for tool in ("codex", "claude"):
        store = open_store(place, run_id=tool, tool=tool)
        Stream(store).send(1, sessions=[thread()])
        store.close()
    store = open_store(place, "r3")
    assert rows(store, "SELECT tool FROM sessions ORDER BY id") == [("codex",), ("claude",)]
    store.close()
