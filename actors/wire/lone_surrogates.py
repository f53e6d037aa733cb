"""JSON in which somebody cut a text between the two halves of a character: `"\\ud83d"`, with no second half behind it.

JavaScript counts texts in halves, so a tool that shortens an output may end it in the middle of an emoji, and
`JSON.stringify` writes what is left as an escape. No UTF-8 can hold it, and orjson refuses the whole document for it.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)"
)
"""Any escape; the group is half a character that stands alone. Each is taken whole, so `\\\\ud83d`, a backslash and
five letters, is none."""


def loads(data: bytes) -> Any:
    """What the document says, with U+FFFD for each half of a character. Errors: orjson.JSONDecodeError."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        mended = _mended(data)
        if mended == data:
            raise
    return orjson.loads(mended)


def _mended(data: bytes) -> bytes:
    if b"\\ud" not in data and b"\\uD" not in data:
        return data
    return _ESCAPE.sub(lambda found: rb"\ufffd" if found[1] else found[0], data)
