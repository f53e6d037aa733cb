"""One round of looking: which sessions are due, in which repositories, and what git says of them.

A repository is looked at as a whole: who else claims a line decides whether it proves anything. Only sessions whose
whole time is looked at get a verdict. Reads the store and git, writes neither; `storage/links.py` keeps what comes out.
"""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

from storage.connection import Database
from storage.database import open_reader
from storage.errors import StoreError
from storage.linking.claims import Change, Claim, Order, Standing, signed
from storage.linking.dispute import Match
from storage.linking.findings import CommitSeen, Edit, joined
from storage.linking.git import Git, GitFailed
from storage.linking.history import COMMITS_MAX, Commit, History, Place
from storage.linking.match import Judge
from storage.linking.overlap import fold
from storage.linking.places import Places
from storage.linking.sources import Session, Sources
from storage.linking.verdict import FILES_MAX, WAIT_MS, LinkFound, Verdict

RIVALS_MAX = 1_000
"""Newest other sessions of a repository that are held against the ones that are due."""
BEFORE_MS = 86_400_000
"""History is read from this long before the first change."""
TOO_LONG = "its history is too long to be read back to where it began"
NOWHERE = "no folder of it is known"


class Looker:
    """Rounds on one store. Remembers between rounds only where each repository's names pointed."""

    def __init__(self, store: str | Path, git: Git) -> None:
        self._store = store
        self._git = git
        self._fingerprints: dict[str, str] = {}
        self.watched: dict[str, int] = {}
        """Repositories with sessions that may still get commits, and when the newest of them last changed something."""

    def round(self, now_ms: int, *, all_of: str | None = None, everything: bool = False) -> Iterator[list[Verdict]]:
        """Verdicts, one repository at a time. Looks at what is due and at repositories whose names moved; at one whole
        repository with `all_of` (its git folder), at all with `everything`.

        Errors: those of `open_reader`. A repository that git cannot read is a reason, no error.
        """
        database = open_reader(self._store)
        try:
            with database.reading():
                yield from _Round(self, database, self._git, now_ms).verdicts(all_of, everything)
        finally:
            database.close()

    def stirred(self) -> bool:
        """Whether a watched repository's names moved since the last round: cheap enough to ask every few seconds."""
        for repo in self.watched:
            try:
                if _fingerprint(History(self._git, Place(repo, repo))) != self._fingerprints.get(repo):
                    return True
            except GitFailed:
                continue  # the next round says why
        return False

    def moved(self, history: History) -> bool:
        """Whether a name of the repository points elsewhere than in the round before. Errors: GitFailed."""
        fingerprint = _fingerprint(history)
        before = self._fingerprints.get(history.place.repo)
        self._fingerprints[history.place.repo] = fingerprint
        return before != fingerprint


