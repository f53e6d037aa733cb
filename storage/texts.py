"""The human text of an item: what a person reads in a list and what a search will look through.

Works on bodies that are redacted already, so it needs no redaction of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from storage.identity import canonical
from storage.sqltext import NUL, NUL_SHOWN

DEPTH_MAX = 8
"""Levels of a tool's arguments that are looked through for texts."""


def item_text(kind: str, body: dict[str, Any]) -> str:
    """Text of one item by its kind; kinds without a rule give their compact JSON. Never raises on odd shapes.

    U+0000 is shown as its picture: to SQLite's functions a text ends there, and PostgreSQL takes none.
    """
    return _said(kind, body).replace(NUL, NUL_SHOWN)


def _said(kind: str, body: dict[str, Any]) -> str:
    match kind:
        case "agentMessage":
            return _text(body.get("text"))
        case "userMessage" | "systemMessage":
            return _lines(part.get("text") for part in _objects(body.get("content")))
        case "reasoning":
            return _lines(_list(body.get("summary")) or _list(body.get("content")))
        case "commandExecution":
            return _lines([_command(body.get("command")), body.get("aggregatedOutput")])
        case "fileChange":
            return _lines(
                part for change in _objects(body.get("changes")) for part in (change.get("path"), change.get("diff"))
            )
        case "toolCall":
            return _lines([body.get("tool"), *_strings(body.get("arguments")), *_results(body)])
        case "attachment":
            return _lines(_strings(body.get("attachment")))
        case _:
            return canonical(body).decode()


def _command(value: Any) -> str:
    """A command line; upstream's rollout files write it as a list of words."""
    return " ".join(_text(word) for word in value) if isinstance(value, list) else _text(value)


def _results(body: dict[str, Any]) -> Iterator[str]:
    """What a call came to: the model's view of it, and what the tool itself tells beyond that."""
    seen = set()
    told = body.get("toolUseResult")
    printed = [told.get("stdout"), told.get("stderr")] if isinstance(told, dict) else []
    for text in (*_strings(body.get("result")), *_strings(printed)):
        if text not in seen:
            seen.add(text)
            yield text


def _strings(value: Any, depth: int = 0) -> Iterator[str]:
    """Every text in a value, in its order; nested deeper than DEPTH_MAX it is left out."""
    if isinstance(value, str):
        yield value
    elif depth < DEPTH_MAX and isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each, depth + 1)


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
