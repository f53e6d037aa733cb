"""What a shell command shows, and that none is worth more than a moment."""

from __future__ import annotations

import time

import pytest

from storage.linking.findings import CommitSeen, Edit
from storage.linking.shell_commands import COMMAND_CHARS_MAX, command_line, commits_made, shell_evidence


def test_a_command_line_is_what_the_shell_was_given() -> None:
    assert command_line("/bin/bash -lc 'git commit -m \"a b\"'") == 'git commit -m "a b"'
    assert command_line(["bash", "-lc", "ls"]) == "ls"
    assert command_line("bash -lc 'unfinished") == "bash -lc 'unfinished"


def test_a_commit_that_git_did_not_report_is_believed_only_of_a_command_that_ended_well() -> None:
    command = "cd sub && git commit -qm 'Fix it\n\nLong.'"
    assert list(commits_made(command, "", "/r", proved=True)) == [CommitSeen("/r/sub", None, "Fix it", None, True)]
    assert list(commits_made(command, "", "/r", proved=False)) == []
    assert [one.abbrev for one in commits_made(command, "[main 1a2b3c4] Fix it", "/r", proved=False)] == ["1a2b3c4"]


def test_git_behind_a_long_here_document_is_found() -> None:
    command = "cat > big <<'EOF'\n" + "text\n" * COMMAND_CHARS_MAX + "EOF\ngit commit -m Big"
    edit, commit = shell_evidence(command, "", "/r")
    assert isinstance(edit, Edit)
    assert (edit.path, len(edit.added)) == ("/r/big", COMMAND_CHARS_MAX)
    assert commit == CommitSeen("/r", None, "Big", None, True)


def test_a_target_that_the_shell_works_out_is_none() -> None:
    for target in ("$HOME/a", "/dev/null", "&2"):
        assert list(shell_evidence(f"cat > {target} <<EOF\nx\nEOF", "", "/r")) == []


NASTY = [
    "git " * 200_000,
    'git commit -m "' + "\\\\" * 200_000,
    "\n" * 500_000 + "git",
    "cat <<E " * 100_000,
    "cat " + "> " * 200_000 + "<<E\nx\nE",
    "mv " * 300_000,
    "bash -lc '" + "a' " * 200_000,
    "tee " * 200_000 + "<<E\nx\nE\ngit",
]


@pytest.mark.parametrize("command", NASTY, ids=range(len(NASTY)))
def test_a_hostile_command_holds_nobody_up(command: str) -> None:
    begun = time.thread_time()
    list(shell_evidence(command_line(command), "[" * 100_000 + "] " + "[a (" * 20_000, "/r"))
    assert time.thread_time() - begun < 2.0, "minutes, if a pattern tried every way"
