"""Threads of the scripted app-server and the rollout files that hold them.

As in the real program the rollout file under ``$CODEX_HOME/sessions`` is the store: it appears at the first turn, each
completed item is on disk before its notification is sent, and after SIGKILL a turn without an end reads as
`interrupted`. Deltas and open items are never written. Only the lines a reader of items needs are written
(session_meta, task_started, item_completed, token_count, task_complete, turn_aborted), so the file is a strict subset
of what the real program writes.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from chaos.scripted_frames import CLI_VERSION, Json, thread_object, turn_object

_TO_ROLLOUT = {
    "userMessage": "UserMessage",
    "agentMessage": "AgentMessage",
    "reasoning": "Reasoning",
    "commandExecution": "CommandExecution",
    "fileChange": "FileChange",
}


def rollout_item(item: Json) -> Json:
    """A stream item in the rollout's words: PascalCase type, snake_case names, argv instead of a command line.

    Errors: KeyError for an item type the scripted server does not make.
    """
    kind = item["type"]
    out: Json = {"type": _TO_ROLLOUT[kind], "id": item["id"]}
    if kind == "userMessage":
        out["content"] = item["content"]
    elif kind == "agentMessage":
        out["content"] = [{"type": "Text", "text": item["text"]}]
    elif kind == "reasoning":
        out |= {"summary_text": item["summary"], "raw_content": item["content"]}
    elif kind == "commandExecution":
        seconds, milliseconds = divmod(item["durationMs"] or 0, 1000)
        out |= {
            "process_id": item["processId"],
            "command": ["/bin/bash", "-lc", item["commandActions"][0]["command"]],
            "cwd": "file://" + item["cwd"],
            "parsed_cmd": [{"type": "unknown", "cmd": item["commandActions"][0]["command"]}],
            "source": "unified_exec_startup",
            "status": item["status"],
            "aggregated_output": item["aggregatedOutput"],
            "exit_code": item["exitCode"],
            "duration": {"secs": seconds, "nanos": milliseconds * 1_000_000},
        }
    else:
        changes = {each["path"]: {"type": each["kind"]["type"], "content": each["diff"]} for each in item["changes"]}
        out |= {"changes": changes, "status": item["status"]}
    return out


@dataclass(slots=True)
class StoredTurn:
    """One turn as far as it is known to be true: completed items, and how it ended."""

    turn_id: str
    started_at_s: int
    items: list[Json] = field(default_factory=list)
    """Stream items, each with its startedAtMs and completedAtMs."""
    status: str = "inProgress"
    error: Json | None = None
    completed_at_s: int | None = None
    duration_ms: int | None = None

    def as_frame(self, items_view: str, *, live: bool = False) -> Json:
        """The turn object with its items `full`, as `summary` (the last agent message) or `notLoaded`.

        A turn without an end is `inProgress` while `live`, else `interrupted`: its process is gone.
        """
        items = self.items
        if items_view == "summary":
            users = [item for item in items if item["type"] == "userMessage"][:1]
            items = users + [item for item in items if item["type"] == "agentMessage"][-1:]
        elif items_view == "notLoaded":
            items = []
        return turn_object(
            self.turn_id,
            items=items,
            items_view=items_view,
            status="interrupted" if self.status == "inProgress" and not live else self.status,
            turn_error=self.error,
            started_at_s=self.started_at_s,
            completed_at_s=self.completed_at_s,
            duration_ms=self.duration_ms,
        )


@dataclass(slots=True)
class Thread:
    """One session: settings, turns, and its rollout file."""

    thread_id: str
    cwd: str
    model: str
    provider: str
    approval_policy: str
    sandbox: str
    created_at_s: int
    originator: str
    path: Path | None
    """None for an ephemeral thread: it has no rollout."""
    updated_at_s: int = 0
    turns: list[StoredTurn] = field(default_factory=list)
    status: Json = field(default_factory=lambda: {"type": "idle"})
    first_unread: Json | None = None
    revision: str = ""
    model_calls: int = 0
    running: str | None = None
    """Id of the turn in progress."""
    ordinal: int = 0

    @property
    def preview(self) -> str:
        for turn in self.turns:
            for item in turn.items:
                if item["type"] == "userMessage":
                    return str(item["content"][0]["text"])
        return ""

    def as_frame(self, *, turns: list[Json] | None = None, listed: bool = False) -> Json:
        return thread_object(self, preview=self.preview, status=self.status, turns=turns or [], listed=listed)

    def read_state(self) -> Json:
        return {"firstUnread": self.first_unread, "revision": self.revision or f"initial:{self.thread_id}"}

    def turn(self, turn_id: str) -> StoredTurn:
        """Errors: StopIteration when the thread has no such turn (ours: ids come from `begin`)."""
        return next(turn for turn in self.turns if turn.turn_id == turn_id)

    def begin(self, turn_id: str, now_ms: int) -> None:
        self.turns.append(StoredTurn(turn_id, now_ms // 1000))
        self.updated_at_s, self.running = now_ms // 1000, turn_id
        if self.ordinal == 0:
            self._write(now_ms, "session_meta", self._session_meta(now_ms))
        payload = {"type": "task_started", "turn_id": turn_id, "root_turn_id": turn_id, "started_at": now_ms // 1000}
        self._write(now_ms, "event_msg", payload)

    def keep(self, turn_id: str, item: Json, now_ms: int) -> None:
        """Store a completed item. A declined command is not kept: the real program forgets those."""
        if item["type"] == "commandExecution" and item["status"] == "declined":
            return
        self.turn(turn_id).items.append(item)
        payload = {
            "type": "item_completed",
            "thread_id": self.thread_id,
            "turn_id": turn_id,
            "item": rollout_item(item),
            "started_at_ms": item["startedAtMs"],
            "completed_at_ms": item["completedAtMs"],
        }
        self._write(now_ms, "event_msg", payload)

    def end(self, turn_id: str, status: str, turn_error: Json | None, began_ms: int, now_ms: int) -> StoredTurn:
        turn = self.turn(turn_id)
        turn.status, turn.error = status, turn_error
        turn.completed_at_s, turn.duration_ms = now_ms // 1000, max(now_ms - began_ms, 0)
        self.updated_at_s, self.running = now_ms // 1000, None
        times = {"started_at": turn.started_at_s, "completed_at": turn.completed_at_s, "duration_ms": turn.duration_ms}
        if status == "interrupted":
            self._write(now_ms, "event_msg", {"type": "turn_aborted", "turn_id": turn_id, "reason": status, **times})
            return turn
        last = next((item["text"] for item in reversed(turn.items) if item["type"] == "agentMessage"), None)
        payload = {"type": "task_complete", "root_turn_id": turn_id, "turn_id": turn_id, "last_agent_message": last}
        if turn_error is not None:
            payload["error"] = {"message": turn_error["message"], "codex_error_info": turn_error["codexErrorInfo"]}
        self._write(now_ms, "event_msg", payload | times)
        return turn

    def _session_meta(self, now_ms: int) -> Json:
        return {
            "session_id": self.thread_id,
            "id": self.thread_id,
            "timestamp": _iso(now_ms),
            "cwd": self.cwd,
            "runtime_workspace_roots": [self.cwd],
            "originator": self.originator,
            "cli_version": CLI_VERSION,
            "source": "vscode",
            "model_provider": self.provider,
            "base_instructions": {"text": "(scripted)"},
            "history_mode": "paginated",
            # Not in the real file (there the model is in turn_context); kept here so a restart can read it back.
            "model": self.model,
        }

    def _write(self, now_ms: int, kind: str, payload: Json) -> None:
        if self.path is None:
            return
        line = {"timestamp": _iso(now_ms), "ordinal": self.ordinal, "type": kind, "payload": payload}
        self.ordinal += 1
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(fd, orjson.dumps(line) + b"\n")
        finally:
            os.close(fd)


def rollout_path(home: Path, thread_id: str, now_ms: int) -> Path:
    day = time.gmtime(now_ms / 1000)
    name = f"rollout-{time.strftime('%Y-%m-%dT%H-%M-%S', day)}-{thread_id}.jsonl"
    return home / "sessions" / time.strftime("%Y/%m/%d", day) / name


def _iso(now_ms: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now_ms / 1000)) + f".{now_ms % 1000:03d}Z"
