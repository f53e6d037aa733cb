"""What items of both tools show."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.linking.evidence import EVIDENT, evidence_of
from storage.linking.findings import CommitSeen, Edit


def shown(kind: str, status: str | None = "completed", **body: Any) -> list[Any]:
    return evidence_of(kind, status, body)


def test_a_codex_file_change_is_read_in_both_its_shapes() -> None:
    live = {"path": "/r/a.py", "kind": {"type": "update", "move_path": "/r/b.py"}, "diff": "@@ -1 +1 @@\n-x\n+y\n"}
    new = {"path": "/r/n.txt", "kind": {"type": "add"}, "diff": "one\ntwo\n"}
    moved, added = shown("fileChange", changes=[live, new])
    assert (moved.path, moved.old_path, moved.added, moved.removed) == ("/r/b.py", "/r/a.py", ["y"], ["x"])
    assert (added.deed, added.added) == ("add", ["one", "two", ""])
    stored = {"/r/a.py": {"type": "update", "unified_diff": "@@ -1 +1 @@\n-x\n+y\n"}, "/r/d": {"type": "delete"}}
    updated, deleted = shown("fileChange", changes=stored)
    assert (updated.path, updated.added, deleted.deed) == ("/r/a.py", ["y"], "delete")


@pytest.mark.parametrize("status", ["failed", "declined", "inProgress"])
def test_a_change_that_was_not_made_is_none(status: str) -> None:
    assert shown("fileChange", status, changes=[{"path": "a", "kind": {"type": "add"}, "diff": "x"}]) == []


def claude(name: str, given: dict[str, Any], result: Any = None) -> list[Any]:
    return shown("toolCall", tool=name, arguments=given, toolUseResult=result, cwd="/r")


def test_claude_says_what_really_changed_in_its_result() -> None:
    patch = {"oldStart": 1, "lines": [" keep", "-a = 1", "+a = 2"]}
    asked = {"file_path": "/r/a.py", "old_string": "keep\na = 1", "new_string": "keep\na = 2"}
    (told,) = claude("Edit", asked, {"filePath": "/r/a.py", "structuredPatch": [patch]})
    assert (told.path, told.added, told.removed) == ("/r/a.py", ["a = 2"], ["a = 1"])
    (wanted,) = claude("Edit", asked)
    assert (wanted.added, wanted.removed) == (["a = 2"], ["a = 1"])
    edits = [{"old_string": "x", "new_string": "y"}, {"old_string": "p", "new_string": "q\nr"}]
    (several,) = claude("MultiEdit", {"file_path": "/r/a.py", "edits": edits})
    assert (several.added, several.removed) == (["y", "q", "r"], ["x", "p"])
    (whole,) = claude("Write", {"file_path": "/r/n", "content": "1\n2"}, {"type": "create", "structuredPatch": []})
    assert (whole.deed, whole.added) == ("add", ["1", "2"])
    (cell,) = claude("NotebookEdit", {"notebook_path": "/r/n.ipynb", "new_source": "print('x')"})
    assert cell.added == ["\"print('x')\\n\""]
    assert claude("Read", {"file_path": "/r/a.py"}) == []


def test_a_commit_is_known_by_what_git_printed() -> None:
    output = "[main (root-commit) 1a2b3c4] Begin: all of it\n 1 file changed, 2 insertions(+)\n"
    (seen,) = shown("commandExecution", command="git add -A && git commit -m Begin", cwd="/r", aggregatedOutput=output)
    assert seen == CommitSeen("/r", "1a2b3c4", "Begin: all of it", "main", True)
    (seen,) = claude("Bash", {"command": "git -C sub commit -qm 'Fix it'"}, {"stdout": "", "stderr": ""})
    assert seen == CommitSeen("/r/sub", None, "Fix it", None, True)
    (seen,) = claude("Bash", {"command": "make release"}, {"stdout": "[detached HEAD abcdef0] Release"})
    assert (seen.abbrev, seen.branch, seen.commanded) == ("abcdef0", "detached HEAD", False)
    assert claude("Bash", {"command": "git log --oneline"}, {"stdout": "1a2b3c4 Begin"}) == []


def test_a_command_that_failed_may_have_made_a_commit_but_no_edit() -> None:
    words = "cat > a.py <<'EOF'\nx = 1\nEOF\ngit commit -am x && pytest"
    (seen,) = shown("commandExecution", "failed", command=words, exitCode=1, aggregatedOutput="[main 1a2b3c4] x\nE 1")
    assert seen.abbrev == "1a2b3c4"
    body = {"tool": "Bash", "arguments": {"command": words}, "result": "[main 1a2b3c4] x\nE 1"}
    assert [one.abbrev for one in shown("toolCall", "failed", **body)] == ["1a2b3c4"]
    assert shown("toolCall", "failed", tool="Write", arguments={"file_path": "/r/a", "content": "x"}) == []


def test_what_a_shell_writes_is_an_edit() -> None:
    here = "mkdir -p s && cat > s/a.py <<'EOF'\nx = 1\ny = 2\nEOF\ncat >> b.txt <<END\nmore\nEND"
    first, second = claude("Bash", {"command": here})
    assert (first.path, first.deed, first.added) == ("/r/s/a.py", "add", ["x = 1", "y = 2"])
    assert (second.path, second.deed, second.added) == ("/r/b.txt", "update", ["more"])
    (patch,) = shown(
        "commandExecution",
        command=["/bin/bash", "-lc", "apply_patch <<'P'\n*** Begin Patch\n*** Add File: n\n+z\n*** End Patch\nP"],
        cwd="file:///r/my%20dir",
    )
    assert (patch.path, patch.added) == ("/r/my dir/n", ["z"])
    moved, removed, touched = claude("Bash", {"command": "git mv a.py b.py; rm c.py && sed -i 's/x/y/' d.py"})
    assert (moved.old_path, moved.path, removed.deed, touched.deed) == ("/r/a.py", "/r/b.py", "delete", "touch")
    assert claude("Bash", {"command": "rm -rf build; mv *.py old/; sed -n 1p a.py"}) == []


def test_a_large_edit_is_compared_at_once() -> None:
    old = [f"line {n}" for n in range(20_000)]
    asked = {"file_path": "/r/a", "old_string": "\n".join(old), "new_string": "\n".join([*old[:-1], "new"])}
    begun = time.thread_time()
    (edit,) = claude("Edit", asked)
    assert (edit.added, edit.removed) == (["new"], ["line 19999"])
    assert time.thread_time() - begun < 2.0


WORDS = [
    "changes",
    "path",
    "kind",
    "type",
    "diff",
    "cwd",
    "aggregatedOutput",
    "tool",
    "arguments",
    "result",
    "file_path",
    "toolUseResult",
]
NAMES = st.sampled_from([*WORDS, "edits", "structuredPatch", "lines", "stdout", "content"]) | st.text(max_size=3)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda more: st.lists(more, max_size=3) | st.dictionaries(NAMES, more, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(sorted(EVIDENT)), st.dictionaries(NAMES, ANYTHING, max_size=5), ANYTHING)
def test_odd_shapes_never_raise(kind: str, body: dict[str, Any], command: Any) -> None:
    for found in evidence_of(kind, "completed", {"tool": "Edit", **body, "command": command}):
        assert isinstance(found, Edit | CommitSeen)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("fileChange", {"changes": {"/r/a": {"type": "update", "unified_diff": "@@\n-x\n+y", "move_path": "/r/b"}}}),
        ("fileChange", {"changes": [{"path": "/r/n", "kind": {"type": "add"}, "diff": "one"}]}),
        ("toolCall", {"tool": "Write", "arguments": {"file_path": "/r/n", "content": "1"}}),
        ("toolCall", {"tool": "Write", "arguments": {"file_path": "/r/n"},
                      "toolUseResult": {"structuredPatch": [{"lines": ["-a", "+b"]}]}}),
        ("toolCall", {"tool": "Edit", "arguments": {"file_path": "/r/n", "old_string": "a", "new_string": "b"}}),
        ("commandExecution", {"command": "cat > n <<E\nx\nE\nsed -i s/a/b/ m; git commit -m A", "cwd": "/r"}),
    ],
)  # fmt: skip
def test_without_lines_the_same_files_and_commits_are_named(kind: str, body: dict[str, Any]) -> None:
    def named(found: list[Any]) -> list[Any]:
        return [(one.path, one.deed, one.old_path) if isinstance(one, Edit) else one for one in found]

    full = evidence_of(kind, "completed", body)
    assert full
    assert named(evidence_of(kind, "completed", body, lines=False)) == named(full)
