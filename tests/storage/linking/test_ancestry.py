"""Who comes from whom."""

from __future__ import annotations

from storage.linking.ancestry import Ancestry
from storage.linking.history import Commit


def commit(sha: str, *parents: str) -> Commit:
    return Commit(sha, parents, 0, sha)


# a - b - d (merge) ; a - c - d ; e alone, its parent not read
COMMITS = [commit("a", "unread"), commit("b", "a"), commit("c", "a"), commit("d", "b", "c"), commit("e", "unread")]


def test_ancestors_are_found_through_merges() -> None:
    ancestry = Ancestry(COMMITS, {})
    assert [n for n in range(5) if ancestry.has(3, n)] == [0, 1, 2]
    assert not ancestry.has(1, 2)
    assert not ancestry.has(4, 0)


def test_a_branch_reaches_its_tip_and_what_is_below() -> None:
    ancestry = Ancestry(COMMITS, {"refs/heads/topic": "c", "refs/heads/main": "d", "refs/heads/old": "unread"})
    assert ancestry.on_branch("a", ["topic"])
    assert ancestry.on_branch("c", ["topic"])
    assert not ancestry.on_branch("b", ["topic", "old", "no such"])
    assert ancestry.on_branch("b", ["topic", "main"])
