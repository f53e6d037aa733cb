"""A session as a page to read. Captured text stands in fences, so that it can be no heading, no link and no HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from storage.exporting.moments import moment

HEADINGS = {"userMessage": "Person", "agentMessage": "Agent", "reasoning": "Thoughts", "commandExecution": "Command",
            "fileChange": "Changed files", "toolCall": "Tool"}  # fmt: skip
_RUN = re.compile("`+")


def page(session: dict[str, Any]) -> Iterator[str]:
    """The lines of one session."""
    yield f"# {_inline(session['title'] or session['session_id'])}"
    yield ""
    facts = {"Session": session["session_id"], "Tool": session["tool"], "Model": session["model"],
             "Folder": session["cwd"], "Branch": session["branch"],
             "Begun": _when(session["created_at_ms"] or session["first_seen_ms"])}  # fmt: skip
    yield from (f"- {name}: {_code(str(value))}" for name, value in facts.items() if value)
    yield ""
    yield from _commits(session["links"])
    for number, turn in enumerate(session["turns"], 1):
        usage = turn["usage"] or {}
        tokens = f", {usage['total']} tokens" if usage.get("total") else ""
        yield f"## Turn {number} ({turn['status'] or 'open'}{tokens})"
        yield ""
        for item in turn["items"]:
            state = f" ({item['status']})" if item["status"] not in (None, "completed") else ""
            yield f"### {HEADINGS.get(item['type'], _inline(str(item['type'])))}{state}"
            yield ""
            yield from _fenced(item["text"])
            yield ""
        if turn["error"]:
            yield from _fenced(turn["error"])
            yield ""


def _commits(links: dict[str, Any]) -> Iterator[str]:
    known = [link for link in links["links"] if link["state"] != "gone"]
    if not known:
        yield f"No commit: {_inline(links['reason'])}"
        yield ""
        return
    yield "| commit | subject | state | score | why |"
    yield "|---|---|---|---|---|"
    for link in known:
        cells = (_code(link["commit"][:12]), link["subject"], link["state"].replace("_", " "), link["score"])
        yield "| " + " | ".join(_cell(str(cell)) for cell in (*cells, link["reason"])) + " |"
    yield ""


def _fenced(text: str) -> Iterator[str]:
    """A fence that is longer than any within."""
    longest = max((len(run) for run in _RUN.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}text"
    yield from text.split("\n")
    yield fence


def _code(text: str) -> str:
    flat = " ".join(text.split())
    longest = max((len(run) for run in _RUN.findall(flat)), default=0)
    ticks = "`" * (longest + 1)
    return f"{ticks} {flat} {ticks}" if longest else f"`{flat}`"


def _inline(text: str) -> str:
    """One line without what Markdown or HTML would obey."""
    return re.sub(r"([\\`*_\[\]<>#|!])", r"\\\1", " ".join(text.split()))


def _cell(text: str) -> str:
    return text if text.startswith("`") else _inline(text)


def _when(at_ms: int) -> str:
    return moment(at_ms).strftime("%Y-%m-%d %H:%M:%S UTC")