class _Round:
    """What is read once for one round."""

    def __init__(self, looker: Looker, database: Database, git: Git, now_ms: int) -> None:
        self._looker = looker
        self._git = git
        self._now_ms = now_ms
        self._sources = Sources(database)
        self._places = Places(git, self._sources.trees())
        self._sessions: dict[int, Session] = {}
        self._where: dict[int, dict[str, set[str]]] = {}
        self._why_not: dict[int, str] = {}

    def verdicts(self, all_of: str | None, everything: bool) -> Iterator[list[Verdict]]:
        due = set(self._sources.all() if everything else self._sources.due())
        waiting = set(self._sources.recent(self._now_ms - WAIT_MS))
        if all_of is not None:
            due = set(self._sources.of_repo(all_of)) | due
        repos: dict[str, set[int]] = defaultdict(set)
        roots: dict[str, str] = {}
        for row in sorted(due | waiting):
            for repo, trees in self._placed(row).items():
                repos[repo].add(row)
                roots.setdefault(repo, min(trees))
        homeless = [row for row in sorted(due) if row in self._sessions and not self._where[row]]
        if homeless:
            yield [self._homeless(row) for row in homeless]
        self._watch(repos, waiting)
        work: list[tuple[str, set[int]]] = []
        for repo, rows in repos.items():
            history = History(self._git, Place(roots[repo], repo))
            wanted = rows & due
            try:
                if self._looker.moved(history):
                    wanted = rows
            except GitFailed as failed:
                yield [self._unreadable(row, repo, failed) for row in sorted(wanted)]
                continue
            if wanted:
                work.append((repo, wanted))
        left = {row: sum(row in rows for _, rows in work) for _, rows in work for row in rows}
        for repo, rows in work:
            for row in rows:
                left[row] -= 1
            last = {row for row in rows if not left[row]}
            try:
                yield list(self._look(Place(roots[repo], repo), rows, last))
            except GitFailed as failed:
                yield [self._unreadable(row, repo, failed) for row in sorted(rows)]
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001 - an oddity of one repository must not stop all others
                oddity = GitFailed(f"{type(error).__name__} in what it says")
                yield [self._unreadable(row, repo, oddity) for row in sorted(rows)]

    def _watch(self, repos: dict[str, set[int]], waiting: set[int]) -> None:
        self._looker.watched.clear()
        for repo, rows in repos.items():
            times = [self._sources.span(self._sessions[row])[1] for row in rows & waiting]
            if times:
                self._looker.watched[repo] = max(times)

    def _placed(self, row: int) -> dict[str, set[str]]:
        """Repositories and working trees of a session."""
        if row in self._where:
            return self._where[row]
        where: dict[str, set[str]] = defaultdict(set)
        self._where[row] = where
        session = self._sources.session(row)
        if session is None:
            return where
        self._sessions[row] = session
        for kind, path in self._sources.paths(session):
            found = self._places.of(path) if kind != "commit" else self._places.of_folder(path)
            if isinstance(found, str):
                self._why_not[row] = found
            else:
                place = found if isinstance(found, Place) else found[0]
                where[place.repo].add(place.root)
        return where

    def _homeless(self, row: int) -> Verdict:
        session = self._sessions[row]
        return Verdict(row, session.revision, None, None, self._why_not.get(row, NOWHERE))

    def _unreadable(self, row: int, repo: str, failed: GitFailed) -> Verdict:
        return Verdict(row, self._sessions[row].revision, None, None, f"git cannot read {repo}: {failed}")

    def _look(self, place: Place, rows: set[int], last: set[int]) -> Iterator[Verdict]:
        """Verdicts of one repository. Errors: GitFailed."""
        history = History(self._git, place)
        since_ms = min(self._sources.span(self._sessions[row])[0] for row in rows) - BEFORE_MS
        others = [
            row for row in self._sources.of_repo(place.repo) if row not in rows and place.repo in self._placed(row)
        ]
        spans = {row: self._sources.span(self._sessions[row]) for row in others}
        near = sorted((row for row in others if spans[row][1] >= since_ms - WAIT_MS), key=lambda row: -spans[row][1])
        rivals = near[:RIVALS_MAX]
        claims = [self._claim(self._sessions[row], place.repo) for row in sorted({*rows, *rivals})]
        commits = history.commits(since_ms)
        unread_ms = history.fill(_candidates(commits, claims))
        if len(commits) >= COMMITS_MAX:
            unread_ms = max(unread_ms, min(commit.committed_ms for commit in commits))
        known = {commit.sha for commit in commits}
        asked = {name for claim in claims for name in _names(claim) if not _reached(name, known)}
        judge = Judge(commits, history.tips(), history.lost(asked), cache(history.made_in))
        found = judge.matches(claims)
        names = {row: self._sessions[row].session_id for row in (*rows, *rivals)}
        for claim in claims:
            row = claim.key
            first_ms = self._sources.span(self._sessions[row])[0]
            if first_ms < unread_ms:
                # What was found before stands: not to have read a commit does not say that it is gone.
                if row in rows:
                    yield Verdict(row, self._sessions[row].revision, None, None, TOO_LONG)
            elif row in rows or first_ms >= since_ms:
                yield self._verdict(claim, place, found[row], names, commits, row not in rows or row in last)

    def _verdict(
        self,
        claim: Claim,
        place: Place,
        matches: Collection[Match],
        names: dict[int, str],
        commits: list[Commit],
        last: bool,
    ) -> Verdict:
        session = self._sessions[claim.key]
        places = [(repo, root) for repo, roots in self._where[claim.key].items() for root in sorted(roots)]
        links = [_found(match, names) for match in matches]
        reason = "" if any(link.state == "linked" for link in links) else _why_none(claim, links, len(commits))
        root = min(self._where[claim.key].get(place.repo, {place.root}))
        return Verdict(claim.key, session.revision, place.repo, root, reason, links, last, places)

    def _claim(self, session: Session, repo: str) -> Claim:
        claim = Claim(session.row, [], former=self._sources.former(session, repo))
        branches = {session.branch} if session.branch else set()
        for at_ms, one in self._sources.evidence(session):
            if isinstance(one, CommitSeen):
                here = self._places.of_folder(one.cwd or session.cwd or "")
                if isinstance(here, Place) and here.repo == repo:
                    claim.orders.append(Order(at_ms or None, one.abbrev, one.subject, one.commanded))
                    if one.branch:
                        branches.add(one.branch)
            else:
                change = self._change(session, repo, at_ms, one)
                if change is not None:
                    claim.changes.append(change)
        claim.roots = frozenset(self._where[session.row].get(repo, ()))
        claim.branches = frozenset(branches)
        return claim

    def _change(self, session: Session, repo: str, at_ms: int, edit: Edit) -> Change | None:
        here = self._places.of(joined(session.cwd, edit.path))
        if isinstance(here, str) or here[0].repo != repo:
            return None
        old = self._places.of(joined(session.cwd, edit.old_path)) if edit.old_path else None
        old_path = old[1] if old is not None and not isinstance(old, str) and old[0].repo == repo else None
        return Change(at_ms, here[1], edit.deed, old_path, signed(edit.added, edit.removed), "\n".join(edit.added))


