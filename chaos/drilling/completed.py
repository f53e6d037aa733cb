"""What the app-server completed by its own files, and the query for what is stored: their difference is loss."""

from __future__ import annotations

from pathlib import Path

import orjson

COMPLETED = "item_completed"
"""How a rollout file names an item that the app-server completed: what the program itself wrote down."""
STORED = """SELECT s.session_id, t.turn_id, i.item_id FROM items i JOIN turns t ON t.id = i.turn_row
    JOIN sessions s ON s.id = t.session_row"""
Item = tuple[str, str, str]
"""(thread, turn, item)."""


def completed_in(home: Path) -> set[Item]:
    """Every completed item in the rollout files of a CODEX_HOME."""
    found = set()
    for path in sorted(Path(home, "sessions").glob("*/*/*/rollout-*.jsonl")):
        for line in path.read_bytes().splitlines():
            try:
                payload = orjson.loads(line)["payload"]
            except (ValueError, KeyError, TypeError):
                continue  # a torn last line: the program was killed while it wrote
            if payload.get("type") == COMPLETED:
                found.add((payload["thread_id"], payload["turn_id"], payload["item"]["id"]))
    return found
