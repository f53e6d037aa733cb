"""What the store knows that linking needs."""

from __future__ import annotations

from contextlib import closing

from storage.database import open_reader
from storage.linking.findings import Edit
from storage.linking.sources import Sources
from storage.linking.verdict import LinkFound, Verdict
from tests.storage.linking.repository import T0_MS, patched, ran
from tests.storage.story import Stream, open_store, thread


def test_evidence_is_read_again_from_the_items_in_their_order(place: str) -> None:
    with closing(open_store(place)) as store:
        items = [patched("src/a.py", "+late = 2", at_s=20, item="i1"), patched("/r/b.py", "+early = 1", item="i2")]
        Stream(store).send(3, sessions=[thread(cwd="/r", branch="topic"), thread("quiet")], items=items)
        places = [("/r/.git", "/r")]
        link = LinkFound("c" * 40, "p1", "Work", 1, "linked", 90, "hunks", "")
        with closing(open_reader(place)) as database:
            sources = Sources(database)
            (row,) = sources.due()
            session = sources.session(row)
            assert session is not None
            assert (session.session_id, session.cwd, session.branch, session.revision) == ("t1", "/r", "topic", 2)
            assert sorted(sources.paths(session)) == [("update", "/r/b.py"), ("update", "/r/src/a.py")]
            assert sources.span(session) == (T0_MS + 10_000, T0_MS + 20_000)
            texts = [one.added for _, one in sources.evidence(session) if isinstance(one, Edit)]
            assert texts == [["early = 1"], ["late = 2"]]
            assert sources.recent(T0_MS) == sources.all() == [row]
            assert sources.recent(T0_MS + 60_000) == []
            store.keep_links([Verdict(row, session.revision, "/r/.git", "/r", "", [link], True, places)], 5)
            assert sources.due() == []
            assert sources.trees() == {"/r": "/r/.git"}
            assert sources.of_repo("/r/.git") == [row]
            assert sources.former(session, "/r/.git") == {"c" * 40: "p1"}


def test_a_commit_without_a_folder_is_looked_for_where_the_session_is(place: str) -> None:
    with closing(open_store(place)) as store:
        Stream(store).send(1, sessions=[thread(cwd="/r")], items=[ran("git commit -m x", "[main 1a2b3c4] x", "")])
        with closing(open_reader(place)) as database:
            session = Sources(database).session(1)
            assert session is not None
            assert list(Sources(database).paths(session)) == [("commit", "/r")]