def _fingerprint(history: History) -> str:
    tips = "\n".join(f"{name} {sha}" for name, sha in sorted(history.tips().items()))
    return hashlib.sha256(tips.encode("utf-8", "replace")).hexdigest()


def _candidates(commits: list[Commit], claims: Collection[Claim]) -> list[Commit]:
    """Commits that touch a file of a session, by its path or at least its name, or that a session made itself."""
    paths = {
        fold(path) for claim in claims for change in claim.changes for path in (change.path, change.old_path or "")
    }
    for commit in commits:  # parents first, so a file is followed through all its names
        paths |= {fold(file.path) for file in commit.files if file.status == "R" and fold(file.old_path) in paths}
    names = {path.rpartition("/")[2] for path in paths}
    told = tuple({name for claim in claims for name in _names(claim)})
    return [
        commit
        for commit in commits
        if commit.sha.startswith(told)
        or any(
            fold(path) in paths or fold(path).rpartition("/")[2] in names
            for file in commit.files
            for path in (file.path, file.old_path)
        )
    ]


def _names(claim: Claim) -> Iterator[str]:
    """Commits that a session speaks of."""
    yield from (order.abbrev for order in claim.orders if order.abbrev)
    yield from claim.former


def _reached(name: str, known: set[str]) -> bool:
    return name in known or (len(name) < 40 and any(sha.startswith(name) for sha in known))


def _found(match: Match, names: dict[int, str]) -> LinkFound:
    commit = match.commit
    files = sorted(((path, *counts) for path, counts in match.files.items()), key=lambda file: -file[1])
    return LinkFound(
        commit=commit.sha,
        patch_id=commit.patch_id,
        subject=commit.subject,
        committed_ms=commit.committed_ms,
        state=match.state,
        score=match.score,
        method=match.method,
        reason=match.reason,
        was=match.was,
        files=files[:FILES_MAX],
        files_count=len(files),
        ranges={path: match.ranges.get(path, []) for path, _, _ in files[:FILES_MAX]},
        rivals=sorted(names[key] for key in match.rivals if key in names)[:FILES_MAX],
    )


def _why_none(claim: Claim, links: Collection[LinkFound], commits: int) -> str:
    """In plain words, why no commit is surely the session's."""
    if links:
        return f"{len(links)} commit{'s' if len(links) != 1 else ''} may be its own: a person must look"
    standing = Standing(claim.changes)
    standing.advance(2**62)
    if claim.changes and not any(standing.lines.values()) and not standing.touched:
        return "it took back everything that it changed"
    if not commits:
        return "nobody has committed anything since its first change"
    return f"none of the {commits} commits since its first change has what it wrote"


def repo_of(git: Git, folder: str) -> str:
    """The git folder that `links` calls the repository of a folder. Errors: GitFailed."""
    found = Places(git, {}).of_folder(os.path.abspath(folder))
    if isinstance(found, str):
        raise GitFailed(found)
    return found.repo
