"""Links for a person: which commits are a session's, and why, in plain words; and looking again on demand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hybrid_capture.console import Screen
from hybrid_capture.moments import now_ms, when
from hybrid_capture.problems import DONE, USAGE, Problem
from storage.link_reader import LinkReader

SHORT = 10
"""Characters of a commit's name that are shown."""
METHODS = {
    "hunks": "its changed lines stand in the commit",
    "hunks_renamed": "its changed lines stand in the commit, in a file of another name",
    "hunks_worktree": "its changed lines stand in the commit, and the commit was made in its working tree",
    "hunks_branch": "its changed lines stand in the commit, and the commit is on its branch",
    "words": "the words it wrote stand in the commit in the same order, with other line breaks",
    "commit_command": "a command of the session made the commit",
    "patch_id": "the commit is the same patch as another that is the session's",
    "file": "the commit changes a file of the session, whose change is not known line by line",
}
"""Every method in plain words."""


def show(
    database: str,
    screen: Screen,
    *,
    session: str | None,
    commit: str | None,
    repo: Path | None,
    state: str | None,
    limit: int,
) -> int:
    """List links. Errors: StoreError, Problem."""
    with LinkReader(database) as reader:
        found = reader.links(
            session=session, commit=commit, repo=None if repo is None else _git_folder(repo), state=state, limit=limit
        )
    screen.record({"links": found})
    rows = (
        (str(each["link"] or ""), each["session_id"], (each["commit"] or "")[:SHORT], each["state"],
         "" if each["score"] is None else str(each["score"]), each["subject"] or each["reason"])
        for each in found
    )  # fmt: skip
    if found:
        screen.table(("link", "session", "commit", "state", "score", "subject, or why there is none"), rows)
    else:
        screen.say("nothing fits" if any((session, commit, repo, state)) else "no session is stored")
    return DONE


def explain(database: str, wanted: str, screen: Screen) -> int:
    """Say why a link or a session is as it is. Errors: StoreError, Problem when there is none such."""
    with LinkReader(database) as reader:
        link = reader.link(int(wanted)) if wanted.isdecimal() and len(wanted) < 10 else None
        if link is not None:
            about = reader.of_session(link["tool"], link["session_id"])
            about["links"] = [link]
        else:
            about = reader.of_session(*_session(reader, wanted))
    about["words"] = words(about)
    screen.record(about)
    for line in about["words"]:
        screen.say(line)
    return DONE


def words(about: dict[str, Any]) -> list[str]:
    """What is known of a session's links, as sentences."""
    evidence = about["evidence"]
    lines = [f"session {about['session_id']} ({about['tool']}) is {about['state'].replace('_', ' ')}"]
    if about["reason"]:
        lines[0] += f": {about['reason']}"
    if about["due"]:
        lines.append("it has changed something since it was last looked at; what follows may be old")
    files, commits = evidence["files_count"], evidence["commits"]
    if files:
        span = f", from {when(evidence['first_at_ms'])} to {when(evidence['last_at_ms'])}" if _timed(evidence) else ""
        names = ", ".join(evidence["files"][:5]) + (", …" if files > 5 else "")
        lines.append(f"it changed {files} file{'s' if files != 1 else ''}{span}: {names}")
    for commit in commits[:5]:
        name = commit["commit"] or "a commit whose name git did not print"
        lines.append(f"it ran git and made {name}" + (f" ({commit['subject']})" if commit["subject"] else ""))
    for place in evidence["places"]:
        lines.append(f"it worked in {place['root']}, of the repository {place['repo']}")
    for link in about["links"]:
        lines += ["", *_link_words(link)]
    return lines


def _link_words(link: dict[str, Any]) -> list[str]:
    sure = {"linked": "is its own", "needs_review": "may be its own, a person must look", "gone": "was its own"}
    lines = [f"commit {link['commit'][:SHORT]} {sure[link['state']]}: {link['subject']}"]
    lines.append(f"  why: {METHODS.get(link['method'], link['method'])}")
    lines.append(f"  exactly: {link['reason']}; score {link['score']} of 100 (60 and more is linked)")
    if link["committed_at_ms"] is not None:
        lines.append(f"  committed {when(link['committed_at_ms'])}")
    if link["was"]:
        lines.append(f"  it replaces {link['was'][:SHORT]}, which nothing reaches any more")
    for file in link["evidence"]["files"][:10]:
        lines.append(f"  {file['path']}: {file['match']} of {file['of']} changed lines match")
    if link["evidence"]["files_count"] > 10:
        lines.append(f"  and {link['evidence']['files_count'] - 10} more files")
    for rival in link["evidence"]["rivals"][:5]:
        lines.append(f"  session {rival} wrote some of the same lines")
    return lines


def repair(database: str, repo: Path | None, screen: Screen) -> int:
    """Look at git again, at one repository or at all, and keep what is found.

    Errors: StoreError, Problem. Beside a running capture the store's own lock keeps the two apart.
    """
    from storage.linking.git import Git, GitFailed
    from storage.linking.look import Looker, repo_of
    from storage.store import Store

    with LinkReader(database) as reader:
        before = reader.counts()
    try:
        git = Git()
        all_of = None if repo is None else repo_of(git, str(repo))
    except GitFailed as failed:
        raise Problem("GIT", str(failed), USAGE) from failed
    store = Store(database, run_id="links-repair")
    looked = 0
    try:
        for verdicts in Looker(database, git).round(now_ms(), all_of=all_of, everything=repo is None):
            looked += store.keep_links(verdicts, now_ms())
            where = next((each.repo for each in verdicts if each.repo), "no repository")
            screen.note(f"sessions looked at: {looked}, the last ones in {where}")
    finally:
        store.close()
    with LinkReader(database) as reader:
        after = reader.counts()
    screen.record({"looked": looked, "before": before, "after": after})
    screen.say(", ".join(f"{after[name]} {name.replace('_', ' ')} (before: {before[name]})" for name in after))
    return DONE


def brief(database: str, tool: str, session_id: str) -> dict[str, Any]:
    """Links of one session for its page: state, reason, links. Errors: StoreError."""
    with LinkReader(database) as reader:
        about = reader.of_session(tool, session_id)
    return {name: about[name] for name in ("state", "reason", "links")}


def brief_lines(about: dict[str, Any]) -> list[str]:
    """The same as lines for a person."""
    lines = [
        f"{link['state'].replace('_', ' ')} {link['commit'][:SHORT]}  {link['subject']}  ({link['reason']})"
        for link in about["links"]
        if link["state"] != "gone"
    ]
    return lines or [f"{about['state'].replace('_', ' ')}: {about['reason']}"]


def _session(reader: LinkReader, wanted: str) -> tuple[str, str]:
    found = reader.sessions_like(wanted)
    if not found:
        raise Problem("UNKNOWN_ID", f"no link and no session {wanted}: see `hybrid-capture links list`")
    if len(found) > 1:
        raise Problem("AMBIGUOUS", f"several sessions begin with {wanted}: give more of the id")
    return found[0]


def _git_folder(repo: Path) -> str:
    """What the store calls a repository: its git folder; the path itself when git knows nothing of it any more."""
    from storage.linking.git import Git, GitFailed
    from storage.linking.look import repo_of

    try:
        return repo_of(Git(), str(repo))
    except GitFailed:
        return str(repo.absolute())


def _timed(evidence: dict[str, Any]) -> bool:
    return evidence["first_at_ms"] is not None
