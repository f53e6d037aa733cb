"""Whether a whole JSON value holds nothing that any rule would look at twice: one glance instead of one per string.

An item of a session is some thirty strings, most of them names and ids, and a look at each costs more than what is in
it. All of them, joined by line feeds, are one text, and where the gate fires on none of it there is nothing in any
part: no probe is bound to the beginning or end of a text (a test holds that), so joining can only make it fire more.
What field names and neighbours in lists decide is asked as `tree.py` asks it. Any doubt is a no, which costs time only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from storage.redacting.words import kind

TEXTS_MAX = 20_000
"""Strings that are joined; a value with more is read string by string."""
DEPTH_MAX = 64
NAMES = frozenset(("name", "key", "Name", "Key", "NAME", "KEY", "variable", "header", "field"))
"""Fields whose text names the value beside them."""
_SEQUENCES = ("\x1b", "\\u001", "\\x1", "\\033", "\\e[")
"""Terminal sequences may reach from one string into the next, and would hide what is between."""


class _Doubt(Exception):
    """Something here needs the full look."""


def is_quiet(value: Any, fires: Callable[[str], bool]) -> bool:
    """True when redacting `value` would give it back unchanged. `fires` is the gate's answer on one text."""
    texts: list[str] = []
    try:
        _collect(value, texts, 0)
    except _Doubt:
        return False
    joined = "\n".join(texts)
    return not any(mark in joined for mark in _SEQUENCES) and not fires(joined)


def _collect(value: Any, texts: list[str], depth: int) -> None:
    if isinstance(value, str):
        texts.append(value)
    elif isinstance(value, dict):
        if depth >= DEPTH_MAX or len(texts) > TEXTS_MAX:
            raise _Doubt
        for name, item in value.items():
            if not isinstance(name, str) or name == "kty" or kind(name.rpartition(".")[2] or name):
                raise _Doubt  # `kty` makes a JSON Web Key of what stands beside it
            if isinstance(item, str):
                if name in NAMES and kind(item.rpartition(".")[2] or item):
                    raise _Doubt
                texts.append(item)
            elif item is not None:
                _collect(item, texts, depth + 1)
            texts.append(name)
    elif isinstance(value, list):
        if depth >= DEPTH_MAX or len(texts) > TEXTS_MAX:
            raise _Doubt
        plain = [item for item in value if isinstance(item, str)]
        if len(plain) > 1 and (len(value) == 2 or any(item.startswith("-") for item in plain)):
            raise _Doubt  # a flag and its value, or a name and its value
        texts += plain
        if len(plain) < len(value):
            for item in value:
                if not isinstance(item, str):
                    _collect(item, texts, depth + 1)
    elif not (value is None or isinstance(value, (bool, int, float))):
        raise _Doubt
