"""One session as a renderer reads it: what is told once, and items a page at a time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from messages import renderer_reads as say
from storage.pages import Pages
from storage.session_page import TEXT_CHARS_MAX
from tests.storage.pages_house import read, seven_sessions
from tests.storage.story import Stream, message, open_store, thread, turn


@pytest.fixture
def pages(place: str) -> Iterator[Pages]:
    yield from seven_sessions(place)


def test_a_session_in_a_list_has_its_counts(pages: Pages) -> None:
    first = read(pages, say.GetSessions(command_id="c", limit=1)).sessions[0]
    assert (first.turns, first.items, first.tokens, first.links) == (1, 3, 6, 0)
    assert (first.started_at_ms, first.last_at_ms, first.last_status) == (106, 500, "completed")
    assert first.sources == ("stream",)


def test_items_of_a_session_come_a_page_at_a_time_and_the_rest_of_it_once(pages: Pages) -> None:
    first = read(pages, say.GetSession(command_id="c", session_id="t3", limit=2))
    assert [each.item_id for each in first.items] == ["i0", "i1"]
    assert [each.turn_id for each in first.turns] == ["u1"]
    assert first.usage.total == 6
    assert [(each.source, each.seen, each.missing) for each in first.coverage] == [("stream", 3, 0)]
    assert first.link_reason
    second = read(pages, say.GetSession(command_id="c", session_id="t3", limit=2, items_after=first.next))
    assert ([each.item_id for each in second.items], second.next) == (["i2"], None)
    assert (second.turns, second.coverage, second.links) == ((), (), ())


def test_a_page_ends_before_it_outgrows_its_answer(pages: Pages) -> None:
    found, cursor, count = [], None, 0
    while True:
        page = read(pages, say.GetSession(command_id="c", session_id="t3", items_after=cursor), bytes_max=600)
        found += [each.item_id for each in page.items]
        cursor, count = page.next, count + 1
        if cursor is None:
            break
    assert (found, count) == (["i0", "i1", "i2"], 3)


def test_a_long_text_is_cut_and_says_so(place: str) -> None:
    store = open_store(place)
    Stream(store).send(
        2,
        sessions=[thread()],
        turns=[turn("completed")],
        items=[message("i1", "y" * (TEXT_CHARS_MAX + 1)), message("i2", "y" * TEXT_CHARS_MAX)],
    )
    pages = Pages(place)
    session = read(pages, say.GetSessions(command_id="c")).sessions[0].session_id
    items = read(pages, say.GetSession(command_id="c", session_id=session)).items
    assert [(len(each.text), each.cut) for each in items] == [(TEXT_CHARS_MAX, True), (TEXT_CHARS_MAX, False)]
    pages.close()
    store.close()
