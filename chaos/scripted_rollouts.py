"""Reading rollout files back into threads, as the scripted app-server does after a restart.

Reads what `scripted_threads.py` wrote and also files of the real program: line types it does not know are passed over,
and a torn last line ends the reading.
"""

from __future__ import annotations

import calendar
import time
from collections.abc import Iterator
from pathlib import Path

import orjson

from chaos.scripted_frames import Json, agent_message, command_execution, reasoning, turn_error, user_message
from chaos.scripted_threads import StoredTurn, Thread


def stored_threads(home: Path) -> Iterator[Thread]:
    """Every thread with a rollout file, oldest path first. Files without a session_meta line are passed over."""
    for path in sorted((home / "sessions").glob("*/*/*/rollout-*.jsonl")):
        thread = read_rollout(path)
        if thread is not None:
            yield thread


def read_rollout(path: Path) -> Thread | None:
    """The thread in this file; None when its first line is no session_meta."""
    thread: Thread | None = None
    for line in _lines(path):
        payload = line["payload"]
        if line["type"] == "session_meta":
            thread = Thread(
                thread_id=payload["id"],
                cwd=payload["cwd"],
                model=payload.get("model", "gpt-5.5"),
                provider=payload["model_provider"],
                approval_policy="on-request",
                sandbox="read-only",
                created_at_s=_epoch_s(payload["timestamp"]),
                originator=payload["originator"],
                path=path,
                status={"type": "notLoaded"},
            )
        if thread is None:
            return None
        thread.ordinal = line["ordinal"] + 1
        thread.updated_at_s = _epoch_s(line["timestamp"])
        if line["type"] == "event_msg":
            _apply(thread, payload)
    return thread


def _apply(thread: Thread, payload: Json) -> None:
    kind = payload["type"]
    if kind == "task_started":
        thread.turns.append(StoredTurn(payload["turn_id"], payload["started_at"]))
    elif kind == "item_completed":
        item = stream_item(payload["item"])
        if item is not None:
            item |= {"startedAtMs": payload["started_at_ms"], "completedAtMs": payload["completed_at_ms"]}
            thread.turn(payload["turn_id"]).items.append(item)
    elif kind in ("task_complete", "turn_aborted"):
        turn = thread.turn(payload["turn_id"])
        failure = payload.get("error")
        turn.status = "interrupted" if kind == "turn_aborted" else "failed" if failure else "completed"
        if failure:
            turn.error = turn_error(failure["message"], failure.get("codex_error_info"))
        turn.completed_at_s, turn.duration_ms = payload["completed_at"], payload["duration_ms"]


def stream_item(item: Json) -> Json | None:
    """A rollout item in the stream's words; None for a type the scripted server does not make."""
    match item["type"]:
        case "UserMessage":
            return user_message(item["id"], item["content"][0]["text"])
        case "AgentMessage":
            return agent_message(item["id"], item["content"][0]["text"])
        case "Reasoning":
            return reasoning(item["id"], item["summary_text"], item["raw_content"])
        case "CommandExecution":
            return command_execution(
                item["id"],
                item["command"][-1],
                item["cwd"].removeprefix("file://"),
                status=item["status"],
                process_id=item["process_id"],
                output=item["aggregated_output"],
                exit_code=item["exit_code"],
                duration_ms=item["duration"]["secs"] * 1000 + item["duration"]["nanos"] // 1_000_000,
            )
        case "FileChange":
            changes = [
                {"path": path, "kind": {"type": change["type"]}, "diff": change.get("content", "")}
                for path, change in item["changes"].items()
            ]
            return {"type": "fileChange", "id": item["id"], "changes": changes, "status": item["status"]}
    return None


def _lines(path: Path) -> Iterator[Json]:
    with path.open("rb") as file:
        for raw in file:
            try:
                yield orjson.loads(raw)
            except orjson.JSONDecodeError:
                return


def _epoch_s(iso: str) -> int:
    return calendar.timegm(time.strptime(iso[:19], "%Y-%m-%dT%H:%M:%S"))
