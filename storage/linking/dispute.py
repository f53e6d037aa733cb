"""One commit and every session that has something of it: whose it is, how sure that is, and why. Pure.

Lines that several sessions claim prove something only for whoever has more than them. Numbers that decide stand at the
top, each with its reason. Read `match.py` for how a session's changes are held against all commits.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from storage.linking.claims import Claim, Order
from storage.linking.history import Commit
from storage.linking.overlap import EXACT, TAIL, Overlap

ENOUGH = 1.4
"""Weight that proves: two lines of some length, or one that also replaced what the commit replaced."""
SAME_FILE_WORTH = 0.6
"""Added when all that a commit adds to a file is all that the session added to it."""
NEW_FILE_WORTH = 1.2
"""Added when such a file is new: the same path with just the same content is no accident, however short it is."""
SHARE_MIN = 0.15
"""Of one file's change, the commit's or the session's, a match must be at least this part."""
RARE_MIN, RARE_SHARE = 0.6, 0.5
"""Proof needs a line that is not in many commits, or half of a file's change."""
HINT = 0.5
"""Less than enough, but more than this, is worth a person's look."""
LIKE_MIN, LIKE_SURE = 0.5, 0.65
"""Share of a session's word sequences in a file that a commit has too: a formatter broke the lines."""
SCORE_REVIEW = 59

State = Literal["linked", "needs_review"]
Made = tuple[Order, str | None]
"""A command that made a commit, and the name the commit had then when it has another now."""


