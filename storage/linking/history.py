"""A repository as the judgement wants it: its commits since a time, what each adds and removes, who reaches them.

Reads by `git.py` only. Merges are left out: what they bring was committed before. Times are ms since the epoch, so an
author's time zone means nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from storage.linking.git import Git, GitFailed

COMMITS_MAX = 20_000
"""Newest commits that are looked at in one repository."""
PATCH_COMMITS = 500
"""Commits whose contents are asked for at once."""
PATCH_BYTES_MAX = 128 * 1024 * 1024
"""Contents that are read in one round, newest commits first: those that touch a file of a session."""
PATCH_LINES_MAX = 20_000
"""Lines taken from one file of one commit: a generated file proves nothing beyond that."""

_FORMAT = "--format=%x01%H %P%x02%ct%x02%s"
_SIMPLE = ("--no-color", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all", "-M", "-l400")
_LOG = ("--no-notes", "--no-decorate", "--no-mailmap", "--no-show-signature", "--no-abbrev")
_PATCH = ("-r", "-p", "-U0", "--inter-hunk-context=0", "--src-prefix=a/", "--dst-prefix=b/", "--root", "--no-abbrev")
_HUNK = re.compile(r"@@ -\S+ \+(\d+)")
_SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


@dataclass(slots=True)
class FileDiff:
    """One file in one commit."""

    path: str
    old_path: str
    """Differs from `path` when git saw a rename."""
    status: str
    """A, M, D, R, C or T, as git says it."""
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    """Line numbers of the added lines, in the file as the commit leaves it."""


@dataclass(slots=True)
class Commit:
    """One commit that is no merge (`files` empty), or a merge."""

    sha: str
    parents: tuple[str, ...]
    committed_ms: int
    subject: str
    files: list[FileDiff] = field(default_factory=list)
    patch_id: str | None = None
    """`git patch-id --stable` over its changes without context; None until read, and for an empty commit."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a folder belongs."""

    root: str
    """Top of the working tree, with symbolic links resolved."""
    repo: str
    """The shared git folder: the same for all working trees of one repository."""


