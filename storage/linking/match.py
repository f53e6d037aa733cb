"""Which commits hold which sessions' work: the judgement. Pure: claims and commits in, matches with their reasons out.

A session's changes are played in order; what it undid itself does not count. Each commit takes from that what it adds
and removes alike. What an earlier commit of the same line of history took is gone: code that was moved or reformatted
later proves nothing. Which of the sessions that a commit has something of it belongs to: `dispute.py`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

from storage.linking.ancestry import Ancestry
from storage.linking.claims import REMOVED, Change, Claim, Order, Standing, signed_file
from storage.linking.dispute import Dispute, Made, Match
from storage.linking.history import Commit
from storage.linking.lines import weight
from storage.linking.overlap import Diffs, Names, Overlap, overlap_of, ranges_elsewhere

REMOVED_WORTH = 0.5
"""A removed line proves half: anybody may delete it."""
SLACK_MS = 120_000
"""Clocks of a tool and of git may differ by this."""
COMMAND_MS = 600_000
"""A commit and a command that only seems to have made it are at most this far apart."""
COMMON_MAX = 2
"""A line that more commits than this add is worth less with each."""
HINTS_MAX = 3


class Judge:
    """One repository's commits against all claims on it."""

    def __init__(
        self,
        commits: Sequence[Commit],
        tips: Mapping[str, str],
        lost: Mapping[str, Commit],
        made_in: Callable[[str], set[str]],
    ) -> None:
        """`commits` parents first; `lost` are commits that nothing reaches, by the names they were asked for;
        `made_in` tells a working tree's own commits and is asked only when sessions dispute one."""
        self._commits, self._times = _in_time(commits)
        self._number = {commit.sha: number for number, commit in enumerate(self._commits)}
        self._ancestry = Ancestry(self._commits, tips)
        self._names = Names(self._commits)
        self._lost = {name: commit for name, commit in lost.items() if commit.sha not in self._number}
        self._made_in = made_in
        self._diffs: list[Diffs] = [[(file, signed_file(file)) for file in each.files] for each in self._commits]
        self._common = Counter(line for diffs in self._diffs for line in {line for _, lines in diffs for line in lines})
        self._by_patch: dict[str, list[Commit]] = defaultdict(list)
        for commit in self._commits:
            if commit.patch_id is not None:
                self._by_patch[commit.patch_id].append(commit)

    def matches(self, claims: Sequence[Claim]) -> dict[int, list[Match]]:
        """Every match of every claim, in the order of the commits."""
        overlaps = {claim.key: self._overlaps(claim) for claim in claims}
        made = {claim.key: self._made(claim) for claim in claims}
        by_key = {claim.key: claim for claim in claims}
        found: dict[int, list[Match]] = {claim.key: [] for claim in claims}
        for number, commit in enumerate(self._commits):
            here = {key: each[number] for key, each in overlaps.items() if number in each}
            sure = {key: each[commit.sha] for key, each in made.items() if commit.sha in each}
            for key in sorted({*here, *sure}):
                match = Dispute(self, commit, here, sure, by_key).judge(by_key[key])
                if match is not None:
                    found[key].append(match)
        return {claim.key: self._settled(claim, found[claim.key]) for claim in claims}

    def weight(self, line: str) -> float:
        """What a signed line proves in this repository; a removed one half."""
        worth = weight(line[1:]) * (REMOVED_WORTH if line[0] == REMOVED else 1.0)
        seen = self._common[line]
        return worth if seen <= COMMON_MAX else worth * COMMON_MAX / seen

    def is_rare(self, line: str) -> bool:
        """Whether few commits have a signed line."""
        return self._common[line] <= COMMON_MAX

    def made_there(self, commit: Commit, claim: Claim) -> bool:
        """Whether the commit was made in a working tree of the session."""
        return any(commit.sha in self._made_in(root) for root in claim.roots)

    def on_its_branch(self, commit: Commit, claim: Claim) -> bool:
        """Whether a branch that the session worked on reaches the commit."""
        return self._ancestry.on_branch(commit.sha, claim.branches)

    def _overlaps(self, claim: Claim) -> dict[int, Overlap]:
        changes = [*claim.changes, *self._changes_of_lost(claim)]
        standing = Standing(changes)
        found: dict[int, Overlap] = {}
        paths = {path for change in changes for path in (change.path, change.old_path) if path}
        for number in self._names.commits(paths):
            diffs = self._diffs[number]
            standing.advance(self._times[number] + SLACK_MS)
            gone: dict[str, Counter[str]] = defaultdict(Counter)
            for other, overlap in found.items():
                if self._ancestry.has(number, other):
                    for path, lines in overlap.taken.items():
                        gone[standing.name_now(path)] += lines
            overlap = overlap_of(diffs, standing, gone, self._names, self._times[number], self.weight)
            if overlap:
                found[number] = overlap
        return found

    def _changes_of_lost(self, claim: Claim) -> list[Change]:
        """A commit that the session made, or was linked to, and that nothing reaches any more, counts as its change
        where the session shows no change of its own: so squash and rebase are found by what they hold."""
        changed = {change.path for change in claim.changes}
        names = {order.abbrev: None for order in claim.orders if order.abbrev and order.commanded} | claim.former
        changes = []
        for name in names:
            commit = self._lost.get(name)
            for file in commit.files if commit else ():
                if commit is not None and file.path not in changed:
                    lines = signed_file(file)
                    changes.append(Change(commit.committed_ms, file.path, "update", None, lines))
        return changes

    def _made(self, claim: Claim) -> dict[str, Made]:
        found: dict[str, Made] = {}
        for order in claim.orders:
            for commit in self._commits:
                apart = None if order.at_ms is None else abs(commit.committed_ms - order.at_ms)
                if order.abbrev is not None:
                    near = apart is not None and apart <= COMMAND_MS
                    told = order.commanded and (apart is None or order.subject == commit.subject)
                    meant = commit.sha.startswith(order.abbrev) and (near or told)
                else:
                    meant = apart is not None and apart <= SLACK_MS and commit.subject == order.subject
                if meant:
                    found[commit.sha] = (order, None)
            lost = self._lost.get(order.abbrev or "")
            if lost is not None and order.commanded:
                self._add_twins(found, order, lost.sha, lost.patch_id)
        for name, patch_id in claim.former.items():
            if name not in self._number:
                self._add_twins(found, Order(None, None, None, True), name, patch_id)
        return found

    def _add_twins(self, found: dict[str, Made], order: Order, was: str, patch_id: str | None) -> None:
        for twin in self._by_patch.get(patch_id or "", ()):
            found.setdefault(twin.sha, (order, was))

    def _settled(self, claim: Claim, found: list[Match]) -> list[Match]:
        """The same patch elsewhere belongs along; mere hints only where nothing is linked, and few."""
        linked = {match.commit.sha: match for match in found if match.state == "linked"}
        for match in list(linked.values()):
            for twin in self._by_patch.get(match.commit.patch_id or "", ()):
                if twin.sha not in linked:
                    reason = f"the same patch as {match.commit.sha[:10]}"
                    runs = ranges_elsewhere(match.ranges, match.commit, twin)
                    linked[twin.sha] = Match(
                        claim.key, twin, "linked", 90, "patch_id", reason, files=match.files, ranges=runs
                    )
        open_ones = [match for match in found if match.commit.sha not in linked]
        disputed = [match for match in open_ones if match.rivals]
        hints = sorted((match for match in open_ones if not match.rivals), key=lambda match: -match.score)
        kept = [*linked.values(), *disputed, *(hints[:HINTS_MAX] if not linked else ())]
        for match in kept:
            match.was = match.was or self._replaced(claim, match.commit)
        return sorted(kept, key=lambda match: self._number[match.commit.sha])

    def _replaced(self, claim: Claim, commit: Commit) -> str | None:
        """The commit of before that is gone and most of whose lines this one has."""
        names = [*claim.former, *(order.abbrev for order in claim.orders if order.abbrev)]
        mine = Counter[str]()
        for _, lines in self._diffs[self._number[commit.sha]]:
            mine += lines
        for name in names:
            lost = self._lost.get(name)
            if lost is None:
                continue
            theirs = Counter[str]()
            for file in lost.files:
                theirs += signed_file(file)
            if theirs and 2 * sum((theirs & mine).values()) >= sum(theirs.values()):
                return lost.sha
        return None


def _in_time(commits: Sequence[Commit]) -> tuple[list[Commit], list[int]]:
    """Commits by time, parents before children also when a clock was wrong; a child is not older than its parents."""
    times: dict[str, int] = {}
    for commit in commits:
        times[commit.sha] = max([commit.committed_ms, *(times[sha] for sha in commit.parents if sha in times)])
    ordered = sorted(commits, key=lambda commit: times[commit.sha])
    return ordered, [times[commit.sha] for commit in ordered]
