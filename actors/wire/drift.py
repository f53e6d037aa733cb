"""Fields that upstream has gained: counted by name, so that drift is seen before it hurts. Never fatal."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from typing import Any

from actors.wire import fields

UnknownFields = MutableMapping[str, int]
"""Counts by `method.field` of fields that codex 0.169 does not have; e.g. a `Counter`."""

UNKNOWN_FIELDS_MAX = 1_000
"""Names counted one by one; all further ones are counted as `other`."""

NAME_CHARS_MAX = 128


def safe_name(name: str) -> str:
    """A name from upstream fit for a log: cut, everything but ASCII letters, digits and `/_.-` replaced."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "/_.-") else "?" for c in name[:NAME_CHARS_MAX])


def count_unknown(method: str, message: dict[str, Any], counts: UnknownFields) -> None:
    """Count what the envelope, the params, or the item, turn or thread in them have and codex 0.169 has not.

    `method` is a known notification. An item of an unknown type counts as `<method>.item.type/<type>`.
    """
    _tally("envelope", message.keys() - _ENVELOPE, counts)
    params = message.get("params")
    if not isinstance(params, dict):
        return
    _tally(method, params.keys() - fields.NOTIFICATIONS[method], counts)
    if method in ("item/started", "item/completed"):
        item = params.get("item")
        if isinstance(item, dict) and isinstance(kind := item.get("type"), str):
            known = fields.ITEMS.get(kind)
            if known is None:
                _tally(f"{method}.item", [f"type/{kind}"], counts)
            else:
                _tally(f"{method}.{kind}", item.keys() - known, counts)
    elif method in ("turn/started", "turn/completed") and isinstance(turn := params.get("turn"), dict):
        _tally(f"{method}.turn", turn.keys() - fields.TURN, counts)
    elif method == "thread/started" and isinstance(thread := params.get("thread"), dict):
        _tally(f"{method}.thread", thread.keys() - fields.THREAD, counts)


_ENVELOPE = frozenset(("method", "params", "emittedAtMs"))


def _tally(where: str, names: Iterable[str], counts: UnknownFields) -> None:
    for name in names:
        key = f"{where}.{safe_name(name)}"
        if key not in counts and len(counts) >= UNKNOWN_FIELDS_MAX:
            key = "other"
        counts[key] = counts.get(key, 0) + 1
