"""Links as a person reads them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from storage.link_reader import LinkReader
from storage.linking.verdict import LinkFound, Verdict
from tests.storage.linking.repository import T0_MS, patched, ran
from tests.storage.story import Stream, message, open_store, thread


@pytest.fixture
def reader(place: str) -> Iterator[LinkReader]:
    """One session with two links and a hint, one that changed something in vain, one that only spoke."""
    with closing(open_store(place)) as store:
        items = [
            patched("a.py", "+x = 1"),
            ran("git commit -m A", "[main 1a2b3c4] A", "/r"),
            patched("b.py", "+y = 1", item="v1", session="vain"),
            message("m1", session="quiet_one"),
        ]
        sessions = [thread(title="Prices"), thread("vain"), thread("quiet_one")]
        Stream(store).send(7, sessions=sessions, items=items)
        made = LinkFound("1a2b3c4" + "0" * 33, "p", "A", 5, "linked", 99, "commit_command", "told")
        hint = LinkFound("c" * 40, None, "C", 9, "needs_review", 40, "hunks", "little")
        store.keep_links([Verdict(1, 2, "/r/.git", "/r", "", [made, hint], True, [("/r/.git", "/r")])], 9)
        store.keep_links([Verdict(2, 1, None, None, "/v is in no git repository")], 9)
    with LinkReader(place) as opened:
        yield opened


def told(reader: LinkReader, **which: str) -> list[tuple[str, str]]:
    return [(row["session_id"], row["state"]) for row in reader.links(**which)]  # type: ignore[arg-type]


def test_links_come_newest_first_and_then_sessions_without(reader: LinkReader) -> None:
    assert told(reader) == [
        ("t1", "needs_review"),
        ("t1", "linked"),
        ("quiet_one", "unlinked"),
        ("vain", "unlinked"),
    ]
    reasons = {row["session_id"]: row["reason"] for row in reader.links(state="unlinked")}
    assert reasons == {"quiet_one": "it changed no file and made no commit", "vain": "/v is in no git repository"}


def test_every_filter_filters(reader: LinkReader) -> None:
    assert told(reader, state="linked") == [("t1", "linked")]
    assert told(reader, commit="1a2b") == [("t1", "linked")]
    assert told(reader, session="quiet_") == [("quiet_one", "unlinked")]
    assert told(reader, session="%") == []
    assert told(reader, repo="/r") == told(reader, repo="/r/.git") == [("t1", "needs_review"), ("t1", "linked")]
    assert len(reader.links(limit=1)) == 1


def test_a_session_tells_what_it_shows(reader: LinkReader) -> None:
    about = reader.of_session("codex", "t1")
    assert (about["state"], about["due"], len(about["links"])) == ("linked", False, 2)
    evidence = about["evidence"]
    assert (evidence["files"], evidence["first_at_ms"]) == (["a.py"], T0_MS + 10_000)
    assert [each["commit"] for each in evidence["commits"]] == ["1a2b3c4"]
    assert evidence["places"] == [{"repo": "/r/.git", "root": "/r"}]
    assert reader.of_session("codex", "quiet_one")["reason"] == "it changed no file and made no commit"


def test_links_and_sessions_are_found_by_name(reader: LinkReader) -> None:
    link = reader.link(1)
    assert link is not None
    assert (link["session_id"], link["method"], link["evidence"]["files"]) == ("t1", "commit_command", [])
    assert reader.link(99) is None
    assert reader.sessions_like("va") == [("codex", "vain")]
    assert reader.sessions_like("nobody") == []
    assert reader.counts() == {"linked": 1, "needs_review": 0, "unlinked": 2}
