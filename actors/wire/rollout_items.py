"""An item of a rollout file in the words of the stream, field for field.

Codex writes the same item twice, in two spellings: `item_completed` in the rollout (type in PascalCase, names in
snake_case, a command as words) and `item/completed` in the stream and the pull. One item must have one content whoever
told it first, so the file's spelling is turned into the stream's. What codex 0.169 really writes on both sides was
recorded side by side (`tests/fixtures/codex/`). Fields nobody knows here are kept under their camelCase name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from actors.wire.gathered import Json, objects_of, whole_of
from actors.wire.shell_words import joined

_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|_+")


def stream_item(item: Json, started_at_ms: int | None, completed_at_ms: int | None) -> Json:
    """The item as the stream would have told it, times included. `item` has a `type` and an `id`, both texts."""
    kind = camel(item["type"])
    body = _KINDS.get(kind, _other)(item)
    return {"type": kind, "id": item["id"], **body, "startedAtMs": started_at_ms, "completedAtMs": completed_at_ms}


def camel(name: str) -> str:
    """`process_id` and `ProcessId` as `processId`."""
    first, *rest = (part for part in _BOUNDARY.split(name) if part) if name.strip("_") else (name,)
    return first[:1].lower() + first[1:] + "".join(part[:1].upper() + part[1:] for part in rest)


def _other(item: Json) -> Json:
    return {camel(name): value for name, value in item.items() if name not in ("type", "id")}


def _user_message(item: Json) -> Json:
    return {"clientId": item.get("client_id"), "content": item.get("content")}


def _agent_message(item: Json) -> Json:
    parts = [part.get("text") for part in objects_of(item.get("content"))]
    return {
        "moderation": item.get("moderation"),
        "text": "".join(part for part in parts if isinstance(part, str)),
        "phase": item.get("phase"),
        "memoryCitation": item.get("memory_citation"),
        "delivery": item.get("delivery"),
        "questions": item.get("questions"),
    }


def _reasoning(item: Json) -> Json:
    return {"summary": item.get("summary_text") or [], "content": item.get("raw_content") or []}


def _command_execution(item: Json) -> Json:
    cwd = item.get("cwd")
    declined = item.get("status") == "declined"
    return {
        "pluginId": item.get("plugin_id"),
        "scriptPath": item.get("script_path"),
        "command": command_line(item.get("command")),
        "cwd": cwd.removeprefix("file://") if isinstance(cwd, str) else cwd,
        "processId": item.get("process_id"),
        "source": camel(item["source"]) if isinstance(item.get("source"), str) else None,
        "status": camel(item["status"]) if isinstance(item.get("status"), str) else None,
        "commandActions": [_action(each) for each in objects_of(item.get("parsed_cmd"))],
        "aggregatedOutput": None if declined else item.get("aggregated_output"),
        "exitCode": item.get("exit_code"),
        "durationMs": _duration_ms(item.get("duration")),
    }


def command_line(command: Any) -> Any:
    """A command given as words, as one line; anything else as it is."""
    if isinstance(command, list) and all(isinstance(word, str) for word in command):
        return joined(command)
    return command


def _action(parsed: Json) -> Json:
    action = {camel(name): value for name, value in parsed.items()}
    if "cmd" in action:
        action["command"] = action.pop("cmd")
    if isinstance(action.get("type"), str):
        action["type"] = camel(action["type"])
    return action


def _duration_ms(duration: Any) -> int | None:
    """Rust's `{"secs":0,"nanos":33059}`."""
    if not isinstance(duration, dict):
        return None
    seconds, nanos = whole_of(duration.get("secs")), whole_of(duration.get("nanos"))
    return None if seconds is None else seconds * 1000 + (nanos or 0) // 1_000_000


def _file_change(item: Json) -> Json:
    """stdout and stderr stand in the file only; the stream leaves them out, and so do we."""
    changes = item.get("changes")
    named = changes.items() if isinstance(changes, dict) else ()
    told = [_change(path, change) for path, change in sorted(named) if isinstance(change, dict)]
    return {"changes": told, "status": camel(item["status"]) if isinstance(item.get("status"), str) else None}


def _change(path: str, change: Json) -> Json:
    kind = change.get("type")
    if kind != "update":
        return {"path": path, "kind": {"type": kind}, "diff": change.get("content") or ""}
    moved = change.get("move_path")
    diff = change.get("unified_diff") or ""
    if moved:
        diff = f"{diff}\n\nMoved to: {moved}"
    return {"path": path, "kind": {"type": "update", "move_path": moved}, "diff": diff}


_KINDS: dict[str, Callable[[Json], Json]] = {
    "userMessage": _user_message,
    "agentMessage": _agent_message,
    "reasoning": _reasoning,
    "commandExecution": _command_execution,
    "fileChange": _file_change,
}
