"""Links as git notes under refs/notes/hybrid-capture: the one thing that writes into a repository, and only when asked.

A note holds all sessions that are surely the commit's, whoever asked for which, so that the same links always give the
same note: what is the same is not written again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from storage.linking.git import Git, GitFailed

REF = "hybrid-capture"
IDENTITY = "hybrid-capture"
FIRST_LINE = "Written with the help of coding sessions (hybrid-capture):"


@dataclass(slots=True)
class Noted:
    """What became of the commits."""

    written: int = 0
    unchanged: int = 0
    missing: int = 0
    """Commits that the repository has no more."""


def note_of(links: Iterable[dict[str, Any]]) -> str:
    """The note of one commit."""
    rows = sorted({(link["tool"], link["session_id"], link["score"], link["method"]) for link in links})
    told = [f"- {tool} session {session} (score {score}, {method})" for tool, session, score, method in rows]
    return "\n".join([FIRST_LINE, *told]) + "\n"


def write_notes(git: Git, folder: str, links: Iterable[dict[str, Any]]) -> Noted:
    """Bring the notes of these links' commits up to date. Errors: GitFailed when git refuses to write."""
    by_commit: dict[str, list[dict[str, Any]]] = {}
    for link in links:
        by_commit.setdefault(link["commit"], []).append(link)
    done = Noted()
    for commit, theirs in sorted(by_commit.items()):
        note = note_of(theirs)
        if not _there(git, folder, commit):
            done.missing += 1
        elif _read(git, folder, commit) == note:
            done.unchanged += 1
        else:
            words = ("notes", f"--ref={REF}", "add", "-f", "-F", "-", commit)
            git.write(folder, *words, identity=IDENTITY, stdin=note.encode())
            done.written += 1
    return done


def _there(git: Git, folder: str, commit: str) -> bool:
    try:
        git.read(folder, "cat-file", "-e", f"{commit}^{{commit}}")
    except GitFailed:
        return False
    return True


def _read(git: Git, folder: str, commit: str) -> str | None:
    try:
        return git.read(folder, "notes", f"--ref={REF}", "show", commit).decode(errors="replace")
    except GitFailed:
        return None
