"""What a user does with old sessions: import a folder of transcripts, see whose commit is whose and why, export."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hybrid_capture import link_view
from storage.link_reader import LinkReader
from tests.hybrid_capture.command import say
from tests.storage.linking.repository import T0_MS, Repository

SESSION = "4f6bb846-7647-490d-ab5d-9bddea151485"
CODE = ["def price_of(item, count):", "    return item.price * count"]


def transcript(repository: Repository, commit: str) -> str:
    """Claude Code edits a file and commits it."""
    lines: list[dict[str, Any]] = []

    def line(at_s: int, kind: str, message: dict[str, Any], **more: Any) -> None:
        lines.append({
            "type": kind, "uuid": f"u{len(lines)}", "parentUuid": f"u{len(lines) - 1}" if lines else None,
            "timestamp": datetime.fromtimestamp(T0_MS / 1000 + at_s, UTC).isoformat().replace("+00:00", "Z"),
            "sessionId": SESSION, "cwd": str(repository.root), "gitBranch": "main", "version": "2.1.197",
            "isSidechain": False, "message": {"role": kind, **message}, **more,
        })  # fmt: skip

    def call(at_s: int, tool: str, given: dict[str, Any], told: dict[str, Any], text: str) -> None:
        name = f"toolu_{at_s}"
        use = {"type": "tool_use", "id": name, "name": tool, "input": given}
        line(at_s, "assistant", {"id": f"m{at_s}", "model": "claude-sonnet-4-5", "content": [use]})
        result = {"type": "tool_result", "tool_use_id": name, "content": text}
        line(at_s + 1, "user", {"content": [result]}, toolUseResult=told, promptId="p1")

    line(10, "user", {"content": "add prices"}, promptId="p1")
    path, patch = str(repository.root / "a.py"), ["@@", " import os", *(f"+{each}" for each in CODE)]
    given = {"file_path": path, "old_string": "import os", "new_string": "\n".join(["import os", *CODE])}
    call(20, "Edit", given, {"filePath": path, "structuredPatch": [{"lines": patch[1:]}]}, "updated")
    output = f"[main {commit[:7]}] Add prices\n 1 file changed, 2 insertions(+)"
    call(60, "Bash", {"command": 'git commit -am "Add prices"'}, {"stdout": output, "stderr": ""}, output)
    return "".join(json.dumps(each) + "\n" for each in lines)


def test_an_imported_session_is_linked_explained_and_exported(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "project")
    repository.commit("base", 0, {"a.py": "import os\n"})
    commit = repository.commit("Add prices", 60, {"a.py": "\n".join(["import os", *CODE]) + "\n"})
    folder = tmp_path / "projects" / "-project"
    folder.mkdir(parents=True)
    (folder / f"{SESSION}.jsonl").write_text(transcript(repository, commit))
    state = ("--state-dir", tmp_path / "state", "--json")

    assert say("import", folder.parent, *state).code == 0
    database = tmp_path / "state" / "capture.sqlite3"
    with LinkReader(database) as reader:
        (link,) = reader.links()
        words = link_view.words(reader.of_session("claude", SESSION))
    assert (link["session_id"], link["commit"], link["state"]) == (SESSION, commit, "linked")
    assert (link["tool"], link["method"], link["score"]) == ("claude", "commit_command", 99)

    assert f"it ran git and made {commit[:7]} (Add prices)" in words
    assert any("a command of the session made the commit" in each for each in words)

    exported = say("sessions", "export", SESSION, "--format", "agent-trace", "--state-dir", tmp_path / "state")
    (record,) = exported.lines
    assert record["vcs"]["revision"] == commit
    (talk,) = record["files"][0]["conversations"]
    assert talk["ranges"] == [{"start_line": 2, "end_line": 3}]
    assert talk["contributor"]["model_id"] == "anthropic/claude-sonnet-4-5"

    assert say("import", folder.parent, *state).code == 0
    with LinkReader(database) as reader:
        assert reader.links() == [link], "the same again changes nothing"
