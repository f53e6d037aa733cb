"""A conversation with an app-server told in short lines, so that two of them can be compared.

Ids, times and texts are left out; what stays is who said what in which order, with item types, statuses and error
codes. Equal neighbours are told once, with a `*`.

    >> turn/start
    << result
    << thread/status/changed active
    << item/started commandExecution inProgress agent
    << ask item/commandExecution/requestApproval
    >> answer accept
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chaos.client import Line

Json = dict[str, Any]


def story(lines: Iterable[Line]) -> list[str]:
    """One short line per message, repeats folded."""
    told: list[str] = []
    for line in lines:
        text = ("<< " if line.dir == "in" else ">> ") + _sentence(line.message)
        if told and told[-1].removesuffix(" *") == text:
            told[-1] = f"{text} *"
        else:
            told.append(text)
    return told


def _sentence(message: object) -> str:
    if not isinstance(message, dict):
        return "not JSON"
    method, params = message.get("method"), message.get("params") or {}
    if method is None:
        if "error" in message:
            return f"error {message['error']['code']}"
        decision = message["result"].get("decision") if isinstance(message["result"], dict) else None
        return f"answer {decision}" if decision else "result"
    if "id" in message and method.split("/")[-1] in ("requestApproval", "refresh", "requestUserInput"):
        return f"ask {method}"
    return " ".join([method, *_details(method, params)])


def _details(method: str, params: Json) -> list[str]:
    if method in ("item/started", "item/completed"):
        item = params["item"]
        return [item["type"], *(str(item[key]) for key in ("status", "source") if key in item)]
    if method == "thread/status/changed":
        return [params["status"]["type"], *params["status"].get("activeFlags", [])]
    if method == "turn/completed":
        return [params["turn"]["status"], *_info(params["turn"]["error"])]
    if method == "error":
        return ["will retry" if params["willRetry"] else "final", *_info(params["error"])]
    if method == "account/updated":
        return [str(params["authMode"])]
    if method == "account/login/completed":
        return ["success" if params["success"] else "failure"]
    return []


def _info(error: Json | None) -> list[str]:
    if error is None:
        return []
    info = error["codexErrorInfo"]
    return [next(iter(info)) if isinstance(info, dict) else str(info)]


def shape_of(value: object) -> str:
    """The structure of a JSON value without its contents: the keys in their order, and the first element of a list.

    null, empty and scalar values all count as the same, because which of them a key holds depends on the moment.
    """
    if isinstance(value, dict) and value:
        return "{" + ",".join(key + shape_of(each) for key, each in value.items()) + "}"
    if isinstance(value, list) and value:
        return f"[{shape_of(value[0])}]"
    return ""