@dataclass(slots=True)
class Match:
    """A session and a commit that go together, and why."""

    key: int
    commit: Commit
    state: State
    score: int
    """0 to 100; 60 and more is linked."""
    method: str
    reason: str
    was: str | None = None
    """The commit that this one replaces: amended, rebased, squashed or picked."""
    files: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By path in the commit: lines that match, lines that it changes."""
    rivals: frozenset[int] = frozenset()
    ranges: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """By path in the commit: first and last lines of what the session wrote."""


class Bench(Protocol):
    """What a dispute asks about the repository as a whole."""

    def weight(self, line: str) -> float:
        """What a signed line proves in this repository."""
        ...

    def is_rare(self, line: str) -> bool:
        """Whether few commits have a signed line."""
        ...

    def made_there(self, commit: Commit, claim: Claim) -> bool:
        """Whether the commit was made in a working tree of the session."""
        ...

    def on_its_branch(self, commit: Commit, claim: Claim) -> bool:
        """Whether a branch that the session worked on reaches the commit."""
        ...


class Dispute:
    """One commit and every session that has something of it."""

    def __init__(
        self,
        bench: Bench,
        commit: Commit,
        here: Mapping[int, Overlap],
        sure: Mapping[int, Made],
        claims: Mapping[int, Claim],
    ) -> None:
        self._bench = bench
        self._commit = commit
        self._here = here
        self._sure = sure
        self._claims = claims

    def judge(self, claim: Claim) -> Match | None:
        """Whether the commit is the session's, and why."""
        mine = self._here.get(claim.key) or Overlap()
        if claim.key in self._sure:
            order, was = self._sure[claim.key]
            method = "commit_command" if was is None else "patch_id"
            return self._match(claim, "linked", 99 if mine.taken else 97, method, _made_text(order, was), was=was)
        own, shared, rare, rivals = self._shares(claim.key)
        if not rivals:
            own += NEW_FILE_WORTH * mine.new_files
            own += SAME_FILE_WORTH * mine.whole_files if own >= HINT else 0.0
        method = "hunks" if mine.nearness == EXACT else "hunks_renamed"
        enough = ENOUGH if mine.nearness > TAIL else 2 * ENOUGH
        fits = mine.share >= SHARE_MIN
        if own >= enough and fits and (rare >= RARE_MIN or mine.share >= RARE_SHARE):
            score = round((60 + 35 * (1 - math.exp((enough - own) / 2))) * mine.nearness)
            return self._match(claim, "linked", max(score, 60), method, f"{_lines(mine)} match", rivals)
        if own + shared >= enough and fits and rivals:
            return self._disputed(claim, rivals)
        if mine.like >= LIKE_MIN:
            return self._alike(claim, mine.like)
        if own >= HINT and mine.nearness == EXACT and not rivals:
            score = max(1, round(SCORE_REVIEW * min(own / enough, 1.0)))
            return self._match(
                claim, "needs_review", score, method, f"only {_lines(mine)} match: too little to be sure"
            )
        if mine.touched and own + shared < HINT:
            reason = "it changes a file that the session changed in place, in a way that the session does not tell"
            return self._match(claim, "needs_review", 30, "file", reason)
        return None

    def _shares(self, key: int) -> tuple[float, float, float, frozenset[int]]:
        """Weight that only this session claims, weight that others claim as well, the part of the first that is in few
        commits, and who the others are.

        Lines that the commit has often enough for everybody who wrote them are everybody's own.
        """
        own = shared = rare = 0.0
        rivals: set[int] = set()
        mine = self._here.get(key) or Overlap()
        for path, lines in mine.taken.items():
            others = {each: other.taken[path] for each, other in self._here.items() if path in other.taken}
            for line, count in lines.items():
                worth = self._bench.weight(line) * count
                claimants = {each for each, theirs in others.items() if line in theirs and each != key}
                wanted = sum(theirs[line] for theirs in others.values())
                if claimants and worth > 0 and wanted > mine.room.get(path, Counter())[line]:
                    shared += worth
                    rivals |= claimants
                else:
                    own += worth
                    rare += worth if self._bench.is_rare(line) else 0.0
        return own, shared, rare, frozenset(rivals)

    def _disputed(self, claim: Claim, rivals: frozenset[int]) -> Match | None:
        """Several sessions wrote the same. Whoever made the commit, or whose working tree or branch it was made in,
        has it; otherwise a person must look."""
        if any(rival in self._sure for rival in rivals):
            return None
        both = [self._claims[key] for key in (claim.key, *sorted(rivals))]
        same = f"{_lines(self._here[claim.key])} match; other sessions wrote the same, but the commit"
        for belongs, method, score, where in (
            (self._bench.made_there, "hunks_worktree", 80, "was made in its working tree"),
            (self._bench.on_its_branch, "hunks_branch", 70, "is on its branch only"),
        ):
            winners = [each.key for each in both if belongs(self._commit, each)]
            if winners and claim.key not in winners:
                return None
            if winners == [claim.key]:
                return self._match(claim, "linked", score, method, f"{same} {where}", rivals)
        reason = f"{_lines(self._here[claim.key])} match, and other sessions wrote the same: {len(rivals)}"
        return self._match(claim, "needs_review", 50, "hunks", reason, rivals)

    def _alike(self, claim: Claim, like: float) -> Match:
        others = max((each.like for key, each in self._here.items() if key != claim.key), default=0.0)
        reason = f"{like:.0%} of the word sequences it wrote are there, with other line breaks"
        if like >= LIKE_SURE and others < LIKE_MIN:
            return self._match(claim, "linked", min(round(100 * like), 90), "words", reason)
        return self._match(claim, "needs_review", 50, "words", reason)

    def _match(
        self,
        claim: Claim,
        state: State,
        score: int,
        method: str,
        reason: str,
        rivals: frozenset[int] = frozenset(),
        was: str | None = None,
    ) -> Match:
        mine = self._here.get(claim.key) or Overlap()
        return Match(claim.key, self._commit, state, score, method, reason, was, mine.files, rivals, mine.ranges)


def _lines(mine: Overlap) -> str:
    count = sum(match for match, _ in mine.files.values())
    return (
        f"{count} changed {'line' if count == 1 else 'lines'} in {len(mine.files)} {_plural('file', len(mine.files))}"
    )


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"


def _made_text(order: Order, was: str | None) -> str:
    if was is not None:
        return f"the same patch as {was[:10]}, which is gone"
    if order.abbrev is None:
        return "the session ran `git commit` with this subject at that time"
    return f"the session ran git and was told of commit {order.abbrev}"
