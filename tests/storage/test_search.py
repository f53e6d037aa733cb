"""Items are found by what they say, on both engines, and nothing that is typed breaks a search."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.reader import Reader
from storage.search import Filters
from storage.search_words import NothingToLookFor
from storage.store import Store
from tests.storage.story import HIDDEN, SECRET, Files, Stream, message, open_store, thread


@pytest.fixture
def store(place: str) -> Iterator[Store]:
    with_store = open_store(place)
    Stream(with_store).send(
        4,
        sessions=[thread(cwd="/w/shop", title="Fix the checkout", created_at_ms=1)],
        items=[
            message("i1", "The connection was refused by src/app.py", started_at_ms=1_000),
            message("i2", "refused: no connection at all", started_at_ms=2_000),
            message("i3", f"naïve {SECRET} text", started_at_ms=3_000),
        ],
    )
    command = json.dumps({"type": "toolCall", "tool": "Bash", "arguments": {"command": "git status"}})
    Files(with_store, "transcript", "claude").send(
        sessions=[thread("c1", cwd="/w/shop/api", created_at_ms=5)],
        items=[
            message("j1", "connection refused again", session="c1", started_at_ms=9_000),
            message("j2", session="c1", kind="toolCall", body=command, started_at_ms=9_500),
        ],
    )
    yield with_store
    with_store.close()


@pytest.fixture
def look(store: Store, place: str) -> Iterator[Any]:
    with Reader(place) as reader:
        yield lambda query, limit=20, **filters: [
            hit["item_id"] or hit["session_id"] for hit in reader.search(query, Filters(**filters), limit)["hits"]
        ]


def test_all_words_have_to_be_there_and_the_newest_comes_first(look: Any) -> None:
    assert look("refused connection") == ["j1", "i2", "i1"]
    assert look("refused checkout") == []


def test_a_phrase_stands_together(look: Any) -> None:
    assert look('"connection refused"') == ["j1"]
    assert look('"no connection"') == ["i2"]


def test_a_part_of_a_path_a_beginning_and_other_letters_are_found(look: Any) -> None:
    assert look("app.py") == ["i1"]
    assert look("conn*", tool="codex") == ["i2", "i1"]
    assert look("REFUSED", tool="claude") == ["j1"]
    assert look("conn") == []


def test_sessions_are_found_by_their_names(look: Any) -> None:
    assert look("checkout") == ["t1"]
    assert look("shop", kind="session") == ["c1", "t1"]


def test_names_are_found_by_a_part_of_a_word_whatever_its_case(store: Store, look: Any) -> None:
    Stream(store, generation=2).send(1, sessions=[thread("t2", title="Ärger im Größenvergleich")])
    assert look("heck", kind="session") == ["t1"]
    assert look("ÄRGER größen", kind="session") == look("ärger GRÖ", kind="session") == ["t2"]
    assert look("arger", kind="session") == []


def test_filters_narrow_a_search(look: Any) -> None:
    assert look("connection", session_id="t") == ["i2", "i1"]
    assert look("connection", since_ms=2_000, until_ms=9_000) == ["i2"]
    assert look("connection", cwd="/w/shop/api/") == ["j1"]
    assert look("connection", cwd="/w/shop") == ["j1", "i2", "i1"]
    assert look("connection", cwd="/w/sho") == []
    assert look("connection", source="transcript") == ["j1"]
    assert look("git", kind="toolCall") == ["j2"]
    assert look("git", kind="agentMessage") == []


def test_a_search_is_bounded_and_says_that_there_is_more(store: Store, place: str) -> None:
    with Reader(place) as reader:
        result = reader.search("connection", limit=2)
    assert [hit["item_id"] for hit in result["hits"]] == ["j1", "i2"]
    assert result["more"] is True


def test_what_was_redacted_cannot_be_found(look: Any) -> None:
    assert look(SECRET) == []
    assert look("naïve") == ["i3"]
    assert look(HIDDEN) == ["i3"]


def test_what_an_item_said_before_is_not_found_any_more(store: Store, place: str) -> None:
    Stream(store, generation=2).send(2, items=[message("i1", "all is well"), message("i2", "all is well")])
    with Reader(place) as reader:
        assert [hit["item_id"] for hit in reader.search("refused")["hits"]] == ["j1"]
        assert {hit["item_id"] for hit in reader.search('"all is well"')["hits"]} == {"i1", "i2"}


def test_what_was_deleted_is_not_found_any_more(store: Store, place: str) -> None:
    with store._writing():
        store._database.run("DELETE FROM item_sources")
        store._database.run("DELETE FROM items")
    with Reader(place) as reader:
        assert reader.search("refused")["hits"] == []


def test_what_was_rolled_back_is_not_found(store: Store, place: str) -> None:
    stream = Stream(store, generation=2)
    whole = stream.checkpoint(1, items=[message("i9", "halfway")])
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(store._ledger, "check", Mock(side_effect=RuntimeError("broken")))
        with pytest.raises(RuntimeError):
            store.keep_checkpoint(whole, 1)
    with Reader(place) as reader:
        assert reader.search("halfway")["hits"] == []
        store.keep_checkpoint(whole, 1)
        assert [hit["item_id"] for hit in reader.search("halfway")["hits"]] == ["i9"]


@given(st.text(max_size=60) | st.text("\"'*-():^+{}[]\\\x00 aANDORNT%_!", max_size=30))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_that_is_typed_breaks_a_search(store: Store, place: str, typed: str) -> None:
    with Reader(place) as reader:
        for filters in (Filters(), Filters(session_id=typed or None, cwd=typed or None, kind=typed or None)):
            try:
                reader.search(typed, filters)
            except NothingToLookFor:
                return


def test_a_hit_says_where_it_is(store: Store, place: str) -> None:
    with Reader(place) as reader:
        (hit,) = reader.search('"connection refused"')["hits"]
    assert hit == {
        "tool": "claude",
        "session_id": "c1",
        "title": None,
        "cwd": "/w/shop/api",
        "branch": None,
        "turn_id": "u1",
        "item_id": "j1",
        "type": "agentMessage",
        "at_ms": 9_000,
        "snippet": "connection refused again",
        "marks": [[0, 18]],
    }


def test_the_index_is_right_after_everything(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    files = Files(store, "transcript", "claude")
    for text in ("one", "two", "three"):
        files.send(items=[message(f"i{n}", f"{text} {n}") for n in range(20)])
    with store._writing():
        store._database.run("INSERT INTO item_search (item_search, rank) VALUES ('integrity-check', 1)")
    store.close()


def test_a_name_is_found_as_it_was_typed_whatever_its_letters(store: Store, look: Any) -> None:
    Stream(store, generation=2).send(1, sessions=[thread("t9", title="Übersicht der Äpfel", created_at_ms=7)])
    assert look("Übersicht", kind="session") == ["t9"]
    assert look("der Äpfel", kind="session") == ["t9"]
    assert look("CHECKOUT", kind="session") == ["t1"]
