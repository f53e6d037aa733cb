"""How often repositories are asked, and the process that asks."""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from actors.link_helper import RESTART_MS, LinkHelper
from actors.link_rounds import POLL_MAX_S, POLL_MIN_S, QUIET_MS, poll_s
from storage.linking.verdict import Verdict
from tests.storage.linking.repository import Repository, patched
from tests.storage.story import Stream, open_store, thread


def test_a_repository_is_asked_less_and_less_often_and_then_no_more() -> None:
    now = 10**12
    assert poll_s({}, now) is None
    assert poll_s({"r": now - QUIET_MS}, now) is None
    assert poll_s({"r": now}, now) == poll_s({"r": now + 5}, now) == POLL_MIN_S
    assert poll_s({"r": now - 600_000}, now) == 30.0
    assert poll_s({"r": now - QUIET_MS + 1}, now) == POLL_MAX_S
    assert poll_s({"old": now - 600_000, "young": now - 100_000}, now) == 5.0


@pytest.fixture
def helpers() -> Iterator[list[LinkHelper]]:
    made: list[LinkHelper] = []
    yield made
    for helper in made:
        helper.stop()


def read(helper: LinkHelper) -> list[Verdict]:
    """Everything until it ends or has said a verdict."""
    found: list[Verdict] = []
    while helper.running and not found:
        assert select.select(helper.watched(), [], [], 30)[0], "it said nothing"
        found += helper.read(5)
    return found


def test_it_looks_when_it_is_poked_and_ends_when_all_is_quiet(tmp_path: Path, helpers: list[LinkHelper]) -> None:
    repository = Repository(tmp_path / "r")
    with closing(open_store(tmp_path / "state")) as store:
        Stream(store).send(1, sessions=[thread(cwd=str(repository.root))], items=[patched("a.py", "+x = 1")])
        helper = LinkHelper(str(tmp_path / "state" / "capture.sqlite3"))
        helpers.append(helper)
        assert not helper.running
        helper.poke(0)
        (verdict,) = read(helper)
        assert (verdict.session_row, verdict.reason) == (1, "nobody has committed anything since its first change")
        assert read(helper) == [], "the session is old: nobody waits for its commits"
        assert not helper.running
        assert helper.watched() == []


def test_one_that_fails_is_not_started_again_at_once(tmp_path: Path, helpers: list[LinkHelper]) -> None:
    helper = LinkHelper(str(tmp_path / "no store"))
    helpers.append(helper)
    helper.poke(0)
    assert read(helper) == []
    helper.poke(6)
    assert not helper.running
    helper.poke(5 + RESTART_MS)
    assert helper.running
