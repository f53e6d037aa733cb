"""What a renderer reads of the store: pages that follow one another, bounded, and in the form of their messages."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from messages import renderer_reads as say
from messages.renderer_words import Command
from storage.config import Config
from storage.errors import NothingCaptured, StoreError
from storage.pages import Pages, config_of
from storage.paging import BadPage, fitting
from tests.storage.pages_house import BYTES, read, seven_sessions


@pytest.fixture
def pages(place: str) -> Iterator[Pages]:
    yield from seven_sessions(place)


def test_lists_go_on_where_the_page_before_ended(pages: Pages) -> None:
    found, cursor = [], None
    for _ in range(5):
        page = read(pages, say.GetSessions(command_id="c", limit=3, before=cursor))
        found += [each.session_id for each in page.sessions]
        cursor = page.next
        if cursor is None:
            break
    assert found == [f"t{n}" for n in range(6, -1, -1)]


def test_a_name_is_looked_for_as_it_stands(pages: Pages) -> None:
    assert len(read(pages, say.GetSessions(command_id="c", query="100%")).sessions) == 7
    assert [each.session_id for each in read(pages, say.GetSessions(command_id="c", query="OF_3")).sessions] == ["t3"]
    assert read(pages, say.GetSessions(command_id="c", query="of%3")).sessions == ()
    assert read(pages, say.GetSessions(command_id="c", tool="claude")).sessions == ()


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
        pages.read(command, time.monotonic() + 60, BYTES)
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
