"""The human text of an item: what a person reads in a list and what a search will look through.

Works on bodies that are redacted already, so it needs no redaction of its own.
"""

from __future__ import annotations

from typing import Any

from storage.identity import canonical


def item_text(kind: str, body: dict[str, Any]) -> str:
    """Text of one item by its kind; kinds without a rule give their compact JSON. Never raises on odd shapes."""
    match kind:
        case "agentMessage":
            return _text(body.get("text"))
        case "userMessage":
            return _lines(part.get("text") for part in _objects(body.get("content")))
        case "reasoning":
            return _lines(_list(body.get("summary")) or _list(body.get("content")))
        case "commandExecution":
            return _lines([_command(body.get("command")), body.get("aggregatedOutput")])
        case "fileChange":
            return _lines(
                part for change in _objects(body.get("changes")) for part in (change.get("path"), change.get("diff"))
            )
        case _:
            return canonical(body).decode()


def _command(value: Any) -> str:
    """A command line; upstream's rollout files write it as a list of words."""
    return " ".join(_text(word) for word in value) if isinstance(value, list) else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return _text(value.get("text"))
    return value if isinstance(value, str) else ""


def _lines(values: Any) -> str:
    return "\n".join(text for text in map(_text, values) if text)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in _list(value) if isinstance(one, dict)]
