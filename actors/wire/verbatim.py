"""The bytes of a completed item as upstream wrote them, cut out of the line instead of written again."""

from __future__ import annotations

import json
from typing import Any

import orjson

_BEGIN = b'{"method":"item/completed","params":{"item":'
_AT = len(_BEGIN)


def as_sent(item: dict[str, Any], line: bytes) -> str | None:
    """The item's own JSON, byte for byte where codex 0.169 puts it; else the same value written anew.

    None when it is nested deeper than either writer goes (about 250 levels).
    """
    try:
        written = orjson.dumps(item)
    except TypeError:
        written = b""
    if written and line.startswith(written, _AT):
        return written.decode()
    if line.startswith(_BEGIN):
        # Same place, other spelling (an escape, a number); the scanner finds where it ends.
        text = line[_AT:].decode()
        try:
            sent = text[: json.JSONDecoder().raw_decode(text)[1]]
            # Not equal when the line names its item twice: then the reader's choice, the last one, is the item.
            if orjson.loads(sent) == item:
                return sent
        except (ValueError, RecursionError):
            pass
    return written.decode() if written else None
