"""What a renderer reads of the store: pages that follow one another, bounded, and in the form of their messages."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from messages import renderer_reads as say
from messages.renderer_words import Command, Data
from storage.config import Config
from storage.errors import NothingCaptured, StoreError
from storage.pages import TEXT_CHARS_MAX, BadPage, Pages, config_of, fitting
from tests.storage.story import Stream, message, open_store, thread, turn

BYTES = 512 * 1024


@pytest.fixture
def pages(place: str) -> Iterator[Pages]:
    store = open_store(place)
    stream = Stream(store)
    for number in range(7):
        stream.send(
            3,
            sessions=[
                thread(f"t{number}", cwd=f"/work/{number}", title=f"100% of_{number}", created_at_ms=100 + number)
            ],
            turns=[
                turn("completed", turn="u1", session=f"t{number}", completed_at_ms=500, usage={"input": 4, "output": 2})
            ],
            items=[message(f"i{n}", f"hello {n}", turn="u1", session=f"t{number}") for n in range(3)],
        )
    yield (found := Pages(place))
    found.close()
    store.close()


def read(pages: Pages, command: Command, bytes_max: int = BYTES) -> Any:
    data = pages.read(command, time.monotonic() + 5, bytes_max)
    assert isinstance(data, say.READS[type(command)])
    return data


def test_lists_go_on_where_the_page_before_ended(pages: Pages) -> None:
    found, cursor = [], None
    for _ in range(5):
        page = read(pages, say.GetSessions(command_id="c", limit=3, before=cursor))
        found += [each.session_id for each in page.sessions]
        cursor = page.next
        if cursor is None:
            break
    assert found == [f"t{n}" for n in range(6, -1, -1)]


def test_a_session_in_a_list_has_its_counts(pages: Pages) -> None:
    first = read(pages, say.GetSessions(command_id="c", limit=1)).sessions[0]
    assert (first.turns, first.items, first.tokens, first.links) == (1, 3, 6, 0)
    assert (first.started_at_ms, first.last_at_ms, first.last_status) == (106, 500, "completed")
    assert first.sources == ("stream",)


def test_a_name_is_looked_for_as_it_stands(pages: Pages) -> None:
    assert len(read(pages, say.GetSessions(command_id="c", query="100%")).sessions) == 7
    assert [each.session_id for each in read(pages, say.GetSessions(command_id="c", query="OF_3")).sessions] == ["t3"]
    assert read(pages, say.GetSessions(command_id="c", query="of%3")).sessions == ()
    assert read(pages, say.GetSessions(command_id="c", tool="claude")).sessions == ()


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


def test_what_says_it_is_found(pages: Pages) -> None:
    found = read(pages, say.SearchSessions(command_id="c", text="hello", limit=5))
    assert len(found.hits) == 5
    assert found.more
    assert all(each.marks for each in found.hits)


def test_decisions_have_their_reasons(pages: Pages) -> None:
    found = read(pages, say.GetCodexStreamDedupeLog(command_id="c", session_id="t1", limit=500))
    assert {each.session_id for each in found.entries} == {"t1"}
    assert all(each.decision and each.reason for each in found.entries)
    assert [each.n for each in found.entries] == sorted(each.n for each in found.entries)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (say.GetSession(command_id="c", session_id="nobody"), "UNKNOWN_ID"),
        (say.GetSession(command_id="c", session_id="t1", items_after="1.2"), "BAD_COMMAND"),
        (say.GetSessions(command_id="c", before="1 OR 1.2"), "BAD_COMMAND"),
        (say.GetSessions(command_id="c", before="9" * 30 + ".1"), "BAD_COMMAND"),
        (say.SearchSessions(command_id="c", text="  "), "BAD_COMMAND"),
    ],
)
def test_what_cannot_be_read_says_why(pages: Pages, command: Command, code: str) -> None:
    with pytest.raises(BadPage) as refused:
        pages.read(command, time.monotonic() + 5, BYTES)
    assert refused.value.code == code


def test_a_read_past_its_deadline_ends(pages: Pages) -> None:
    pages._database.give_up_at(time.monotonic() + 0.05)
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    with pytest.raises(StoreError, match="did not answer in time"), pages._database.reading():
        pages._database.run(endless).fetchall()
    assert read(pages, say.GetSessions(command_id="c")).sessions, "the connection is good for the next read"


def test_nothing_stored_yet_is_its_own_answer(tmp_path: Path) -> None:
    with pytest.raises(NothingCaptured):
        Pages(str(tmp_path / "none.sqlite3"))


def test_the_config_shows_choices_and_no_paths() -> None:
    config = Config(4, True, {"links": False, "python": "/x", "codex_home": "/y", "retention_days": 9}, "broken")
    told = orjson.loads(fitting(config_of(config), BYTES))
    assert (told["revision"], told["fault"]) == (4, "broken")
    assert told["config"]["streamKillSwitch"] is True
    assert (told["config"]["links"], told["config"]["retentionDays"]) == (False, 9)
    assert "/x" not in str(told)


def test_data_that_no_answer_carries_is_refused() -> None:
    data: Data = say.TransitionsData(
        transitions=(say.TransitionLine(n=1, at_ms=1, kind="k", who="w", before="a", after="b", cause="c" * 500),)
    )
    assert orjson.loads(fitting(data, 1_000))["transitions"][0]["from"] == "a"
    with pytest.raises(BadPage):
        fitting(data, 100)
