"""Whose a commit is, when one or several sessions have something of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from storage.linking.claims import Claim, Order
from storage.linking.dispute import SCORE_REVIEW, Dispute, Match
from storage.linking.history import Commit
from storage.linking.overlap import EXACT, TAIL, Overlap

COMMIT = Commit("c1", (), 5, "Work", [], None)
LINES = ("+one", "+two")


class Repository:
    """Every line is worth one and rare; working trees and branches as given."""

    def __init__(self, made_there: Iterable[int] = (), on_branch: Iterable[int] = ()) -> None:
        self.made, self.branch = set(made_there), set(on_branch)

    def weight(self, line: str) -> float:
        return 1.0

    def is_rare(self, line: str) -> bool:
        return True

    def made_there(self, commit: Commit, claim: Claim) -> bool:
        return claim.key in self.made

    def on_its_branch(self, commit: Commit, claim: Claim) -> bool:
        return claim.key in self.branch


def has(*lines: str, nearness: float = EXACT, share: float = 1.0) -> Overlap:
    taken = {"a.py": Counter(lines)}
    return Overlap(taken, {"a.py": Counter(lines)}, {"a.py": (len(lines), 4)}, share=share, nearness=nearness)


def told(here: dict[int, Overlap], key: int = 1, repository: Repository | None = None, made: int = 0) -> Match | None:
    claims = {each: Claim(each, [], [], frozenset(), frozenset()) for each in {*here, key, made} - {0}}
    sure = {made: (Order("c1", "Work", 5, True), None)} if made else {}
    return Dispute(repository or Repository(), COMMIT, here, sure, claims).judge(claims[key])


def state(match: Match | None) -> tuple[str, str] | None:
    return None if match is None else (match.state, match.method)


def test_who_made_it_has_it_whatever_the_lines_say() -> None:
    assert state(told({}, made=1)) == ("linked", "commit_command")
    assert told({1: has(*LINES), 2: has(*LINES)}, made=2) is None


def test_enough_lines_prove_and_fewer_are_a_hint() -> None:
    assert state(told({1: has(*LINES)})) == ("linked", "hunks")
    hint = told({1: has("+one")})
    assert hint is not None
    assert (hint.state, hint.score <= SCORE_REVIEW) == ("needs_review", True)
    assert state(told({1: has(*LINES, nearness=TAIL)})) is None, "half of a path is not enough for two lines"
    assert state(told({1: has(*LINES, share=0.01)})) == ("needs_review", "hunks"), "nor is a hundredth of the change"


def test_what_several_wrote_needs_a_tree_a_branch_or_a_person() -> None:
    both = {1: has(*LINES), 2: has(*LINES)}
    assert state(told(both)) == ("needs_review", "hunks")
    assert state(told(both, repository=Repository(made_there=[1]))) == ("linked", "hunks_worktree")
    assert told(both, repository=Repository(made_there=[2])) is None
    assert state(told(both, repository=Repository(on_branch=[1]))) == ("linked", "hunks_branch")
    assert state(told(both, repository=Repository(on_branch=[1, 2]))) == ("needs_review", "hunks")


def test_who_wrote_more_than_the_others_has_what_only_it_wrote() -> None:
    match = told({1: has(*LINES, "+three", "+four"), 2: has("+one")})
    assert match is not None
    assert (match.state, match.rivals) == ("linked", {2})


def test_other_line_breaks_are_known_by_their_words() -> None:
    assert state(told({1: Overlap(like=0.9)})) == ("linked", "words")
    assert state(told({1: Overlap(like=0.9), 2: Overlap(like=0.8)})) == ("needs_review", "words")
    assert state(told({1: Overlap(touched=True)})) == ("needs_review", "file")
    assert told({1: Overlap()}) is None
