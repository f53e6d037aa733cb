"""One line of the app-server becomes exactly one value of `frames.py`. Nothing a peer sends raises.

A table says which notification becomes what; what is not in it is `Control` when upstream's list has it and `Unknown`
when not. `batch.py` does the same for many lines at once, faster; `hot.py` finds the lines worth a look.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson
from pydantic import TypeAdapter, ValidationError

from actors.wire import fields, shapes
from actors.wire.approvals import place_of, summary_of
from actors.wire.diffs import diff_of
from actors.wire.drift import UnknownFields, count_unknown, safe_name
from actors.wire.frames import (
    AccountChanged,
    Control,
    Delta,
    Frame,
    ItemCompleted,
    ItemStarted,
    LoginCompleted,
    Malformed,
    Notice,
    Response,
    RpcError,
    ServerRequest,
    ServerRequestResolved,
    ThreadChanged,
    ThreadClosed,
    ThreadStarted,
    TokenUsage,
    TurnCompleted,
    TurnError,
    TurnStarted,
    Unknown,
    Unshaped,
)
from actors.wire.verbatim import as_sent

Params = dict[str, Any]


def decode(line: bytes, unknown_fields: UnknownFields | None = None) -> Frame:
    """What this line says. A line feed or carriage return at its end does not matter.

    `unknown_fields` is counted up for every field that codex 0.169 does not have; see `drift.py`.
    """
    try:
        message = orjson.loads(line)
    except orjson.JSONDecodeError:
        return _unreadable(line)
    if not isinstance(message, dict):
        return Malformed("malformed")
    method = message.get("method")
    if method is None:
        return _response(message)
    if not isinstance(method, str):
        return Malformed("malformed")
    params: Any = message.get("params")
    if "id" in message:
        return _server_request(message["id"], method, params)
    row = _NOTIFICATIONS.get(method)
    if unknown_fields is not None and method in fields.NOTIFICATIONS:
        count_unknown(method, message, unknown_fields)
    if row is None:
        return Control(method) if method in fields.NOTIFICATIONS else Unknown(safe_name(method))
    try:
        valid = row.adapter.validate_python(params, strict=True)
    except ValidationError as problem:
        return Unshaped(method, shapes.reason_of(problem))
    return row.make(valid, params, line)


def _unreadable(line: bytes) -> Malformed:
    if not line.strip():
        return Malformed("blank")
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return Malformed("invalid_utf8")
    return Malformed("malformed")


def _response(message: dict[str, Any]) -> Frame:
    request_id: Any = message.get("id")
    if not _is_id(request_id):
        return Malformed("malformed")
    if "error" in message and message["error"] is not None:
        return Response(request_id, None, _error(message["error"]))
    if "result" in message:
        return Response(request_id, message["result"], None)
    return Malformed("malformed")


def _error(body: Any) -> RpcError:
    # It settles a request of ours whatever it looks like, so a strange one is still an error.
    body = body if isinstance(body, dict) else {}
    code, text = body.get("code"), body.get("message")
    return RpcError(code if isinstance(code, int) else 0, text if isinstance(text, str) else "", body.get("data"))


def _server_request(request_id: Any, method: str, params: Any) -> Frame:
    if not _is_id(request_id):
        return Unshaped(safe_name(method), "id: type")
    # Never refused for its params: it has to be answered, and the answer needs only the id and the method.
    params = params if isinstance(params, dict) else {}
    return ServerRequest(request_id, method, *place_of(params), summary_of(method, params), params)


def _is_id(value: Any) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool)


def _text_delta(kind: str) -> Callable[[Any], Frame]:
    return lambda p: Delta(p["threadId"], p["turnId"], p["itemId"], p["delta"], kind)


def _summary_delta(p: shapes.SummaryDelta) -> Frame:
    return Delta(p["threadId"], p["turnId"], p["itemId"], p["delta"], "reasoning", f"summary:{p['summaryIndex']}")


def _content_delta(p: shapes.ContentDelta) -> Frame:
    return Delta(p["threadId"], p["turnId"], p["itemId"], p["delta"], "reasoning", f"content:{p['contentIndex']}")


def _item_started(p: shapes.ItemBegin) -> Frame:
    item = p["item"]
    started = p.get("startedAtMs") or item.get("startedAtMs")
    diff = diff_of(item.get("changes")) if item["type"] == "fileChange" else ""
    return ItemStarted(p["threadId"], p["turnId"], item["id"], item["type"], started, diff)


def _item_completed(p: shapes.ItemEnd, params: Params, line: bytes) -> Frame:
    item, raw = p["item"], params["item"]
    body = as_sent(raw, line)
    if body is None:
        return Unshaped("item/completed", "item: too_deep")
    status = raw.get("status")
    return ItemCompleted(
        p["threadId"], p["turnId"], item["id"], item["type"], status if isinstance(status, str) else None,
        item.get("startedAtMs"), p.get("completedAtMs"), body,
    )  # fmt: skip


def _thread_started(p: shapes.ThreadBegin) -> Frame:
    return thread_from(p["thread"])


def thread_from(t: shapes.Thread) -> ThreadStarted:
    """What upstream's `Thread` tells, in a notification or a reply."""
    git = t.get("gitInfo") or {}
    return ThreadStarted(
        thread_id=t["id"],
        cwd=t.get("cwd"),
        branch=git.get("branch"),
        commit=git.get("sha"),
        model=t.get("model"),
        title=t.get("name") or t.get("preview") or None,
        cli_version=t.get("cliVersion"),
        path=t.get("path"),
        created_at_ms=_ms(t.get("createdAt")),
    )


