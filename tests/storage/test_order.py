"""Items of one turn from two sources: the same rows in the same order, whoever came first and however often."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from messages.records import FinalItem
from storage.store import Store
from tests.storage.story import MEMORY, Stream, canonical_rows, message, open_store, rows, turn
from tests.storage.test_pulls import Pull, ended


def item(number: int) -> FinalItem:
    return message(f"i{number:02}", f"text {number}", started_at_ms=number, completed_at_ms=number + 1)


def order(store: Store) -> list[Any]:
    found = rows(store, "SELECT item_id, ordinal FROM items ORDER BY ordinal")
    assert [ordinal for _, ordinal in found] == list(range(1, len(found) + 1))
    return [item_id for item_id, _ in found]


def test_a_pulled_item_stands_where_the_stream_lost_it(place: str) -> None:
    store = open_store(place)
    Stream(store).send(2, items=[item(1), item(3)])
    Pull(store).send(items=[item(1), item(2), item(3)])
    assert order(store) == ["i01", "i02", "i03"]
    store.close()


def test_an_item_that_history_forgot_stands_where_the_stream_says(place: str) -> None:
    store = open_store(place)
    Pull(store).send(items=[item(1), item(3)])
    stream = Stream(store)
    for number in (1, 2, 3):
        stream.send(1, items=[item(number)])
    assert order(store) == ["i01", "i02", "i03"]
    store.close()


def test_without_a_pull_the_order_of_arrival_stands(place: str) -> None:
    store = open_store(place)
    Stream(store).send(3, items=[item(3), item(1), item(2)])
    assert order(store) == ["i03", "i01", "i02"]
    store.close()


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[int], list[int], list[int], list[bool]]:
    """Items of a turn, those that the stream lost, those that history forgot, and when the pull comes."""
    count = draw(st.integers(1, 7))
    lost = draw(st.lists(st.sampled_from(range(count)), unique=True, max_size=count))
    forgotten = [n for n in draw(st.lists(st.sampled_from(range(count)), unique=True, max_size=count)) if n not in lost]
    streamed = [n for n in range(count) if n not in lost]
    pulls = draw(st.lists(st.booleans(), min_size=len(streamed) + 2, max_size=len(streamed) + 2).filter(any))
    return list(range(count)), streamed, [n for n in range(count) if n not in forgotten], pulls


@given(stories())
@settings(max_examples=40, deadline=None)
def test_any_interleaving_of_stream_and_pull_gives_the_rows_of_an_undisturbed_stream(
    story: tuple[list[int], list[int], list[int], list[bool]],
) -> None:
    everything, streamed, history, pulls = story
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        calm = open_store(Path(folder) / "calm")
        stream = Stream(calm)
        stream.send(1, turns=[turn("inProgress", started_at_ms=1)])
        for number in everything:
            stream.send(1, items=[item(number)])
        stream.send(1, turns=[ended()])
        store = open_store(Path(folder) / "store")
        stream, generations = Stream(store), itertools.count(1)

        def maybe_pull(now: bool) -> None:
            if now:
                pull = Pull(store, next(generations))
                pull.send(turns=[ended(started_at_ms=1)], items=[item(number) for number in history])

        maybe_pull(pulls[0])
        stream.send(1, turns=[turn("inProgress", started_at_ms=1)])
        for now, number in zip(pulls[1:], streamed, strict=False):
            stream.send(1, items=[item(number)])
            maybe_pull(now)
        stream.send(1, turns=[ended()])
        maybe_pull(pulls[-1])
        assert store.ledger().balanced
        expected, found = canonical_rows(calm), canonical_rows(store)
        assert found["turns"] == expected["turns"]
        without_source = [[row[:-2] for row in rows["items"]] for rows in (expected, found)]
        assert without_source[0] == without_source[1]
        calm.close()
        store.close()
