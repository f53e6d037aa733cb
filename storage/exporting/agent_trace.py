"""Agent Trace records (agent-trace.dev, version 0.1.0): which lines of a commit a session wrote.

One record for each linked commit and tool; each session of it is a conversation. Ids are made from what the record
is about, so the same export gives the same records. Source: the specification's text and its `trace-record.json`; where
they differ on the version's form ("1.0" in an early schema), the text and its examples ("0.1.0") are followed.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from storage.exporting.moments import moment

VERSION = "0.1.0"
NAMESPACE = uuid.UUID("6f0a3d5e-3a3f-5c5b-9d0e-6b1f4d0a7c21")
MODEL_CHARS_MAX = 250
MINE = "io.github.hybrid-capture"
"""Where our own facts stand in `metadata`."""
PROVIDERS = {"codex": "openai", "claude": "anthropic"}
TOOLS = {"codex": "codex", "claude": "claude-code"}


def records(sessions: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The records of some sessions, in the order of their commits' times. Only sure links count."""
    found: dict[tuple[str, str], list[tuple[dict[str, Any], dict[str, Any]]]] = {}
    for session in sessions:
        for link in session["links"]["links"]:
            if link["state"] == "linked":
                found.setdefault((link["commit"], session["tool"]), []).append((session, link))
    for (commit, tool), both in sorted(
        found.items(), key=lambda each: (each[1][0][1]["committed_at_ms"] or 0, each[0])
    ):
        yield _record(commit, tool, both)


def _record(commit: str, tool: str, both: list[tuple[dict[str, Any], dict[str, Any]]]) -> dict[str, Any]:
    files: dict[str, list[dict[str, Any]]] = {}
    for session, link in both:
        for file in link["evidence"]["files"]:
            if file["ranges"]:
                files.setdefault(file["path"], []).append(_conversation(session, file["ranges"]))
    committed = moment(both[0][1]["committed_at_ms"] or 0)
    versions = sorted({session["cli_version"] for session, _ in both if session["cli_version"]})
    return {
        "version": VERSION,
        "id": str(uuid.uuid5(NAMESPACE, "\n".join([commit, tool, *sorted(s["session_id"] for s, _ in both)]))),
        "timestamp": committed.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "vcs": {"type": "git", "revision": commit},
        "tool": {"name": TOOLS.get(tool, tool), "version": versions[-1] if versions else "unknown"},
        "files": [{"path": path, "conversations": talks} for path, talks in sorted(files.items())],
        "metadata": {MINE: {"sessions": [_link(session, link) for session, link in both]}},
    }


def _conversation(session: dict[str, Any], ranges: list[list[int]]) -> dict[str, Any]:
    contributor = {"type": "ai"}
    model = session["model"]
    if model:
        name = model if "/" in model else f"{PROVIDERS.get(session['tool'], session['tool'])}/{model}"
        contributor["model_id"] = name[:MODEL_CHARS_MAX]
    return {
        "url": f"urn:hybrid-capture:{session['tool']}:{session['session_id']}",
        "contributor": contributor,
        "ranges": [{"start_line": first, "end_line": last} for first, last in ranges],
    }


def _link(session: dict[str, Any], link: dict[str, Any]) -> dict[str, Any]:
    about = {name: link[name] for name in ("score", "method", "reason")}
    return {"session_id": session["session_id"], **about}
