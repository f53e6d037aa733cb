"""Sightings are written together and in their order, and say what an item said before."""

from __future__ import annotations

from storage.identity import Place
from storage.sightings import UNREAD, Said, Sightings, Stored
from tests.storage.story import Files, message, open_store, rows

HERE, ELSEWHERE = Place("r1", "transcript", 1, 5), Place("r1", "otlp", 1, 6)
SAID: Said = ("toolCall", "inProgress", 1, None, "call", "{}")


def test_sightings_wait_for_each_other_and_are_forgotten_with_a_rollback(place: str) -> None:
    store = open_store(place)
    Files(store, "transcript", "claude").send(items=[message("i1"), message("i2")])
    first, second = (row for (row,) in rows(store, "SELECT id FROM items ORDER BY ordinal"))
    with store._writing():
        store._database.run("DELETE FROM item_sources")
        sightings = Sightings(store._database)
        call, result = Stored(first, "transcript", "h1", 1), Stored(first, "transcript", "h2", 2)
        sightings.first(call, SAID, HERE)
        sightings.forget()
        assert not sightings.grow(call, result, HERE)
        sightings.first(call, SAID, HERE)
        assert sightings.grow(call, result, HERE)
        assert not sightings.grow(result, result, HERE), "it has two sightings now"
        sightings.first(Stored(second, "transcript", "h1", 1), SAID, HERE)
        assert sightings.again(call, UNREAD, ELSEWHERE)
        assert not sightings.again(call, UNREAD, ELSEWHERE)
        assert sightings.is_former(result, "h1")
        assert not sightings.is_former(result, "h3")
    found = rows(store, "SELECT item_row, source, content_hash, revision, status, text FROM item_sources ORDER BY id")
    assert found == [
        (first, "transcript", "h1", 1, "inProgress", "call"),
        (first, "transcript", "h2", 2, None, None),
        (second, "transcript", "h1", 1, None, None),
        (first, "otlp", "", 0, None, None),
    ]
    store.close()
