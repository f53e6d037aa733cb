"""Evidence and verdicts as rows."""

from __future__ import annotations

import json

from storage.linking.verdict import LinkFound, Verdict
from storage.store import Store
from tests.storage.linking.repository import T0_MS, patched, ran
from tests.storage.story import HIDDEN, SECRET, Stream, message, rows, thread

RUNS = {"a.py": [(3, 4)]}


def link(commit: str, state: str = "linked", was: str | None = None, **more: str) -> LinkFound:
    subject = more.get("subject", "Work")
    return LinkFound(
        commit, "p", subject, 5, state, 90, "hunks", "2 lines match", was, [("a.py", 2, 2)], 1, RUNS, ["t9"]
    )


def verdict(*links: LinkFound, revision: int = 1, reason: str = "", last: bool = True) -> Verdict:
    return Verdict(1, revision, "/r/.git", "/r", reason, list(links), last, [("/r/.git", "/r")])


STATE = "SELECT state, reason, revision, looked_revision FROM link_states"
LINKS = 'SELECT "commit", state, reason, was FROM links ORDER BY "commit"'


def test_evidence_comes_with_its_item_and_makes_the_session_due(store: Store) -> None:
    assert not store.links_due()
    stream = Stream(store)
    stream.send(2, sessions=[thread(cwd="/r")], items=[message("m1")])
    assert not store.links_due(), "a message shows no file"
    stream.send(2, items=[patched("a.py", "+x = 1"), ran("git commit -m 'A'", "[main 1a2b3c4] A", "/r")])
    sql = 'SELECT kind, path, "commit", subject, branch, at_ms FROM link_evidence ORDER BY id'
    assert rows(store, sql) == [
        ("update", "a.py", None, None, None, T0_MS + 10_000),
        ("commit", "/r", "1a2b3c4", "A", "main", T0_MS + 10_000),
    ]
    assert rows(store, STATE) == [("unlinked", "not looked for yet", 2, 0)]
    assert store.links_due()


def test_a_new_revision_of_an_item_replaces_its_evidence(store: Store) -> None:
    stream = Stream(store)
    stream.send(1, items=[patched("a.py", "+x = 1")])
    stream.send(1, items=[patched("a.py", "+x = 1")])
    assert rows(store, STATE)[0][2] == 1, "the same again is nothing new"
    stream.send(1, items=[patched("b.py", "+x = 1")])
    assert rows(store, "SELECT path FROM link_evidence") == [("b.py",)]
    assert rows(store, STATE)[0][2] == 2


def test_evidence_is_redacted_and_goes_with_its_session(store: Store) -> None:
    Stream(store).send(1, items=[patched(f"/r/{SECRET}.py", "+x = 1")])
    assert rows(store, "SELECT path FROM link_evidence") == [(f"/r/{HIDDEN}.py",)]
    store.keep_links([verdict(link("c1", subject=f"key {SECRET}"))], 9)
    assert rows(store, "SELECT subject FROM links") == [(f"key {HIDDEN}",)]
    for table in ("item_sources", "items", "turns", "sessions"):
        store._database.run(f"DELETE FROM {table}")
    for table in ("link_evidence", "link_states", "link_places", "links"):
        assert rows(store, f"SELECT count(*) FROM {table}") == [(0,)]


def test_a_verdict_is_kept_once_however_often_it_comes(store: Store) -> None:
    Stream(store).send(1, items=[patched("a.py", "+x = 1")])
    for at in (9, 10):
        assert store.keep_links([verdict(link("c1"))], at) == 1
    assert rows(store, LINKS) == [("c1", "linked", "2 lines match", None)]
    assert rows(store, "SELECT repo, root FROM link_places") == [("/r/.git", "/r")]
    assert rows(store, STATE) == [("linked", "", 1, 1)]
    (evidence,) = rows(store, "SELECT evidence FROM links")[0]
    assert json.loads(evidence) == {
        "files": [{"path": "a.py", "match": 2, "of": 2, "ranges": [[3, 4]]}], "files_count": 1, "rivals": ["t9"],
    }  # fmt: skip
    assert not store.links_due()


def test_newer_evidence_stays_due(store: Store) -> None:
    stream = Stream(store)
    stream.send(1, items=[patched("a.py", "+x = 1")])
    stream.send(1, items=[patched("b.py", "+x = 1", item="c2")])
    store.keep_links([verdict(link("c1"), revision=1)], 9)
    assert store.links_due()


def test_a_commit_that_is_no_more_is_told_as_gone_with_its_heir(store: Store) -> None:
    Stream(store).send(1, items=[patched("a.py", "+x = 1")])
    store.keep_links([verdict(link("c1"), link("c2"), link("c3", "needs_review"))], 9)
    store.keep_links([verdict(link("c4", was="c1"))], 10)
    gone = "no branch or tag reaches the commit any more"
    assert rows(store, LINKS) == [
        ("c1", "gone", "it lives on as c4", None),
        ("c2", "gone", gone, None),
        ("c4", "linked", "2 lines match", "c1"),
    ]
    store.keep_links([verdict(link("c2"))], 11)
    assert ("c2", "linked", "2 lines match", None) in rows(store, LINKS), "it came back"


def test_the_state_is_the_best_of_all_repositories(store: Store) -> None:
    Stream(store).send(1, items=[patched("a.py", "+x = 1")])
    store.keep_links([verdict(link("c1", "needs_review"), reason="look", last=False)], 9)
    assert store.links_due(), "the look is not over"
    other = Verdict(1, 1, "/o/.git", "/o", "none of the 3 commits has it")
    store.keep_links([other], 9)
    assert rows(store, STATE)[0][:2] == ("needs_review", "none of the 3 commits has it")
    store.keep_links([verdict(link("c1"))], 9)
    assert rows(store, STATE)[0][:2] == ("linked", "")


def test_a_verdict_on_a_session_that_is_purged_is_left_out(store: Store) -> None:
    store.keep_links([verdict(link("c1"))], 9)
    assert rows(store, LINKS) == []
