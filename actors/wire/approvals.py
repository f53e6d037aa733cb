"""What the app-server asks of us, and the one answer each question gets.

Upstream waits without a time limit (codex 0.169, watched), so every request is answered: by a person, or with the
method's own way to say no. Shapes: codex 0.169, `app-server generate-json-schema`, the `…Response.json` files.
`asked.py` sees to it that nothing is answered twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from actors.wire.frames import Id
from actors.wire.rpc import METHOD_NOT_FOUND, REFUSED, error, result

Kind = Literal["command", "fileChange", "permissions", "other"]
Decision = Literal["accept", "acceptForSession", "decline", "cancel"]

KINDS: dict[str, Kind] = {
    "item/commandExecution/requestApproval": "command",
    "execCommandApproval": "command",
    "item/fileChange/requestApproval": "fileChange",
    "applyPatchApproval": "fileChange",
    "item/permissions/requestApproval": "permissions",
    "mcpServer/elicitation/request": "other",
    "item/tool/requestUserInput": "other",
}
"""The requests that a person can decide. All others get their refusal at once."""

SUMMARY_CHARS_MAX = 4_096
DEPTH_MAX = 16
"""Lists and objects within one another; what is deeper is left out, as a person would pass over it."""
DECLINED = "declined by the person or because nobody answered in time"

Params = dict[str, Any]


def for_person(method: str) -> bool:
    """Whether a person can decide this request."""
    return method in KINDS


def kind_of(method: str) -> Kind:
    """The word for people."""
    return KINDS.get(method, "other")


def answer(method: str, request_id: Id, decision: Decision, params: Params | None = None) -> bytes:
    """The line that answers this request with this decision. Always valid for the method, whatever was asked.

    `params` are the request's own: an accepted permission request grants what it asked for. A decision carries no
    text, so what needs content (a question, a form with required fields, a tool of ours) is declined however it was
    decided.
    """
    make = _ANSWERS.get(method)
    if make is None:
        return error(request_id, METHOD_NOT_FOUND, f"{method[:128]} is not offered by this client")
    value = make(decision, params or {})
    if isinstance(value, str):
        return error(request_id, REFUSED, value)
    return result(request_id, value)


def decline(method: str, request_id: Id, params: Params | None = None) -> bytes:
    """The line that says no, in the way of the method: the turn goes on without what was asked for."""
    return answer(method, request_id, "decline", params)


def _decided(decision: Decision, _params: Params) -> Params:
    # decline: the item ends "declined" and the turn goes on; cancel: the turn is interrupted; an error or an unknown
    # word: the item ends "failed" (codex 0.169, all watched). A decision missing in `availableDecisions` works too.
    return {"decision": decision}


def _permissions(decision: Decision, params: Params) -> Params:
    wanted = params.get("permissions")
    if decision not in ("accept", "acceptForSession") or not isinstance(wanted, dict):
        return {"permissions": {}, "scope": "turn"}
    # Asked with nulls for what is not wanted; the granted profile has no null members of these two.
    granted = {name: wanted[name] for name in ("network", "fileSystem") if isinstance(wanted.get(name), dict)}
    return {"permissions": granted, "scope": "session" if decision == "acceptForSession" else "turn"}


def _review(decision: Decision, _params: Params) -> Params:
    # Until 2025 a bare "denied"; codex 0.169's ReviewDecision takes only the object with a rejection text.
    return {"decision": _REVIEWS[decision]}


_REVIEWS: dict[Decision, Any] = {
    "accept": "approved",
    "acceptForSession": "approved_for_session",
    "decline": {"denied": {"rejection": DECLINED}},
    "cancel": "abort",
}


def _elicitation(decision: Decision, params: Params) -> Params:
    if decision in ("accept", "acceptForSession"):
        schema = params.get("requestedSchema")
        if isinstance(schema, dict) and schema.get("required"):
            return {"action": "decline", "content": None, "_meta": None}
        return {"action": "accept", "content": None if params.get("mode") == "url" else {}, "_meta": None}
    return {"action": decision, "content": None, "_meta": None}


def _user_input(_decision: Decision, _params: Params) -> Params:
    return {"answers": {}}


def _tool_call(_decision: Decision, _params: Params) -> Params:
    return {"contentItems": [{"type": "inputText", "text": "this client offers no tools"}], "success": False}


def _refused(text: str) -> Callable[[Decision, Params], str]:
    return lambda _decision, _params: text


_ANSWERS: dict[str, Callable[[Decision, Params], Params | str]] = {
    "item/commandExecution/requestApproval": _decided,
    "item/fileChange/requestApproval": _decided,
    "item/permissions/requestApproval": _permissions,
    "item/tool/requestUserInput": _user_input,
    "item/tool/call": _tool_call,
    "mcpServer/elicitation/request": _elicitation,
    "execCommandApproval": _review,
    "applyPatchApproval": _review,
    # Refused tokens fail the turn: "auth refresh request failed: code=-32000" (codex 0.169, watched).
    "account/chatgptAuthTokens/refresh": _refused("this client holds no fresh tokens"),
    "attestation/generate": _refused("this client attests nothing"),
    "currentTime/read": _refused("this client tells no time"),
}


def place_of(params: Params) -> tuple[str, str, str]:
    """Thread, turn and item of a request; empty where it has none. The two legacy methods name them differently."""
    thread, turn, item = params.get("threadId"), params.get("turnId"), params.get("itemId")
    thread = params.get("conversationId") if thread is None else thread
    item = params.get("callId") if item is None else item
    return _text(thread), _text(turn), _text(item)


def summary_of(method: str, params: Params) -> str:
    """What a person needs to decide, at most `SUMMARY_CHARS_MAX` characters. Not redacted.

    A file change names no path here: it is in the item, which is started before the request (codex 0.169).
    """
    names = _SUMMARIES.get(method, ())
    parts = [part for name in names if (part := _told(params.get(name)))]
    return "\n".join(parts)[:SUMMARY_CHARS_MAX]


_SUMMARIES: dict[str, tuple[str, ...]] = {
    "item/commandExecution/requestApproval": ("command", "reason", "cwd", "networkApprovalContext"),
    "execCommandApproval": ("command", "reason", "cwd"),
    "item/fileChange/requestApproval": ("reason", "grantRoot"),
    "applyPatchApproval": ("fileChanges", "reason", "grantRoot"),
    "item/permissions/requestApproval": ("reason", "permissions", "cwd"),
    "item/tool/requestUserInput": ("questions",),
    "item/tool/call": ("namespace", "tool"),
    "mcpServer/elicitation/request": ("serverName", "message", "url", "title", "description"),
    "account/chatgptAuthTokens/refresh": ("reason",),
}


def _told(value: Any, depth: int = 0) -> str:
    """Strings as they are, lists of them as words, objects by their names and scalar members."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | dict) and depth >= DEPTH_MAX:
        return "…"
    if isinstance(value, list):
        return " ".join(filter(None, (_told(member, depth + 1) for member in value[:32])))
    if isinstance(value, dict):
        members = ((str(name), _told(member, depth + 1)) for name, member in list(value.items())[:32])
        return ", ".join(f"{name}: {told}" if told else name for name, told in members)
    return "" if value is None else str(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