class History:
    """One repository. Errors of every method: GitFailed."""

    def __init__(self, git: Git, place: Place) -> None:
        self._git = git
        self.place = place

    def tips(self) -> dict[str, str]:
        """Commit of every branch, tag and remote branch by its full name; a tag's commit, not the tag."""
        said = self._git.read(self.place.repo, "for-each-ref", "--format=%(objectname) %(*objectname) %(refname)")
        found = {}
        # Not `splitlines`: a name may hold a line separator of Unicode, which ends no line of git's.
        for line in said.decode(errors="replace").split("\n")[:-1]:
            direct, peeled, name = line.split(" ", 2)
            if not name.startswith("refs/notes/"):
                found[name] = peeled or direct
        for tree in self.trees():
            found[f"worktree {tree[0]}"] = tree[1]
        return found

    def trees(self) -> list[tuple[str, str]]:
        """Root and checked-out commit of every working tree; a detached one keeps commits reachable, too."""
        said = self._git.read(self.place.repo, "worktree", "list", "--porcelain", "-z")
        found, root = [], ""
        for line in said.decode(errors="surrogateescape").split("\0"):
            word, _, value = line.partition(" ")
            if word == "worktree":
                root = os.path.realpath(value)
            elif word == "HEAD" and value.strip("0"):
                found.append((root, value))
        return found

    def commits(self, since_ms: int) -> list[Commit]:
        """Commits reachable from any name, committed at `since_ms` or later, parents first; without contents yet."""
        since_s = since_ms // 1000
        # Git takes a small number for a time of day, and reads a minus as an option.
        since = [f"--since-as-filter={since_s}"] if since_s > 100_000_000 else []
        heads = sorted({head for _, head in self.trees()})
        said = self._git.read(
            self.place.repo, "log", "--exclude=refs/notes/*", "--exclude=refs/stash", "--all", *heads, "--topo-order",
            f"--max-count={COMMITS_MAX}", *since, *_LOG, *_SIMPLE, "--raw", "-z", _FORMAT,
        )  # fmt: skip
        return list(_commits(said.decode("utf-8", "replace")))[::-1]

    def fill(self, commits: Collection[Commit]) -> int:
        """Read what these commits add and remove, and their patch ids, newest first; gives the time before which
        nothing was read any more because it became too much, 0 when all was."""
        wanted = sorted((each for each in commits if each.patch_id is None), key=lambda each: -each.committed_ms)
        said_bytes = 0
        for at in range(0, len(wanted), PATCH_COMMITS):
            if said_bytes > PATCH_BYTES_MAX:
                return wanted[at].committed_ms + 1
            said_bytes += self._fill({commit.sha: commit for commit in wanted[at : at + PATCH_COMMITS]})
        return 0

    def _fill(self, wanted: dict[str, Commit]) -> int:
        said = self._patches(wanted)
        for sha, diffs in _patches(said.decode("utf-8", "replace")):
            if sha in wanted:
                _give_lines(wanted[sha].files, diffs)
        for sha, patch_id in self._patch_ids(said):
            if sha in wanted:
                wanted[sha].patch_id = patch_id
        return len(said)

    def lost(self, abbrevs: Collection[str]) -> dict[str, Commit]:
        """Commits by these short names that are still there, reachable or not, with their contents."""
        names = sorted({each for each in abbrevs if re.fullmatch(r"[0-9a-f]{7,64}", each)})
        if not names:
            return {}
        asked = "".join(f"{each}^{{commit}}\n" for each in names).encode()
        said = self._git.read(self.place.repo, "cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=asked)
        shas: dict[str, str] = {}
        for name, line in zip(names, said.decode(errors="replace").split("\n"), strict=False):
            sha, _, kind = line.partition(" ")
            if kind == "commit" and _SHA.fullmatch(sha):
                shas[name] = sha
        if not shas:
            return {}
        asked = "".join(f"{sha}\n" for sha in sorted(set(shas.values()))).encode()
        said = self._git.read(
            self.place.repo, "log", "--no-walk=unsorted", "--stdin", *_LOG, *_SIMPLE, "--raw", "-z", _FORMAT,
            stdin=asked,
        )  # fmt: skip
        found = {commit.sha: commit for commit in _commits(said.decode("utf-8", "replace"))}
        self.fill(found.values())
        return {name: found[sha] for name, sha in shas.items() if sha in found}

    def made_in(self, root: str) -> set[str]:
        """Commits that this working tree's own log names: made, amended, picked or rebased there."""
        try:
            said = self._git.read(
                root, "log", "-g", "HEAD", f"--max-count={COMMITS_MAX}", "--no-show-signature", "--format=%H%x00%gs"
            )
        except GitFailed:
            return set()  # no log is kept, or the tree is gone
        made = ("commit", "cherry-pick", "rebase", "revert", "am")
        rows = (line.partition("\0") for line in said.decode(errors="replace").split("\n"))
        return {sha for sha, _, what in rows if what.startswith(made) and "(start)" not in what}

    def _patches(self, wanted: Collection[str]) -> bytes:
        asked = "".join(f"{sha}\n" for sha in wanted).encode()
        return self._git.read(self.place.repo, "diff-tree", "--stdin", *_SIMPLE, *_PATCH, stdin=asked)

    def _patch_ids(self, patches: bytes) -> Iterator[tuple[str, str]]:
        said = self._git.read(self.place.repo, "patch-id", "--stable", stdin=patches)
        for line in said.decode(errors="replace").split("\n")[:-1]:
            patch_id, _, sha = line.partition(" ")
            yield sha, patch_id


def place_of(git: Git, folder: str) -> Place:
    """The repository that a folder is in. Errors: GitFailed, also when it is in none."""
    said = git.read(folder, "rev-parse", "--path-format=absolute", "--git-common-dir", "--show-toplevel")
    names = said.decode("utf-8", "surrogateescape").rstrip("\n").split("\n")
    if len(names) != 2:
        raise GitFailed("its path has a line break in it: rename the folder")
    repo, root = names
    return Place(os.path.realpath(root), os.path.realpath(repo))


def _commits(said: str) -> Iterator[Commit]:
    """`git log -z --raw`: fields end with NUL, and paths are taken by their place, whatever they look like."""
    fields = iter(said.split("\0"))
    commit: Commit | None = None
    for one in fields:
        text = one.lstrip("\n")
        if text.startswith(":"):
            status = text.rsplit(" ", 1)[-1][:1]
            old = next(fields, "")
            new = next(fields, "") if status in "RC" else old
            if commit is not None:
                commit.files.append(FileDiff(new, old, status))
        elif text.startswith("\x01"):
            if commit is not None:
                yield commit
            names, committed, subject = text[1:].split("\x02", 2)
            sha, *parents = names.split()
            # A broken commit has no time; it is then older than everything.
            commit = Commit(sha, tuple(parents), int(committed) * 1000 if committed.isdigit() else 0, subject)
    if commit is not None:
        yield commit


UNREAD = -1
"""Lines left to take from a file whose first hunk has not come yet."""
Diff = tuple[list[str], list[str], list[int]]


def _patches(said: str) -> Iterator[tuple[str, list[Diff]]]:
    """`git diff-tree --stdin -p`: a commit's name alone on a line, then added and removed lines of each of its files.

    Lines of files begin with a sign, so nothing that somebody committed can look like the rest.
    """
    sha, files, left, number = "", list[Diff](), 0, 0
    for line in said.split("\n"):
        sign = line[:1]
        if files and left > 0 and sign and sign in "+-":
            added, removed, numbers = files[-1]
            if sign == "-":
                removed.append(line[1:])
            else:
                added.append(line[1:])
                numbers.append(number)
                number += 1
            left -= 1
        elif line.startswith("@@"):
            left = PATCH_LINES_MAX if left == UNREAD else left
            hunk = _HUNK.match(line)
            number = int(hunk[1]) if hunk else 0
        elif line.startswith("diff --git "):
            files.append(([], [], []))
            left = UNREAD
        elif _SHA.fullmatch(line):
            if sha:
                yield sha, files
            sha, files, left = line, [], 0
    if sha:
        yield sha, files


def _give_lines(files: list[FileDiff], diffs: list[Diff]) -> None:
    """Patches come in the order of the names; a file that became a link has two, its end and its beginning."""
    waiting = iter(diffs)
    for file in files:
        file.added, file.removed, file.numbers = next(waiting, ([], [], []))
        if file.status == "T":
            file.added, _, file.numbers = next(waiting, ([], [], []))