def _thread_settings(p: shapes.ThreadSettings) -> Frame:
    settings = p["threadSettings"]
    return ThreadChanged(p["threadId"], cwd=settings.get("cwd"), model=settings.get("model"))


def _turn_started(p: shapes.TurnEvent) -> Frame:
    return TurnStarted(p["threadId"], p["turn"]["id"], _ms(p["turn"].get("startedAt")))


def _turn_completed(p: shapes.TurnEvent) -> Frame:
    # turn.items is only a summary or empty here (codex 0.169), so nobody reads it: items come by item/completed.
    return turn_from(p["threadId"], p["turn"])


def turn_from(thread_id: str, turn: shapes.Turn) -> TurnCompleted:
    """What upstream's `Turn` tells, in a notification or a reply."""
    error = turn.get("error")
    return TurnCompleted(
        thread_id=thread_id,
        turn_id=turn["id"],
        status=turn["status"],
        error=None if error is None else error["message"],
        error_kind=None if error is None else _error_kind(error),
        started_at_ms=_ms(turn.get("startedAt")),
        completed_at_ms=_ms(turn.get("completedAt")),
        duration_ms=turn.get("durationMs"),
    )


def _ms(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * 1000


def _error_kind(error: shapes.ErrorText) -> str | None:
    """A word, or an object whose one name is the word: `{"httpConnectionFailed":{"httpStatusCode":401}}`."""
    info = error.get("codexErrorInfo")
    if isinstance(info, dict) and len(info) == 1:
        info = next(iter(info))
    return safe_name(info) if isinstance(info, str) else None


def _usage(p: shapes.UsageEvent) -> Frame:
    usage = p["tokenUsage"]
    return TokenUsage(p["threadId"], p["turnId"], _tokens(usage["last"]), _tokens(usage["total"]))


def _tokens(t: shapes.Tokens) -> dict[str, int]:
    return {
        "total": t["totalTokens"],
        "input": t["inputTokens"],
        "cached": t["cachedInputTokens"],
        "cache_write": t.get("cacheWriteInputTokens", 0),
        "output": t["outputTokens"],
        "reasoning": t["reasoningOutputTokens"],
    }


def _turn_error(p: shapes.ErrorEvent) -> Frame:
    error = p["error"]
    return TurnError(p["threadId"], p["turnId"], p["willRetry"], error["message"], _error_kind(error))


def _said(method: str) -> Callable[[Any], Frame]:
    return lambda p: Notice(method, p.get("threadId"), p["message"])


def _summarised(method: str) -> Callable[[Any], Frame]:
    return lambda p: Notice(method, None, "\n".join(filter(None, (p["summary"], p.get("details")))))


class _Row(NamedTuple):
    adapter: TypeAdapter[Any]
    make: Callable[[Any, Params, bytes], Frame]
    """From the valid params, the params as they came, and the line."""


def _row(shape: type[Any], make: Callable[[Any], Frame]) -> _Row:
    return _Row(shapes.adapter(shape), lambda valid, _params, _line: make(valid))


_NOTIFICATIONS: dict[str, _Row] = {
    "item/agentMessage/delta": _row(shapes.TextDelta, _text_delta("agentMessage")),
    "item/commandExecution/outputDelta": _row(shapes.TextDelta, _text_delta("commandExecution")),
    "item/fileChange/outputDelta": _row(shapes.TextDelta, _text_delta("fileChange")),
    "item/plan/delta": _row(shapes.TextDelta, _text_delta("plan")),
    "item/reasoning/summaryTextDelta": _row(shapes.SummaryDelta, _summary_delta),
    "item/reasoning/textDelta": _row(shapes.ContentDelta, _content_delta),
    "item/started": _row(shapes.ItemBegin, _item_started),
    "item/completed": _Row(shapes.adapter(shapes.ItemEnd), _item_completed),
    "thread/started": _row(shapes.ThreadBegin, _thread_started),
    "thread/closed": _row(shapes.ThreadOnly, lambda p: ThreadClosed(p["threadId"])),
    "thread/status/changed": _row(
        shapes.ThreadStatus, lambda p: ThreadChanged(p["threadId"], status=safe_name(p["status"]["type"]))
    ),
    "thread/name/updated": _row(
        shapes.ThreadName, lambda p: ThreadChanged(p["threadId"], title=p.get("threadName") or None)
    ),
    "thread/settings/updated": _row(shapes.ThreadSettings, _thread_settings),
    "thread/tokenUsage/updated": _row(shapes.UsageEvent, _usage),
    "turn/started": _row(shapes.TurnEvent, _turn_started),
    "turn/completed": _row(shapes.TurnEvent, _turn_completed),
    "error": _row(shapes.ErrorEvent, _turn_error),
    "account/updated": _row(shapes.Account, lambda p: AccountChanged(p.get("authMode"), p.get("planType"))),
    "account/login/completed": _row(
        shapes.Login, lambda p: LoginCompleted(p.get("loginId"), p["success"], p.get("error"))
    ),
    "serverRequest/resolved": _row(shapes.Resolved, lambda p: ServerRequestResolved(p["threadId"], p["requestId"])),
    "warning": _row(shapes.Said, _said("warning")),
    "guardianWarning": _row(shapes.Said, _said("guardianWarning")),
    "configWarning": _row(shapes.Summarised, _summarised("configWarning")),
    "deprecationNotice": _row(shapes.Summarised, _summarised("deprecationNotice")),
}
"""Notifications that become more than `Control`."""
