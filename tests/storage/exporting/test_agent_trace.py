"""Agent Trace records, held against the specification's own words (agent-trace.dev, schemas/v1/trace-record.json)."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from storage.exporting.agent_trace import MINE, records
from storage.exporting.sessions import Sessions
from tests.storage.exporting.desk import Desk

Uri = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z][a-zA-Z0-9+.-]*:\S+$")]


class Closed(BaseModel):
    """The schema says additionalProperties: false everywhere but in `metadata`."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Contributor(Closed):
    type: Literal["human", "ai", "mixed", "unknown"]
    model_id: Annotated[str, StringConstraints(max_length=250)] | None = None


class Range(Closed):
    start_line: Annotated[int, Field(ge=1)]
    end_line: Annotated[int, Field(ge=1)]
    content_hash: str | None = None
    contributor: Contributor | None = None


class Related(Closed):
    type: str
    url: Uri


class Conversation(Closed):
    url: Uri | None = None
    contributor: Contributor | None = None
    ranges: list[Range]
    related: list[Related] | None = None


class File(Closed):
    path: str
    conversations: list[Conversation]


class Vcs(Closed):
    type: Literal["git", "jj", "hg", "svn"]
    revision: str


class Tool(Closed):
    name: str
    version: str


class TraceRecord(Closed):
    version: Annotated[str, StringConstraints(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")]
    id: str
    timestamp: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$")]
    vcs: Vcs | None = None
    tool: Tool | None = None
    files: list[File]
    metadata: dict[str, Any] | None = None


def exported(sessions: Sessions, *ids: str) -> list[dict[str, Any]]:
    return list(records(sessions.about("codex", each) for each in ids))


def test_a_commit_of_two_sessions_is_one_record_that_fits_the_schema(sessions: Sessions, desk: Desk) -> None:
    (record,) = exported(sessions, "one", "two", "three")
    trace = TraceRecord.model_validate(record)
    assert uuid.UUID(trace.id).version == 5
    assert datetime.fromisoformat(trace.timestamp)
    assert trace.vcs == Vcs(type="git", revision=desk.commit)
    assert re.fullmatch(r"[0-9a-f]{40}", desk.commit)
    assert trace.tool == Tool(name="codex", version="0.169.0")
    (file,) = trace.files
    assert file.path == "a.py"
    told = {talk.url: (talk.contributor, talk.ranges) for talk in file.conversations}
    assert told == {
        "urn:hybrid-capture:codex:one": (
            Contributor(type="ai", model_id="openai/gpt-5"), [Range(start_line=2, end_line=4)],
        ),
        "urn:hybrid-capture:codex:two": (
            Contributor(type="ai", model_id="mock/model-x"), [Range(start_line=6, end_line=7)],
        ),
    }  # fmt: skip
    assert [each["session_id"] for each in record["metadata"][MINE]["sessions"]] == ["one", "two"]


def test_lines_are_those_of_the_revision(sessions: Sessions, desk: Desk) -> None:
    (record,) = exported(sessions, "two")
    lines = desk.repository.git("show", f"{desk.commit}:a.py").split("\n")
    (run,) = record["files"][0]["conversations"][0]["ranges"]
    assert lines[run["start_line"] - 1 : run["end_line"]] == ["def name_of(item):", "    return item.title.strip()"]


def test_the_same_export_gives_the_same_records(sessions: Sessions) -> None:
    assert exported(sessions, "one", "two") == exported(sessions, "one", "two")
    assert exported(sessions, "one")[0]["id"] != exported(sessions, "two")[0]["id"]


def test_what_is_linked_to_nothing_has_no_record(sessions: Sessions) -> None:
    assert exported(sessions, "three") == []
