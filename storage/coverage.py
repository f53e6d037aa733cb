"""Which source saw which item of a session, so that a gap is visible. Pure: rows in, plain dicts out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import orjson

WHOLE = frozenset({"stream", "pull", "rollout", "transcript"})
"""Sources that tell every item of a turn that they see. Telemetry tells of tool calls only: it is never a gap."""


def coverage_of(session: Mapping[str, Any]) -> dict[str, Any]:
    """The session's items with their sources; `missing` of an item are the sources that saw its turn but not it."""
    seen: Counter[str] = Counter()
    missing: Counter[str] = Counter()
    turns = []
    for turn in session["turns"]:
        saw = sorted({source for item in turn["items"] for source in item["sources"]})
        items = []
        for item in turn["items"]:
            gaps = [source for source in saw if source in WHOLE and source not in item["sources"]]
            seen.update(item["sources"])
            missing.update(gaps)
            kept = ("item_id", "ordinal", "type", "status", "source", "agent_id", "revision", "sources")
            items.append({**{name: item[name] for name in kept}, "missing": gaps})
        turns.append({"turn_id": turn["turn_id"], "status": turn["status"], "sources": saw, "items": items})
    count = sum(len(turn["items"]) for turn in turns)
    names = sorted(seen, key=lambda name: (-seen[name], name))
    return {
        "tool": session["tool"],
        "session_id": session["session_id"],
        "items": count,
        "sources": {name: {"items": seen[name], "missing": missing[name]} for name in names},
        "truncated": session["truncated"],
        "turns": turns,
    }


def revision_of(told: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    """One revision of an item: who told it, when it was first seen, and what it said."""
    current = told["source"] == item["source"] and told["content_hash"] == item["content_hash"]
    content = item if current else told
    names = ("kind", "status", "started_at_ms", "completed_at_ms", "text")
    return {
        "turn_id": item["turn_id"],
        "item_id": item["item_id"],
        "source": told["source"],
        "revision": told["revision"] or None,
        "current": current,
        "seen_at_ms": told["seen_at_ms"],
        **{name: content[name] for name in names},
        "body": orjson.loads(content["body"]) if content["body"] else None,
    }
