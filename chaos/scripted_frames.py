"""The lines and objects codex app-server 0.169 writes, key for key in its own order.

Pure: values in, bytes or dictionaries out. What is said when is in `scripted_turns.py`; who answers is in
`scripted_server.py`. The shapes come from recordings of the real program (`tests/fixtures/codex`), and the
conformance suite compares both.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import orjson

CLI_VERSION = "0.169.0"
NOT_INITIALIZED = (-32600, "Not initialized")
ALREADY_INITIALIZED = (-32600, "Already initialized")
INTERNAL = -32603
INVALID_REQUEST = -32600

Json = dict[str, Any]


def response(request_id: object, result: object) -> bytes:
    return orjson.dumps({"id": request_id, "result": result}) + b"\n"


def error(request_id: object, code: int, message: str, data: object = None) -> bytes:
    body: Json = {"code": code, "message": message}
    if data is not None:
        body["data"] = data
    return orjson.dumps({"error": body, "id": request_id}) + b"\n"


def notification(method: str, params: object, emitted_at_ms: int) -> bytes:
    return orjson.dumps({"method": method, "params": params, "emittedAtMs": emitted_at_ms}) + b"\n"


def request(request_id: int, method: str, params: object) -> bytes:
    """A server request; its ids count from 0 in a space of their own."""
    return orjson.dumps({"method": method, "id": request_id, "params": params}) + b"\n"


class ThreadLike(Protocol):
    """What the thread object and the thread settings are made from."""

    thread_id: str
    cwd: str
    model: str
    provider: str
    approval_policy: str
    sandbox: str
    created_at_s: int
    updated_at_s: int
    originator: str
    path: Path | None


def thread_object(thread: ThreadLike, *, preview: str, status: Json, turns: list[Json], listed: bool) -> Json:
    """The thread object; some keys are null while the thread is not loaded, one of them always in a list."""
    loaded = status["type"] != "notLoaded"
    environment = {"environmentId": "local", "cwd": thread.cwd, "runtimeWorkspaceRoots": [thread.cwd]}
    return {
        "id": thread.thread_id,
        "environments": [environment] if loaded else None,
        "extra": None,
        "sessionId": thread.thread_id,
        "forkedFromId": None,
        "attachedToThreadId": None,
        "parentThreadId": None,
        "preview": preview,
        "ephemeral": thread.path is None,
        "section": None,
        "sectionEnteredAt": None,
        "projectId": None,
        "historyMode": "paginated",
        "modelProvider": thread.provider,
        "model": thread.model,
        "reasoningEffort": None,
        "createdAt": thread.created_at_s,
        "updatedAt": thread.updated_at_s or thread.created_at_s,
        "recencyAt": thread.created_at_s,
        "status": status,
        "path": str(thread.path) if thread.path else None,
        "cwd": thread.cwd,
        "cliVersion": CLI_VERSION,
        "originator": thread.originator,
        "source": "vscode",
        "canAcceptDirectInput": True if loaded and not listed else None,
        "threadSource": None,
        "agentNickname": None,
        "agentRole": None,
        "gitInfo": None,
        "name": None,
        "daybreakEnabled": None,
        "turns": turns,
    }


SANDBOXES: dict[str, Json] = {
    "danger-full-access": {"type": "dangerFullAccess"},
    "read-only": {"type": "readOnly", "networkAccess": False},
    "workspace-write": {
        "type": "workspaceWrite",
        "writableRoots": [],
        "networkAccess": False,
        "excludeTmpdirEnvVar": False,
        "excludeSlashTmp": False,
    },
}


def thread_settings(thread: ThreadLike, *, collaboration_mode: Json | None = None) -> Json:
    """What thread/start and thread/resume answer beside the thread itself; only resume tells the mode."""
    mode = {} if collaboration_mode is None else {"collaborationMode": collaboration_mode}
    return {
        "model": thread.model,
        "modelProvider": thread.provider,
        "serviceTier": None,
        "disabledPluginIds": [],
        "cwd": thread.cwd,
        "runtimeWorkspaceRoots": [thread.cwd],
        "instructionSources": [],
        "approvalPolicy": thread.approval_policy,
        "approvalsReviewer": "user",
        "sandbox": SANDBOXES.get(thread.sandbox, SANDBOXES["read-only"]),
        "activePermissionProfile": None,
        "reasoningEffort": None,
        **mode,
        "multiAgentMode": "explicitRequestOnly",
    }


def turn_object(
    turn_id: str,
    *,
    items: list[Json] | None = None,
    items_view: str = "notLoaded",
    status: str = "inProgress",
    turn_error: Json | None = None,
    started_at_s: int | None = None,
    completed_at_s: int | None = None,
    duration_ms: int | None = None,
) -> Json:
    return {
        "id": turn_id,
        "rootTurnId": turn_id,
        "items": items or [],
        "itemsView": items_view,
        "status": status,
        "error": turn_error,
        "startedAt": started_at_s,
        "completedAt": completed_at_s,
        "durationMs": duration_ms,
    }


def turn_error(message: str, info: object, details: str | None = None) -> Json:
    return {"message": message, "codexErrorInfo": info, "additionalDetails": details, "misalignment": None}


def user_message(item_id: str, text: str) -> Json:
    return {
        "type": "userMessage",
        "id": item_id,
        "clientId": None,
        "content": [{"type": "text", "text": text, "text_elements": []}],
    }


def agent_message(item_id: str, text: str) -> Json:
    return {
        "type": "agentMessage",
        "moderation": None,
        "id": item_id,
        "text": text,
        "phase": None,
        "memoryCitation": None,
        "delivery": None,
        "questions": None,
    }


def reasoning(item_id: str, summary: list[str], content: list[str]) -> Json:
    return {"type": "reasoning", "id": item_id, "summary": summary, "content": content}


def command_execution(
    item_id: str,
    command: str,
    cwd: str,
    *,
    status: str = "inProgress",
    source: str = "unifiedExecStartup",
    process_id: str | None = None,
    output: str | None = None,
    exit_code: int | None = None,
    duration_ms: int | None = None,
) -> Json:
    return {
        "type": "commandExecution",
        "id": item_id,
        "pluginId": None,
        "scriptPath": None,
        "command": f"/bin/bash -lc '{command}'",
        "cwd": cwd,
        "processId": process_id,
        "source": source,
        "status": status,
        "commandActions": [{"type": "unknown", "command": command}],
        "aggregatedOutput": output,
        "exitCode": exit_code,
        "durationMs": duration_ms,
    }


def file_change(item_id: str, path: str, diff: str, status: str) -> Json:
    return {
        "type": "fileChange",
        "id": item_id,
        "changes": [{"path": path, "kind": {"type": "add"}, "diff": diff}],
        "status": status,
    }


def token_usage(total_calls: int) -> Json:
    """Usage after `total_calls` model calls: each took 100 tokens in and gave 10."""

    def tokens(calls: int) -> Json:
        return {
            "totalTokens": 110 * calls,
            "inputTokens": 100 * calls,
            "cachedInputTokens": 0,
            "cacheWriteInputTokens": 0,
            "outputTokens": 10 * calls,
            "reasoningOutputTokens": 0,
        }

    return {"total": tokens(total_calls), "last": tokens(1), "modelContextWindow": 258400}


def rate_limits(plan: str | None) -> Json:
    return {
        "limitId": "codex",
        "limitName": None,
        "normalModelSlug": None,
        "primary": None,
        "secondary": None,
        "credits": None,
        "individualLimit": None,
        "spendControlReached": None,
        "planType": plan,
        "rateLimitReachedType": None,
    }


def rate_limits_read(plan: str | None) -> Json:
    return {
        "ordinaryUsageAllowed": None,
        "rateLimits": rate_limits(plan),
        "rateLimitsByLimitId": {"codex": rate_limits(plan)},
        "rateLimitResetCredits": None,
        "accountId": None,
        "rateLimitUpsell": None,
    }
