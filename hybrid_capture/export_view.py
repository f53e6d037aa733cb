"""`sessions export`: sessions leave as a file, on standard output, or as notes in a repository."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any, BinaryIO, Literal

import orjson

from hybrid_capture.console import Screen
from hybrid_capture.problems import DONE, USAGE, Problem
from storage.exporting import agent_trace, jsonl, markdown
from storage.exporting.sessions import NoSuchSession, Sessions
from storage.exporting.sink import OutRefused, whole_file

Format = Literal["jsonl", "markdown", "agent-trace", "git-notes"]
TELL_S = 1.0


def export(
    database: str,
    wanted: list[str],
    screen: Screen,
    *,
    everything: bool,
    form: Format,
    out: Path | None,
    force: bool,
    repo: Path | None,
) -> int:
    """Write what is asked for. Errors: StoreError, Problem."""
    if form == "git-notes":
        if repo is None or out is not None or wanted or everything:
            text = "git-notes are for a whole repository: give --repo, and no session, --all or --out"
            raise Problem("BAD_OPTIONS", text, USAGE)
        return _notes(database, repo, screen)
    if repo is not None:
        raise Problem("BAD_OPTIONS", "--repo goes with --format git-notes", USAGE)
    if bool(wanted) == everything:
        raise Problem("BAD_OPTIONS", "give the ids of sessions, or --all", USAGE)
    with Sessions(database) as sessions:
        try:
            chosen = sessions.everybody() if everything else iter(sessions.chosen(wanted))
            progress = _Progress(screen)
            with whole_file(out, force=force) if out is not None else nullcontext(sys.stdout.buffer) as sink:
                records = _write(form, sessions, progress.counted(chosen), sink)
                sink.flush()
        except NoSuchSession as missing:
            raise Problem("UNKNOWN_ID", str(missing)) from missing
        except OutRefused as refused:
            raise Problem("OUT_EXISTS", str(refused), USAGE) from refused
        for session in sessions.truncated:
            screen.note(f"session {session} has more items than one export holds")
        if sessions.hidden:
            screen.note(f"{sessions.hidden} records could not be redacted and are left out")
    if out is not None:
        done = {"sessions": progress.count, "records": records, "out": str(out), "format": form}
        screen.record(done)
        screen.say(f"{progress.count} sessions, {records} records: {out}")
    if form == "agent-trace" and not records:
        screen.note("none of these sessions is linked to a commit: see `hybrid-capture links list`")
    return DONE


class _Progress:
    """Counts sessions, and tells so when it takes longer than a second."""

    def __init__(self, screen: Screen) -> None:
        self.count = 0
        self._screen = screen
        self._told_s = time.monotonic()

    def counted(self, sessions: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        for each in sessions:
            yield each
            self.count += 1
            if time.monotonic() - self._told_s > TELL_S:
                self._told_s = time.monotonic()
                self._screen.note(f"sessions written: {self.count}")


def _write(form: Format, sessions: Sessions, chosen: Iterable[tuple[str, str]], sink: BinaryIO) -> int:
    """Write the sessions one by one; gives how many records or pages."""
    count = 0
    if form == "agent-trace":
        for record in agent_trace.records(sessions.about(*each) for each in chosen):
            sink.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
            count += 1
        return count
    for each in chosen:
        session = sessions.told(*each, bodies=form == "jsonl")
        if session is None:
            continue
        for line in jsonl.lines(session) if form == "jsonl" else _page(session):
            sink.write(line)
            count += form == "jsonl"
        count += form == "markdown"
    return count


def _page(session: dict[str, Any]) -> Iterator[bytes]:
    for line in markdown.page(session):
        yield f"{line}\n".encode("utf-8", "replace")


def _notes(database: str, repo: Path, screen: Screen) -> int:
    from storage.exporting.notes import REF, write_notes
    from storage.linking.git import Git, GitFailed
    from storage.linking.look import repo_of

    try:
        git = Git()
        folder = repo_of(git, str(repo))
        with Sessions(database) as sessions:
            links = sessions.of_repo(folder)
        done = write_notes(git, folder, links)
    except GitFailed as failed:
        raise Problem("GIT", str(failed)) from failed
    counts = {"written": done.written, "unchanged": done.unchanged, "missing": done.missing}
    screen.record({"format": "git-notes", "ref": f"refs/notes/{REF}", **counts})
    screen.say(f"refs/notes/{REF}: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
    return DONE
